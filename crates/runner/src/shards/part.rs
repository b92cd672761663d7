//! A shard: plays its part of a trial as it is told over stdin, and says what it saw over stdout.

use std::io::{self, BufRead, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use pushbench_load::Progress;
use pushbench_protocol::{Phase, Timestamp, TopicNames, clock};
use pushbench_scenario::Scenario;
use pushbench_store::wall_clock::now_rfc3339;

use super::message::{FromShard, ShardJob, ToShard};
use crate::RunError;
use crate::options::Options;
use crate::trial::Trial;
use crate::trial::gate::Gate;

/// How often it says where it stands.
const SAY_EVERY: Duration = Duration::from_millis(200);
/// Between two looks while it waits to be told.
const LOOK: Duration = Duration::from_millis(100);

/// Plays the part of a job, whose scenario this is; what it is told next comes by `told`, of which the
/// job was the first line.
///
/// # Errors
///
/// If what it saw could not be said: whoever started it is gone.
pub fn play_shard(
    job: &ShardJob,
    scenario: &Scenario,
    options: &Options,
    told: impl BufRead + Send + 'static,
    say: impl Write,
) -> io::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let begins = listen(told, Arc::clone(&stop));
    let voice = std::cell::RefCell::new(Voice { say, said_at: None });
    let last = match play(job, scenario, options, begins, &stop, &voice) {
        Ok(trial) => FromShard::Done(Box::new(trial)),
        Err(error) => FromShard::Failed { reason: error.to_string() },
    };
    voice.borrow_mut().say(&last)
}

fn play<W: Write>(
    job: &ShardJob,
    scenario: &Scenario,
    options: &Options,
    begins: Receiver<(Phase, Timestamp)>,
    stop: &AtomicBool,
    voice: &std::cell::RefCell<Voice<W>>,
) -> Result<pushbench_store::TrialV2, RunError> {
    let plan = job.plan();
    let refused = |what: &str| RunError::Shard(format!("the job names {what} that there is not"));
    let shard = job.shard().ok_or_else(|| refused("a shard"))?;
    let cell = match plan.cell {
        None => None,
        Some(cell) => Some(scenario.cells.get(cell).ok_or_else(|| refused("a cell"))?),
    };
    let played = cell.map_or(scenario, |cell| &cell.scenario);
    if plan.transport >= played.transports.len() {
        return Err(refused("a transport"));
    }
    let trial = Trial {
        scenario: played,
        cell: cell.map(|cell| cell.settings.clone()).unwrap_or_default(),
        transport: plan.transport,
        round: plan.round,
        topic_names: TopicNames::PLAIN,
        shard,
        options,
    };
    let mut gate = Told { begins, stop, voice };
    trial.play(now_rfc3339(), &|_, _, _| Ok(()), &mut gate, &mut |progress| {
        voice.borrow_mut().progress(progress);
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}

/// Listens to what it is told until that ends, which ends the part: nobody is there any more who wants
/// to know what it saw.
fn listen(
    told: impl BufRead + Send + 'static,
    stop: Arc<AtomicBool>,
) -> Receiver<(Phase, Timestamp)> {
    let (begin, begins) = channel();
    std::thread::spawn(move || {
        for line in told.lines() {
            let message = line.ok().and_then(|line| serde_json::from_str(&line).ok());
            match message {
                Some(ToShard::Begin { phase, at }) => _ = begin.send((phase, at)),
                Some(ToShard::Stop) | None => break,
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    begins
}

/// Says it.
struct Voice<W> {
    say: W,
    said_at: Option<Timestamp>,
}

impl<W: Write> Voice<W> {
    fn say(&mut self, message: &FromShard) -> io::Result<()> {
        let mut line = serde_json::to_string(message).expect("plain JSON");
        line.push('\n');
        self.say.write_all(line.as_bytes())?;
        self.say.flush()
    }

    fn progress(&mut self, progress: Progress) {
        let now = clock::now();
        if self.said_at.is_none_or(|at| now.since(at) >= SAY_EVERY) {
            self.said_at = Some(now);
            // Where nobody listens, the end of stdin says so.
            let _ = self.say(&FromShard::Progress(progress.into()));
        }
    }
}

/// Lets phases begin when it is told to.
struct Told<'a, W> {
    begins: Receiver<(Phase, Timestamp)>,
    stop: &'a AtomicBool,
    voice: &'a std::cell::RefCell<Voice<W>>,
}

impl<W: Write> Gate for Told<'_, W> {
    fn pass(
        &mut self,
        phase: Phase,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> ControlFlow<(), Timestamp> {
        if self.voice.borrow_mut().say(&FromShard::Ready { phase }).is_err() {
            return ControlFlow::Break(());
        }
        loop {
            match self.begins.recv_timeout(LOOK) {
                Ok((begun, at)) if begun == phase => return ControlFlow::Continue(at),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            watch()?;
        }
    }
}
