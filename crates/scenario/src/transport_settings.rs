//! A transport kind with its options, checked; the one place that tells kinds' options apart.

use std::time::Duration;

use pushbench_protocol::{
    Arrival, Compression, ConnectionUse, DeflateTerms, Hold, Pace, PollTiming, StreamCoding,
    TransportKind, Unchanged, format_duration,
};

/// A transport kind with its options.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransportSettings {
    /// Polls on a timer.
    ShortPoll(ShortPoll),
    /// Polls that are held.
    LongPoll(LongPoll),
    /// One answer of events.
    Sse(Sse),
    /// One answer of lines.
    Stream(Stream),
    /// One upgrade, then frames.
    WebSocket(WebSocket),
    /// One upgrade, and polls when it says so.
    Nudge(Nudge),
}

/// Options as they were given to a kind that need not have them all: absent is what it does not have,
/// and what was refused. An option that may be left out is `Some(None)` where it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) schedule: Option<Option<PollSchedule>>,
    pub(crate) unchanged: Option<Unchanged>,
    pub(crate) hold: Option<Hold>,
    pub(crate) connection: Option<ConnectionUse>,
    pub(crate) compression: Option<Compression>,
    pub(crate) stream_coding: Option<Option<StreamCoding>>,
    pub(crate) deflate: Option<Option<Deflate>>,
    pub(crate) heartbeat: Option<Option<Duration>>,
    pub(crate) conflate: Option<Option<Duration>>,
}

impl TransportSettings {
    /// A kind with those of these options that it has; `None` if one of them is absent.
    pub(crate) fn of(kind: TransportKind, options: Options) -> Option<Self> {
        let Options { connection, compression, heartbeat, conflate, .. } = options;
        Some(match kind {
            TransportKind::ShortPoll => Self::ShortPoll(ShortPoll {
                schedule: options.schedule?,
                unchanged: options.unchanged?,
                connection: connection?,
                compression: compression?,
            }),
            TransportKind::LongPoll => Self::LongPoll(LongPoll {
                hold: options.hold?,
                connection: connection?,
                compression: compression?,
            }),
            TransportKind::Sse => Self::Sse(Sse {
                compression: options.stream_coding?,
                heartbeat: heartbeat?,
                conflate: conflate?,
            }),
            TransportKind::Stream => {
                Self::Stream(Stream { compression: options.stream_coding?, conflate: conflate? })
            }
            TransportKind::WebSocket => Self::WebSocket(WebSocket {
                deflate: options.deflate?,
                heartbeat: heartbeat?,
                conflate: conflate?,
            }),
            TransportKind::Nudge => Self::Nudge(Nudge { heartbeat: heartbeat? }),
        })
    }

    /// The kind.
    pub const fn kind(self) -> TransportKind {
        match self {
            Self::ShortPoll(_) => TransportKind::ShortPoll,
            Self::LongPoll(_) => TransportKind::LongPoll,
            Self::Sse(_) => TransportKind::Sse,
            Self::Stream(_) => TransportKind::Stream,
            Self::WebSocket(_) => TransportKind::WebSocket,
            Self::Nudge(_) => TransportKind::Nudge,
        }
    }

    /// Time between the polls of one client, if a timer says when it polls.
    pub fn interval(self) -> Option<Duration> {
        Some(self.timer()?.schedule?.interval)
    }

    /// Whether a client polls as soon as the response to its last poll has come.
    pub fn is_closed_loop(self) -> bool {
        self.timer().is_some_and(|poll| poll.schedule.is_none())
    }

    /// The same with other options of polls that are not held, if it has such.
    #[must_use]
    pub fn with_timer(self, change: impl FnOnce(&mut ShortPoll)) -> Self {
        match self {
            Self::ShortPoll(mut poll) => {
                change(&mut poll);
                Self::ShortPoll(poll)
            }
            Self::LongPoll(_)
            | Self::Sse(_)
            | Self::Stream(_)
            | Self::WebSocket(_)
            | Self::Nudge(_) => self,
        }
    }

    /// The same with another time between polls, if a client need not hold them.
    #[must_use]
    pub fn with_interval(self, interval: Duration) -> Self {
        self.with_timer(|poll| {
            let timing = poll.schedule.map_or(PollTiming::Schedule, |schedule| schedule.timing);
            poll.schedule = Some(PollSchedule { interval, timing });
        })
    }

