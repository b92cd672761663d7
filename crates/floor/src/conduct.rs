//! Conducts both sides: has them begin, looks at what they cost between two moments, ends them, and
//! holds what the one sent against what the other received.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use pushbench_protocol::{Timestamp, clock};

use crate::line::{Assignment, Counts, Role, Said, Told};
use crate::{FloorError, Plan, Work};

/// Time between two looks at whether to go on.
const WATCH: Duration = Duration::from_millis(50);

/// How a side is reached.
pub struct Link {
    /// `server` or `client`.
    pub name: &'static str,
    /// The core that it is to stay on; `None` leaves that to the system.
    pub core: Option<u32>,
    /// Its standard input.
    pub to: Box<dyn Write>,
    /// The lines of its standard output.
    pub from: Receiver<io::Result<String>>,
}

/// How long a floor is played.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lengths {
    /// Before anything is measured.
    pub warm_up: Duration,
    /// What is measured.
    pub measure: Duration,
}

/// Between which moments is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Boundary {
    /// The measurement begins.
    Begins,
    /// It ends.
    Ends,
}

/// What was counted between the two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played {
    /// At the server.
    pub server: Counts,
    /// At the client.
    pub client: Counts,
    /// How far the moments lie apart.
    pub measured: Duration,
}

/// Plays a floor. `at` looks at the processes when the measurement begins and when it ends; `watch`
/// is asked several times a second and may break it off, which is `None`.
///
/// # Errors
///
/// If a side cannot be started, falls silent, or what it counted does not add up.
pub fn conduct(
    plan: &Plan,
    lengths: Lengths,
    [server, client]: [&mut Link; 2],
    at: &mut dyn FnMut(Boundary),
    watch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Option<Played>, FloorError> {
    plan.check()?;
    let mut conducted = Conducted { deadline: clock::now().plus(plan.deadline), watch };
    match conducted.play(plan, lengths, [server, client], at) {
        Ok(played) => Ok(Some(played)),
        Err(Stopped::BrokenOff) => Ok(None),
        Err(Stopped::Failed(error)) => Err(error),
    }
}

/// Why there is nothing to show.
enum Stopped {
    BrokenOff,
    Failed(FloorError),
}

impl From<FloorError> for Stopped {
    fn from(error: FloorError) -> Self {
        Self::Failed(error)
    }
}

struct Conducted<'a> {
    deadline: Timestamp,
    watch: &'a mut dyn FnMut() -> ControlFlow<()>,
}

