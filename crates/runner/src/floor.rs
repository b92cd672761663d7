//! The floor as two processes, which are looked at in the same way as those of a trial.

mod beside;
mod of_trial;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use pushbench_floor::{Boundary, Counts, FloorError, Lengths, Link, Plan, Work, conduct};
use pushbench_protocol::clock;
use pushbench_store::{FloorPlayV2, FloorSideV2, FloorWorkV2};
use rustix::thread::{CpuSet, sched_getaffinity};

use crate::messages::Messages;
use crate::own_children;
use crate::samples::{Moment, process_work};
use crate::work::look_at;

pub(crate) use beside::{beside, no_floor};

/// Longest wait for a side to end once it has said its last line.
const END_BOUND: Duration = Duration::from_secs(5);

/// How to start a side of the floor.
#[derive(Clone, Debug)]
pub struct FloorCommand {
    /// The program: this same binary.
    pub program: PathBuf,
    /// What makes it a side that is told what to do on stdin.
    pub arguments: Vec<String>,
}

/// A core for each side, server first, where this process may use at least two; otherwise the system
/// places them.
pub fn own_cores() -> [Option<u32>; 2] {
    let Ok(set) = sched_getaffinity(None) else { return [None; 2] };
    let mut allowed = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).map(|core| core as u32);
    match (allowed.next(), allowed.next()) {
        (Some(first), Some(second)) => [Some(first), Some(second)],
        (..) => [None; 2],
    }
}

/// Plays a floor: server and client, each a process of its own on the core that is named. `watch` is
/// asked several times a second and may break it off, which is `None`.
///
/// # Errors
///
/// If a side could not be started, did not do what it was told, or the counts do not add up.
pub fn play_floor(
    command: &FloorCommand,
    plan: &Plan,
    lengths: Lengths,
    cores: [Option<u32>; 2],
    watch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Option<FloorPlayV2>, FloorError> {
    let [mut server, mut client] = [("server", cores[0]), ("client", cores[1])]
        .map(|(name, core)| Side::start(command, name, core));
    let (server, client) = (server.as_mut(), client.as_mut());
    let (server, client) = match (server, client) {
        (Ok(server), Ok(client)) => (server, client),
        (Err(error), _) | (_, Err(error)) => return Err(error.explained()),
    };
    let pids = [server.child.id(), client.child.id()];
    let mut samples = [BTreeMap::new(), BTreeMap::new()];
    let played = conduct(
        plan,
        lengths,
        [&mut server.link, &mut client.link],
        &mut |boundary| {
            let moment = match boundary {
                Boundary::Begins => Moment::MeasureBegins,
                Boundary::Ends => Moment::MeasureEnds,
            };
            for (samples, pid) in samples.iter_mut().zip(pids) {
                samples.insert(moment, look_at(pid));
            }
        },
        watch,
    );
    let played = match played {
        Ok(Some(played)) => played,
        Ok(None) => return Ok(None),
        Err(error) => {
            let said = [server, client].map(Side::last_words).concat();
            return Err(match said.as_str() {
                "" => error,
                said => {
                    FloorError::Side { side: "processes", what: format!("said {said}: {error}") }
                }
            });
        }
    };
    server.end();
    client.end();
    let side = |counts: Counts, samples: &BTreeMap<_, _>, core| {
        let work = process_work(samples, None);
        FloorSideV2 {
            operations: counts.operations,
            cpu_ns: work.cpu_ns,
            cpu_user_ns: work.cpu_user_ns,
            cpu_system_ns: work.cpu_system_ns,
            core,
        }
    };
    let (bytes_up, bytes_down) = plan.bytes();
    let (work, topics, every, at_once) = match plan.work {
        Work::Polls { every, .. } => (FloorWorkV2::Polls, 1, every, 1),
        Work::Pushes { topics, every, at_once, .. } => {
            (FloorWorkV2::Deliveries, topics, every, at_once)
        }
    };
    Ok(Some(FloorPlayV2 {
        work,
        connections: plan.connections.into(),
        topics: topics.into(),
        bytes_up,
        bytes_down,
        every_ns: every.map(|every| every.as_nanos() as u64),
        at_once: at_once.into(),
        measured_seconds: played.measured.as_secs_f64(),
        server: side(played.server, &samples[0], cores[0]),
        client: side(played.client, &samples[1], cores[1]),
    }))
}

/// One side. Dropped, it is killed if it still runs.
struct Side {
    child: Child,
    link: Link,
    messages: Option<Messages>,
}

impl Side {
    fn start(
        command: &FloorCommand,
        name: &'static str,
        core: Option<u32>,
    ) -> Result<Self, NotStarted> {
        let mut program = Command::new(&command.program);
        program
            .args(&command.arguments)
            .env_clear()
            .envs(std::env::var_os("LD_LIBRARY_PATH").map(|value| ("LD_LIBRARY_PATH", value)))
            // A Ctrl-C in the terminal is for whoever conducts.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = own_children::spawn(&mut program).map_err(|error| NotStarted {
            name,
            error,
            program: command.program.clone(),
        })?;
        let to = Box::new(child.stdin.take().expect("piped above"));
        let stdout = child.stdout.take().expect("piped above");
        let messages = Messages::of(child.stderr.take().expect("piped above"));
        let (line_out, from) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if line_out.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, link: Link { name, core, to, from }, messages: Some(messages) })
    }

    /// What a side that has ended said of it.
    fn last_words(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.messages.take().map(Messages::all).unwrap_or_default()
    }

    /// Waits for a side that has nothing left to do.
    fn end(&mut self) {
        let begin = clock::now();
        while matches!(self.child.try_wait(), Ok(None)) && clock::now().since(begin) < END_BOUND {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Why a side could not be started.
struct NotStarted {
    name: &'static str,
    program: PathBuf,
    error: std::io::Error,
}

impl NotStarted {
    fn explained(&self) -> FloorError {
        let what = format!("could not be started: {}: {}", self.program.display(), self.error);
        FloorError::Side { side: self.name, what }
    }
}
