//! One side as a program: told what to do by lines, it plays until its connections have closed.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::time::Duration;

use pushbench_protocol::{Timestamp, clock};

use crate::line::{Assignment, Lines, Role, Said, Told};
use crate::poller::{Events, Poller};
use crate::sides::{PollClient, PollServer, PushClient, PushServer, Side};
use crate::sockets::{connect, listen};
use crate::{FloorError, Plan, Work, place};

/// Number of the lines among what is watched; connections have the numbers from 0.
const LINES: u64 = u64::MAX;
/// Number of the first listening socket.
const LISTENERS: u64 = u64::MAX - 1_000;
/// Longest wait without a look at the deadline.
const LOOK: Duration = Duration::from_millis(500);

/// Plays one side. The first line of `input`, a pipe, says which; what it has to say goes to
/// `output`, a line each.
///
/// # Errors
///
/// If the system refuses something, whoever conducts ends, or it takes longer than the plan allows.
pub fn play(input: OwnedFd, output: &mut dyn Write) -> Result<(), FloorError> {
    let mut lines = Lines::of(input);
    let told = loop {
        if let Some(told) = lines.read()? {
            break told;
        }
    };
    let Told::Play(Assignment { plan, role, core }) = told else {
        return Err(FloorError::Line(format!("{told:?}")));
    };
    plan.check()?;
    if let Some(core) = core {
        place::stay_on(core)?;
    }
    let connections = plan.connections;
    match (plan.work, role) {
        (Work::Polls { request_bytes, response_bytes, .. }, Role::Server) => {
            serve(PollServer::new(connections, request_bytes, response_bytes), plan, lines, output)
        }
        (Work::Pushes { message_bytes, topics, every, at_once }, Role::Server) => {
            serve(PushServer::new(message_bytes, topics, every, at_once), plan, lines, output)
        }
        (Work::Polls { request_bytes, response_bytes, every }, Role::Client { ports }) => {
            let side = PollClient::new(connections, request_bytes, response_bytes, every);
            ask(side, plan, &ports, lines, output)
        }
        (Work::Pushes { message_bytes, every, .. }, Role::Client { ports }) => {
            let side = PushClient::new(connections, message_bytes, every.is_none());
            ask(side, plan, &ports, lines, output)
        }
    }
}

fn serve(
    side: impl Side,
    plan: Plan,
    lines: Lines,
    output: &mut dyn Write,
) -> Result<(), FloorError> {
    let deadline = clock::now().plus(plan.deadline);
    let listeners = listen(&plan)?;
    let ports = listeners.iter().map(|listener| Ok(listener.local_addr()?.port()));
    let ports: std::io::Result<_> = ports.collect();
    let ports = ports.map_err(FloorError::when("see the port of a listening socket"))?;
    say(output, &Said::Listening { ports })?;
    Playing { side, plan, lines, output, deadline, listeners }.until_closed()
}

fn ask(
    mut side: impl Side,
    plan: Plan,
    ports: &[u16],
    lines: Lines,
    output: &mut dyn Write,
) -> Result<(), FloorError> {
    let deadline = clock::now().plus(plan.deadline);
    if ports.is_empty() {
        return Err(FloorError::Line("no port to connect to".to_owned()));
    }
    let poller = Poller::new()?;
    for index in 0..plan.connections {
        side.sockets().take(connect(&plan, ports, index)?, &poller)?;
    }
    say(output, &Said::Connected)?;
    Playing { side, plan, lines, output, deadline, listeners: Vec::new() }.on(&poller)
}

fn say(output: &mut dyn Write, said: &Said) -> Result<(), FloorError> {
    let mut line = serde_json::to_string(said).expect("what is said is plain JSON");
    line.push('\n');
    output
        .write_all(line.as_bytes())
        .and_then(|()| output.flush())
        .map_err(FloorError::when("say what was counted"))
}

/// A side that has connections, or will have.
struct Playing<'a, S> {
    side: S,
    plan: Plan,
    lines: Lines,
    output: &'a mut dyn Write,
    deadline: Timestamp,
    /// Empty at the client.
    listeners: Vec<TcpListener>,
}

impl<S: Side> Playing<'_, S> {
    fn until_closed(self) -> Result<(), FloorError> {
        let poller = Poller::new()?;
        for (listener, number) in self.listeners.iter().zip(LISTENERS..) {
            poller.watch(listener, number)?;
        }
        self.on(&poller)
    }

    fn on(mut self, poller: &Poller) -> Result<(), FloorError> {
        poller.watch(self.lines.input(), LINES)?;
        let mut events = Events::new();
        let (mut is_stopping, mut has_ended) = (false, false);
        loop {
            let now = clock::now();
            if now >= self.deadline {
                return Err(self.too_long());
            }
            let all_are_here = self.side.sockets().count() == self.plan.connections;
            let mut wake = now.plus(LOOK);
            if all_are_here {
                if let Some(due) = self.side.due(now, poller)? {
                    wake = wake.min(due);
                }
                if is_stopping && !has_ended && self.side.is_quiet() {
                    self.side.sockets().end()?;
                    has_ended = true;
                }
                if self.side.sockets().open() == 0 {
                    break;
                }
            }
            poller.wait(&mut events, wake.since(clock::now()))?;
            for ready in events.iter() {
                match ready.number {
                    LINES => is_stopping |= self.receive()?,
                    LISTENERS.. => self.accept((ready.number - LISTENERS) as usize, poller)?,
                    _ => self.side.ready(ready, poller)?,
                }
            }
        }
        let counts = self.side.counts();
        say(self.output, &Said::Ended(counts))
    }

    /// Takes what came; whether the side is to stop.
    fn receive(&mut self) -> Result<bool, FloorError> {
        let mut told = self.lines.read()?;
        let mut is_stopping = false;
        while let Some(one) = told {
            match one {
                Told::Count => {
                    let counts = self.side.counts();
                    say(self.output, &Said::Counted(counts))?;
                }
                Told::Stop => {
                    self.side.stop();
                    is_stopping = true;
                }
                Told::Play(_) => return Err(FloorError::Line(format!("{one:?}"))),
            }
            told = self.lines.next()?;
        }
        Ok(is_stopping)
    }

    fn accept(&mut self, listener: usize, poller: &Poller) -> Result<(), FloorError> {
        while self.side.sockets().count() < self.plan.connections {
            match self.listeners[listener].accept() {
                Ok((stream, _)) => self.side.sockets().take(stream, poller)?,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    return Err(FloorError::when("accept a connection (see `ulimit -n`)")(error));
                }
            }
        }
        Ok(())
    }

    fn too_long(&mut self) -> FloorError {
        let Plan { deadline, connections, .. } = self.plan;
        FloorError::TooLong { deadline, open: self.side.sockets().open(), connections }
    }
}
