//! What the kernel's timing decides, all of it in one quiet moment: whether an acknowledgement rides
//! on what follows it, or has to go by itself since that was late.
//!
//! Whether it was quiet is seen apart from what is to be asserted, and before it is looked at: by a
//! thread beside the runs that must not stand still, and by the checks of the machine on record. A
//! run that was not quiet is no evidence of either, and another one is waited for; where there is
//! none, that is said loudly, and nothing is asserted of it. Trials over pipes, which take all that
//! the machine has, make way ([`making_way`]).

use std::fs::File;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pushbench_protocol::clock;
use pushbench_store::{RunV2, Verdict};

use crate::support::OF_THE_MACHINE;
use crate::{clocks, coded_streams, compression, http2, model};

/// Longest time for which a thread stands still while the machine is quiet: well below the 40 ms after
/// which the kernel acknowledges by itself.
const STILL: Duration = Duration::from_millis(30);
/// Times that a quiet moment is waited for.
const TIMES: u32 = 4;
/// Runs at a time: they mostly sleep, and what they do besides must not disturb the others.
const AT_ONCE: usize = 6;

/// A run, and what is asserted of it.
pub(crate) struct Job {
    what: String,
    play: Box<dyn Fn() -> RunV2 + Send + Sync>,
    check_bytes: Box<dyn Fn(&RunV2)>,
    check: Box<dyn Fn(&RunV2)>,
}

impl Job {
    /// A run of which `check` asserts what the kernel decides.
    pub(crate) fn new(
        what: impl Into<String>,
        play: impl Fn() -> RunV2 + Send + Sync + 'static,
        check: impl Fn(&RunV2) + 'static,
    ) -> Self {
        let check_bytes = Box::new(|_: &RunV2| {});
        Self { what: what.into(), play: Box::new(play), check_bytes, check: Box::new(check) }
    }

    /// Asserts this of it too, however busy the machine is.
    pub(crate) fn whenever(mut self, check: impl Fn(&RunV2) + 'static) -> Self {
        self.check_bytes = Box::new(check);
        self
    }
}

#[test]
fn what_the_kernel_decides_is_as_modelled_in_a_quiet_moment() {
    let mut jobs = model::of_the_kernel();
    jobs.extend(clocks::of_the_kernel());
    jobs.extend(http2::of_the_kernel());
    jobs.extend(compression::of_the_kernel());
    jobs.extend(coded_streams::of_the_kernel());
    let alone = lock();
    alone.lock().expect("a file of ours");
    for time in 1..=TIMES {
        let runs = play(&jobs);
        let mut left = Vec::new();
        for (job, (run, longest)) in jobs.into_iter().zip(runs) {
            let late = late(&run);
            (job.check_bytes)(&run);
            if longest <= STILL && late.is_none() {
                println!("{}", job.what);
                (job.check)(&run);
            } else {
                println!("{}, time {time}: stood still for {longest:?}, {late:?}", job.what);
                left.push(job);
            }
        }
        jobs = left;
        if jobs.is_empty() {
            return;
        }
    }
    for Job { what, .. } in jobs {
        eprintln!("SKIPPED: {what}: the machine was not quiet in {TIMES} runs");
    }
}

/// Does what takes much of the machine, when nobody needs a quiet moment.
pub(crate) fn making_way<T>(work: impl FnOnce() -> T) -> T {
    let busy = lock();
    busy.lock_shared().expect("a file of ours");
    work()
}

/// A lock between the processes of all tests.
fn lock() -> File {
    File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/quiet.lock")).expect("a file of ours")
}

/// A check of the machine that complains, if one does.
fn late(run: &RunV2) -> Option<String> {
    let mut checks = run.trials.iter().flat_map(|trial| &trial.checks);
    let is_late = |verdict| matches!(verdict, Verdict::Warning | Verdict::Invalid);
    let of_the_machine = |name: &str| OF_THE_MACHINE.contains(&name);
    let late = checks.find(|check| of_the_machine(&check.check) && is_late(check.verdict))?;
    Some(late.check.clone())
}

/// Plays all, several at a time; gives for how long a thread beside each stood still at most.
fn play(jobs: &[Job]) -> Vec<(RunV2, Duration)> {
    let plays: Vec<_> = jobs.iter().map(|job| &job.play).collect();
    let next = Mutex::new(plays.into_iter().enumerate());
    let played = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let job = next.lock().expect("nobody panics with it").next();
                    let Some((place, play)) = job else { return };
                    let run = watched(play);
                    played.lock().expect("nobody panics with it").push((place, run));
                }
            });
        }
    });
    let mut played = played.into_inner().expect("nobody panicked with it");
    played.sort_by_key(|(place, _)| *place);
    played.into_iter().map(|(_, run)| run).collect()
}

/// Does something; gives for how long a thread beside it stood still at most.
fn watched<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    const TICK: Duration = Duration::from_millis(1);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let (mut longest, mut last) = (Duration::ZERO, clock::now());
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                let now = clock::now();
                longest = longest.max(now.since(last).saturating_sub(TICK));
                last = now;
            }
            longest
        });
        let worked = work();
        is_over.store(true, Ordering::Relaxed);
        (worked, watching.join().expect("it only looks at the clock"))
    })
}