impl Conducted<'_> {
    fn play(
        &mut self,
        plan: &Plan,
        lengths: Lengths,
        [server, client]: [&mut Link; 2],
        at: &mut dyn FnMut(Boundary),
    ) -> Result<Played, Stopped> {
        server.assign(plan, Role::Server)?;
        let ports = match self.receive(server)? {
            Said::Listening { ports } => ports,
            other => return Err(server.unexpected(&other).into()),
        };
        client.assign(plan, Role::Client { ports })?;
        match self.receive(client)? {
            Said::Connected => {}
            other => return Err(client.unexpected(&other).into()),
        }
        self.wait(lengths.warm_up)?;
        let begin = clock::now();
        let before = [self.count(server)?, self.count(client)?];
        at(Boundary::Begins);
        self.wait(lengths.measure)?;
        let end = clock::now();
        let after = [self.count(server)?, self.count(client)?];
        at(Boundary::Ends);
        // Whoever begins operations stops first, and closes when all of them have arrived.
        let (first, second) = match plan.work {
            Work::Polls { .. } => (client, server),
            Work::Pushes { .. } => (server, client),
        };
        first.tell(&Told::Stop)?;
        let ends = [self.ended(first)?, self.ended(second)?];
        let [at_server, at_client] = match plan.work {
            Work::Polls { .. } => [ends[1], ends[0]],
            Work::Pushes { .. } => ends,
        };
        add_up(plan, at_server, at_client).map_err(FloorError::Counts)?;
        Ok(Played {
            server: after[0].since(before[0]),
            client: after[1].since(before[1]),
            measured: end.since(begin),
        })
    }

    fn wait(&mut self, length: Duration) -> Result<(), Stopped> {
        let until = clock::now().plus(length);
        loop {
            if (self.watch)().is_break() {
                return Err(Stopped::BrokenOff);
            }
            let left = until.since(clock::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(WATCH));
        }
    }

    /// The next line of a side.
    fn receive(&mut self, link: &Link) -> Result<Said, Stopped> {
        loop {
            if (self.watch)().is_break() {
                return Err(Stopped::BrokenOff);
            }
            let left = self.deadline.since(clock::now());
            if left.is_zero() {
                return Err(link.failed("said nothing more in time").into());
            }
            match link.from.recv_timeout(left.min(WATCH)) {
                Ok(Ok(line)) => {
                    let said = serde_json::from_str(&line);
                    return said.map_err(|_| FloorError::Line(line).into());
                }
                Ok(Err(error)) => return Err(link.failed(error.to_string()).into()),
                Err(RecvTimeoutError::Disconnected) => return Err(link.failed("ended").into()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn count(&mut self, link: &mut Link) -> Result<Counts, Stopped> {
        link.tell(&Told::Count)?;
        match self.receive(link)? {
            Said::Counted(counts) => Ok(counts),
            other => Err(link.unexpected(&other).into()),
        }
    }

    fn ended(&mut self, link: &Link) -> Result<Counts, Stopped> {
        match self.receive(link)? {
            Said::Ended(counts) => Ok(counts),
            other => Err(link.unexpected(&other).into()),
        }
    }
}

impl Link {
    fn tell(&mut self, told: &Told) -> Result<(), FloorError> {
        let mut line = serde_json::to_string(told).expect("what is told is plain JSON");
        line.push('\n');
        let written = self.to.write_all(line.as_bytes()).and_then(|()| self.to.flush());
        written.map_err(|error| self.failed(format!("could not be told to go on: {error}")))
    }

    fn assign(&mut self, plan: &Plan, role: Role) -> Result<(), FloorError> {
        self.tell(&Told::Play(Assignment { plan: *plan, role, core: self.core }))
    }

    fn failed(&self, what: impl Into<String>) -> FloorError {
        FloorError::Side { side: self.name, what: what.into() }
    }

    fn unexpected(&self, said: &Said) -> FloorError {
        self.failed(format!("said {said:?} out of turn"))
    }
}

/// Whether all that was sent has arrived, and is what so many operations take.
fn add_up(plan: &Plan, server: Counts, client: Counts) -> Result<(), String> {
    let (up, down) = plan.bytes();
    let operations = server.operations;
    let equal = |what: &str, found: u64, expected: u64| {
        if found == expected {
            Ok(())
        } else {
            Err(format!("{what}: {found}, expected {expected}"))
        }
    };
    equal("operations that arrived at the client", client.operations, operations)?;
    equal("bytes that the server sent", server.sent, operations * down)?;
    equal("bytes that the client received", client.received, server.sent)?;
    equal("bytes that the server received", server.received, client.sent)?;
    match plan.work {
        Work::Polls { .. } => equal("bytes that the client sent", client.sent, operations * up),
        // What the client sends there only paces the closed loop.
        Work::Pushes { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_missing_on_either_side_is_told() {
        let plan = Plan {
            work: Work::Polls { request_bytes: 10, response_bytes: 30, every: None },
            connections: 1,
            mss: 1_460,
            deadline: Duration::from_secs(1),
        };
        let server = Counts { operations: 4, sent: 120, received: 40 };
        let client = Counts { operations: 4, sent: 40, received: 120 };
        assert_eq!(add_up(&plan, server, client), Ok(()));
        for (server, client, expected) in [
            (
                server,
                Counts { received: 119, ..client },
                "bytes that the client received: 119, expected 120",
            ),
            (
                Counts { received: 41, ..server },
                client,
                "bytes that the server received: 41, expected 40",
            ),
            (
                server,
                Counts { operations: 3, ..client },
                "operations that arrived at the client: 3, expected 4",
            ),
            (
                Counts { sent: 90, ..server },
                Counts { received: 90, ..client },
                "bytes that the server sent: 90, expected 120",
            ),
            (
                Counts { received: 30, ..server },
                Counts { sent: 30, ..client },
                "bytes that the client sent: 30, expected 40",
            ),
        ] {
            assert_eq!(add_up(&plan, server, client), Err(expected.to_owned()));
        }
    }
}