    /// The options of polls that are not held.
    pub const fn timer(self) -> Option<ShortPoll> {
        match self {
            Self::ShortPoll(poll) => Some(poll),
            Self::LongPoll(_)
            | Self::Sse(_)
            | Self::Stream(_)
            | Self::WebSocket(_)
            | Self::Nudge(_) => None,
        }
    }

    /// The options of polls that are held.
    pub const fn long_poll(self) -> Option<LongPoll> {
        match self {
            Self::LongPoll(poll) => Some(poll),
            Self::ShortPoll(_)
            | Self::Sse(_)
            | Self::Stream(_)
            | Self::WebSocket(_)
            | Self::Nudge(_) => None,
        }
    }

    /// How long the server may hold a poll, if it holds polls.
    pub fn hold(self) -> Option<Hold> {
        self.long_poll().map(|poll| poll.hold)
    }

    /// What the server responds to a poll that finds nothing new, if that is not to hold it.
    ///
    /// A client that is notified of an update needs nothing again, and a cursor to go on with.
    pub const fn unchanged(self) -> Option<Unchanged> {
        match self {
            Self::ShortPoll(poll) => Some(poll.unchanged),
            Self::Nudge(_) => Some(Unchanged::Empty),
            Self::LongPoll(_) | Self::Sse(_) | Self::Stream(_) | Self::WebSocket(_) => None,
        }
    }

    /// The content coding that responses are asked for in, of polls and of streams; messages of a
    /// WebSocket have none.
    pub const fn content_coding(self) -> Compression {
        match self {
            Self::ShortPoll(poll) => poll.compression,
            Self::LongPoll(poll) => poll.compression,
            Self::Sse(_) | Self::Stream(_) | Self::WebSocket(_) | Self::Nudge(_) => {
                match self.stream_compression() {
                    Some(stream) => stream.coding(),
                    None => Compression::None,
                }
            }
        }
    }

    /// How a response that does not end is compressed, if it is one and it is.
    pub const fn stream_compression(self) -> Option<StreamCoding> {
        match self {
            Self::Sse(sse) => sse.compression,
            Self::Stream(stream) => stream.compression,
            Self::ShortPoll(_) | Self::LongPoll(_) | Self::WebSocket(_) | Self::Nudge(_) => None,
        }
    }

    /// What messages are compressed with, if they are.
    pub const fn deflate(self) -> Option<Deflate> {
        match self {
            Self::WebSocket(socket) => socket.deflate,
            Self::ShortPoll(_)
            | Self::LongPoll(_)
            | Self::Sse(_)
            | Self::Stream(_)
            | Self::Nudge(_) => None,
        }
    }

    /// Whether bodies or messages are compressed.
    pub fn is_compressed(self) -> bool {
        self.content_coding() != Compression::None || self.deflate().is_some()
    }

    /// Time between the server's heartbeats, if it has any.
    pub const fn heartbeat(self) -> Option<Duration> {
        match self {
            Self::Sse(sse) => sse.heartbeat,
            Self::WebSocket(socket) => socket.heartbeat,
            Self::Nudge(nudge) => nudge.heartbeat,
            Self::ShortPoll(_) | Self::LongPoll(_) | Self::Stream(_) => None,
        }
    }

    /// Least time between two messages to one client, if messages are conflated.
    pub const fn conflate(self) -> Option<Duration> {
        match self {
            Self::Sse(sse) => sse.conflate,
            Self::Stream(stream) => stream.conflate,
            Self::WebSocket(socket) => socket.conflate,
            Self::ShortPoll(_) | Self::LongPoll(_) | Self::Nudge(_) => None,
        }
    }

    /// How long the connection of a poller lives; of others as long as they do.
    pub const fn connection(self) -> ConnectionUse {
        match self {
            Self::ShortPoll(poll) => poll.connection,
            Self::LongPoll(poll) => poll.connection,
            Self::Sse(_) | Self::Stream(_) | Self::WebSocket(_) | Self::Nudge(_) => {
                ConnectionUse::KeepAlive
            }
        }
    }

