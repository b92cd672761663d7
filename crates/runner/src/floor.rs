//! The floor as two processes, which are looked at in the same way as those of a trial.

mod beside;
mod of_trial;
mod without;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use pushbench_floor::{Boundary, Counts, FloorError, Lengths, Link, Plan, Work, conduct};
use pushbench_protocol::clock;
use pushbench_store::{FloorPlayV2, FloorSideV2, FloorWorkV2};

use crate::messages::Messages;
use crate::own_children;
use crate::samples::{Moment, process_work};
use crate::server_process::ServerCommand;
use crate::work::look_at;

pub(crate) use beside::beside;
pub use without::without_floor;
pub(crate) use without::{OF_SHARDS, no_floor};

/// Longest wait for a side to end once it has said its last line.
const END_BOUND: Duration = Duration::from_secs(5);

/// Longest wait for the end of a side whose pipe has ended.
const SEEN_BOUND: Duration = Duration::from_millis(500);

/// Plays a floor: server and client, each a process of its own on the core that is named. `watch` is
/// asked several times a second and may break it off, which is `None`.
///
/// # Errors
///
/// If a side could not be started, did not do what it was told, or the counts do not add up.
pub fn play_floor(
    command: &ServerCommand,
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
            return Err(explained(error, [server, client]));
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

/// Why a floor was broken off, by what became of its sides. Of one that was killed the other only hears.
fn explained(error: FloorError, mut sides: [&mut Side; 2]) -> FloorError {
    wait_for_one(&mut sides);
    let killed = sides.iter_mut().find_map(|side| Some((side.link.name, side.killed()?)));
    if let Some((side, how)) = killed {
        return FloorError::Side { side, what: format!("was ended while it played: {how}") };
    }
    let said = sides.map(|side| (side.link.name, side.last_words()));
    let said = said.iter().filter(|(_, words)| !words.is_empty());
    let said: Vec<_> = said.map(|(name, words)| format!("the {name} said: {words}")).collect();
    match said.is_empty() {
        true => error,
        false => FloorError::Told { error: Box::new(error), said: said.join("; ") },
    }
}

/// Waits until one of them has ended whose end was seen; one that only fell silent does not.
fn wait_for_one(sides: &mut [&mut Side; 2]) {
    let begin = clock::now();
    let runs = |side: &mut &mut Side| matches!(side.child.try_wait(), Ok(None));
    while sides.iter_mut().all(runs) && clock::now().since(begin) < SEEN_BOUND {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// One side. Dropped, it is killed if it still runs.
struct Side {
    child: Child,
    link: Link,
    messages: Option<Messages>,
}

impl Side {
    fn start(
        command: &ServerCommand,
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

    /// How it was killed, if it was.
    fn killed(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten().filter(|status| status.signal().is_some())
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
    program: std::path::PathBuf,
    error: std::io::Error,
}

impl NotStarted {
    fn explained(&self) -> FloorError {
        let what = format!("could not be started: {}: {}", self.program.display(), self.error);
        FloorError::Side { side: self.name, what }
    }
}
