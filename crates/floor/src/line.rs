//! What a side and whoever conducts say to each other: one line of JSON each, on the side's standard
//! input and output.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use serde::{Deserialize, Serialize};

use crate::{FloorError, Plan};

/// Longest line: a plan is a few hundred bytes.
const LONGEST: usize = 4_096;

/// What a side is to play.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// What both do.
    pub plan: Plan,
    /// Which side.
    pub role: Role,
    /// Core that it runs on; `None` leaves that to the system.
    pub core: Option<u32>,
}

/// A side.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Listens on ports that the system chooses.
    Server,
    /// Connects to these ports of 127.0.0.1.
    Client {
        /// The server's ports.
        ports: Vec<u16>,
    },
}

/// What a side is told.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// To begin; the first line.
    Play(Assignment),
    /// To say what it has counted until now.
    Count,
    /// To begin nothing more: whoever hears this lets what is under way arrive, and closes.
    Stop,
}

/// What a side says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The server is ready, on these ports.
    Listening {
        /// One for each port that was asked for.
        ports: Vec<u16>,
    },
    /// All connections of the client are open.
    Connected,
    /// What was counted until now.
    Counted(Counts),
    /// What was counted, when all connections have closed; the last line.
    Ended(Counts),
}

/// What a side has counted since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Polls, or deliveries: at the server begun, at the client arrived whole.
    pub operations: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

impl Counts {
    /// What was counted since `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self {
            operations: self.operations.saturating_sub(earlier.operations),
            sent: self.sent.saturating_sub(earlier.sent),
            received: self.received.saturating_sub(earlier.received),
        }
    }
}

/// The lines that come in.
#[derive(Debug)]
pub(crate) struct Lines {
    input: OwnedFd,
    rest: Vec<u8>,
}

impl Lines {
    pub(crate) const fn of(input: OwnedFd) -> Self {
        Self { input, rest: Vec::new() }
    }

    pub(crate) fn input(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    /// The next line, if one has come whole; reads once, which waits until something comes.
    pub(crate) fn read(&mut self) -> Result<Option<Told>, FloorError> {
        let mut piece = [0; LONGEST];
        let read = rustix::io::read(&self.input, &mut piece)
            .map_err(|error| FloorError::when("read what to do")(error.into()))?;
        if read == 0 {
            return Err(FloorError::Alone);
        }
        self.rest.extend_from_slice(&piece[..read]);
        self.next()
    }

    /// The next line of what was read already.
    pub(crate) fn next(&mut self) -> Result<Option<Told>, FloorError> {
        let shown = |bytes: &[u8]| FloorError::Line(String::from_utf8_lossy(bytes).into_owned());
        let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') else {
            return if self.rest.len() > LONGEST { Err(shown(&self.rest)) } else { Ok(None) };
        };
        let line: Vec<u8> = self.rest.drain(..=end).collect();
        serde_json::from_slice(&line).map(Some).map_err(|_| shown(&line))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn lines_that_come_in_pieces_are_read_whole_and_one_at_a_time() {
        let (mut other, input) = UnixStream::pair().unwrap();
        let mut lines = Lines::of(input.into());
        other.write_all(b"\"cou").unwrap();
        assert_eq!(lines.read().unwrap(), None);
        other.write_all(b"nt\"\n\"stop\"\n").unwrap();
        assert_eq!(lines.read().unwrap(), Some(Told::Count));
        assert_eq!(lines.next().unwrap(), Some(Told::Stop));
        assert_eq!(lines.next().unwrap(), None);
        other.write_all(b"stop\n").unwrap();
        assert!(matches!(lines.read(), Err(FloorError::Line(line)) if line == "stop\n"));
        drop(other);
        assert!(matches!(lines.read(), Err(FloorError::Alone)));
    }
}