    /// Every option by the key of a scenario file, with its default resolved; `none` for what is
    /// absent.
    pub(crate) fn options(self) -> Vec<(&'static str, String)> {
        let row = self.kind().properties();
        let or_none = |time: Option<Duration>| time.map_or("none".to_owned(), format_duration);
        let mut options = Vec::new();
        if let Some(poll) = self.timer() {
            // An open pace is not told, as in the records of before there was another.
            match poll.schedule {
                Some(PollSchedule { interval, timing }) => options.extend([
                    ("interval", format_duration(interval)),
                    ("timing", timing.to_string()),
                ]),
                None => options.push(("pace", Pace::Closed.to_string())),
            }
            options.push(("unchanged", poll.unchanged.to_string()));
        }
        options.extend(self.hold().map(|hold| ("hold", format_duration(hold.duration()))));
        if row.closes_between_polls {
            options.push(("connection", self.connection().to_string()));
        }
        // Absent of a stream that is not compressed, as in the records of before any could be: with
        // another option two runs of the same stream could not be compared.
        let is_plain_stream = row.codings.contains(&Compression::Gzip)
            && row.arrival == Arrival::Pushed
            && self.stream_compression().is_none();
        if row.codings.len() > 1 && !is_plain_stream {
            let coding = match self.deflate() {
                Some(_) => Compression::Deflate,
                None => self.content_coding(),
            };
            options.push(("compression", coding.to_string()));
        }
        if let Some(coding) = self.stream_compression() {
            options.push(("window_bits", coding.window_bits().to_string()));
        }
        if let Some(deflate) = self.deflate() {
            options.extend([
                ("window_bits", deflate.window_bits.to_string()),
                ("context_takeover", deflate.context_takeover.to_string()),
            ]);
        }
        if row.has_heartbeats {
            options.push(("heartbeat", or_none(self.heartbeat())));
        }
        if row.conflates {
            options.push(("conflate", or_none(self.conflate())));
        }
        options
    }
}

/// When a client polls by a timer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PollSchedule {
    /// Time between the polls of one client.
    pub interval: Duration,
    /// Measured from what.
    pub timing: PollTiming,
}

/// Options of short polling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShortPoll {
    /// When a client polls; `None` in a closed loop, where it does as soon as the response to its last
    /// poll has come.
    pub schedule: Option<PollSchedule>,
    /// What a poll without news is answered.
    pub unchanged: Unchanged,
    /// How long a connection lives.
    pub connection: ConnectionUse,
    /// How answers are compressed: not, `gzip` or `br`.
    pub compression: Compression,
}

/// Options of long polling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LongPoll {
    /// How long a poll may be kept open while there is no news.
    pub hold: Hold,
    /// How long a connection lives.
    pub connection: ConnectionUse,
    /// How answers are compressed: not, `gzip` or `br`.
    pub compression: Compression,
}

/// Options of server-sent events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sse {
    /// Each so often the server sends a comment to whom it has sent nothing since the last time.
    pub heartbeat: Option<Duration>,
    /// Least time between two messages to one client; the newest replaces those before it.
    pub conflate: Option<Duration>,
    /// How the events are compressed, if they are.
    pub compression: Option<StreamCoding>,
}

/// Options of a stream of lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stream {
    /// Least time between two messages to one client; the newest replaces those before it.
    pub conflate: Option<Duration>,
    /// How the lines are compressed, if they are.
    pub compression: Option<StreamCoding>,
}

/// Options of nudging.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Nudge {
    /// Each so often the server sends a ping to whom it has sent nothing since the last time.
    pub heartbeat: Option<Duration>,
}

/// Options of WebSocket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WebSocket {
    /// Each so often the server sends a ping to whom it has sent nothing since the last time.
    pub heartbeat: Option<Duration>,
    /// Least time between two messages to one client; the newest replaces those before it.
    pub conflate: Option<Duration>,
    /// permessage-deflate, if it is offered.
    pub deflate: Option<Deflate>,
}

/// Parameters of permessage-deflate, the same in both directions.
///
/// Source: RFC 7692, section 7.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deflate {
    /// Base-2 logarithm of the window, 9 to 15.
    pub window_bits: u8,
    /// Whether a message may refer to those before it.
    pub context_takeover: bool,
}

impl Deflate {
    /// The same as client and server agree on it.
    pub const fn terms(self) -> DeflateTerms {
        DeflateTerms::symmetric(self.window_bits, self.context_takeover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_not_compressed_has_the_options_of_the_records_before_any_was() {
        let options = |compression| {
            TransportSettings::Stream(Stream { conflate: None, compression }).options()
        };
        let conflate = ("conflate", "none".to_owned());
        assert_eq!(options(None), std::slice::from_ref(&conflate));
        let compressed = [("compression", "br".to_owned()), ("window_bits", "17".to_owned())];
        let [coding, window] = compressed;
        let found = options(StreamCoding::new(Compression::Brotli, None));
        assert_eq!(found, [coding, window, conflate]);
    }
}
