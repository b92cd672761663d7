//! What is played: the work, and on how many connections.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::FloorError;

/// Most connections: two processes hold an end of each, and most machines allow 20,000 open files.
pub const MOST_CONNECTIONS: u32 = 19_000;
/// Most bytes of a request, a response or a message, framing included.
pub const MOST_BYTES: u32 = 32 << 20;
/// Most messages that are under way at once.
pub const MOST_AT_ONCE: u32 = 64;
/// The smallest segment size that Linux takes (`TCP_MIN_MSS`, include/net/tcp.h).
pub const LEAST_MSS: u16 = 88;
/// The largest (`MAX_TCP_WINDOW`, same file).
pub const MOST_MSS: u16 = 32_767;
/// Connections for each port of the server. `connect()` becomes dear where many lead to one port.
const PER_PORT: u32 = 9_000;

/// What both sides do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Work {
    /// Requests, each with its response, on connections that stay open.
    Polls {
        /// Bytes of a request; at least 1.
        request_bytes: u32,
        /// Bytes of a response, headers included; at least 1.
        response_bytes: u32,
        /// Time between two requests of a connection; `None` is a closed loop, in which the next
        /// request leaves when the response has arrived.
        every: Option<Duration>,
    },
    /// Messages, each sent to all subscribers of a topic.
    Pushes {
        /// Bytes of a message, framing included; at least 1.
        message_bytes: u32,
        /// Topics; connection `i` subscribes to topic `i % topics`.
        topics: u32,
        /// Time between two messages of a topic; `None` is a closed loop, in which the next message
        /// is sent when one has reached everybody.
        every: Option<Duration>,
        /// Messages that are due at the same moment, or in a closed loop under way at once.
        at_once: u32,
    },
}

/// A floor to play.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What both sides do.
    pub work: Work,
    /// Connections.
    pub connections: u32,
    /// Maximum segment size (`TCP_MAXSEG`) of each connection.
    pub mss: u16,
    /// Longest life of either side, from when it is told what to do.
    pub deadline: Duration,
}

impl Plan {
    /// Refuses what cannot be played or would not end.
    ///
    /// # Errors
    ///
    /// With the first value that is out of its range, and the range.
    pub fn check(&self) -> Result<(), FloorError> {
        let between = |what, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(FloorError::OutOfRange { what, value, least, most })
        };
        let within = |what, value, most| between(what, value, 1, most);
        within("connections", self.connections.into(), MOST_CONNECTIONS.into())?;
        between("bytes of a segment", self.mss.into(), LEAST_MSS.into(), MOST_MSS.into())?;
        within("seconds of life", self.deadline.as_secs(), 3_600)?;
        let every = |every: Option<Duration>| match every {
            Some(every) => {
                let nanos = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX);
                within("nanoseconds between two events", nanos, 3_600_000_000_000)
            }
            None => Ok(()),
        };
        match self.work {
            Work::Polls { request_bytes, response_bytes, every: between } => {
                within("bytes of a request", request_bytes.into(), MOST_BYTES.into())?;
                within("bytes of a response", response_bytes.into(), MOST_BYTES.into())?;
                every(between)
            }
            Work::Pushes { message_bytes, topics, every: between, at_once } => {
                within("bytes of a message", message_bytes.into(), MOST_BYTES.into())?;
                within("topics", topics.into(), self.connections.into())?;
                within("messages at once", at_once.into(), MOST_AT_ONCE.into())?;
                every(between)
            }
        }
    }

    /// Ports that the server listens on; connection `i` goes to port `i % ports`.
    pub(crate) fn ports(&self) -> u32 {
        self.connections.div_ceil(PER_PORT)
    }

    /// Bytes of one operation, up and down: of a poll its request and response, of a delivery the
    /// message.
    pub fn bytes(&self) -> (u64, u64) {
        match self.work {
            Work::Polls { request_bytes, response_bytes, .. } => {
                (request_bytes.into(), response_bytes.into())
            }
            Work::Pushes { message_bytes, .. } => (0, message_bytes.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        work: Work::Pushes { message_bytes: 66, topics: 1, every: None, at_once: 1 },
        connections: 10,
        mss: 1_460,
        deadline: Duration::from_secs(5),
    };

    #[test]
    fn what_is_out_of_range_is_refused_with_the_range() {
        let work = |message_bytes, topics, at_once| Plan {
            work: Work::Pushes { message_bytes, topics, every: None, at_once },
            ..PLAN
        };
        let polls = |request_bytes, every| Plan {
            work: Work::Polls { request_bytes, response_bytes: 1, every },
            ..PLAN
        };
        for (plan, expected) in [
            (Plan { connections: 0, ..PLAN }, "connections: 0, expected 1 to 19,000"),
            (Plan { connections: 20_000, ..PLAN }, "connections: 20,000, expected 1 to 19,000"),
            (Plan { mss: 87, ..PLAN }, "bytes of a segment: 87, expected 88 to 32,767"),
            (Plan { mss: 32_768, ..PLAN }, "bytes of a segment: 32,768, expected 88 to 32,767"),
            (work(0, 1, 1), "bytes of a message: 0, expected 1 to 33,554,432"),
            (work(66, 11, 1), "topics: 11, expected 1 to 10"),
            (work(66, 1, 65), "messages at once: 65, expected 1 to 64"),
            (polls(0, None), "bytes of a request: 0, expected 1 to 33,554,432"),
            (
                polls(1, Some(Duration::ZERO)),
                "nanoseconds between two events: 0, expected 1 to 3,600,000,000,000",
            ),
        ] {
            let refused = plan.check().unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        assert!(PLAN.check().is_ok());
    }

    #[test]
    fn no_port_has_more_connections_than_are_cheap_to_open() {
        let ports = |connections| Plan { connections, ..PLAN }.ports();
        assert_eq!([1, 9_000, 9_001, 19_000].map(ports), [1, 1, 2, 3]);
    }

    #[test]
    fn a_plan_is_the_same_after_it_was_written_and_read() {
        let text = serde_json::to_string(&PLAN).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), PLAN);
    }
}
