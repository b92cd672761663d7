//! What can go wrong for a client: counted by kind, never by its text.

use pushbench_adapter::DialogueError;
use pushbench_wire::head::HeadError;

/// A failure of one client or of the publisher. Part of the experiment's result, so a value.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fault {
    /// The TCP connection was refused or failed.
    Connect,
    /// The connection did not open in time.
    ConnectTimeout,
    /// The server does not speak the version of HTTP that was asked for.
    NotSpoken,
    /// The server took the connection and then did not respond in time, so the client never came to
    /// be open.
    OpenTimeout,
    /// The TLS handshake failed or did not end in time.
    Tls,
    /// No ticket came to resume the session with.
    NoTicket,
    /// The answer to the upgrade was not a 101, or not one for our key.
    Upgrade,
    /// The upgrade's answer agrees on other extensions than the transport's: the server does not
    /// know them, or takes what was not asked for.
    Extension,
    /// An answer's content coding is not the transport's: the server does not compress, or does
    /// unasked.
    Coding,
    /// The server closed the connection in the middle of the work.
    Closed,
    /// A read or a write failed.
    Io,
    /// An answer did not come in time.
    AnswerTimeout,
    /// An answer with a status that is no answer to a poll.
    Status(u16),
    /// Bytes that are no HTTP answer.
    Malformed,
    /// A body of several messages that is not a line for each: well-formed HTTP, and not of a server
    /// that delivers every message.
    NotLines,
    /// A transfer coding other than chunked, which no request of ours offers.
    TransferCoding,
    /// A body in zstd, which this client does not decode; its request offered it all the same.
    Zstd,
    /// What one read brings comes to more than any payload once it is decompressed: decoding it would
    /// take memory or time from everyone else.
    Bomb,
    /// A body, an event or a line longer than [`pushbench_protocol::number::MAX_BODY`].
    TooLarge,
    /// Headers longer than [`pushbench_wire::head::MAX_HEAD`]: as far as they came, legal HTTP.
    HeadersTooLong,
    /// A frame that breaks RFC 6455.
    Protocol,
    /// A third-party server did not do what its adapter says.
    Adapter,
    /// What a third-party server's adapter says is an error of the server's.
    ServerError,
    /// As many messages were on their way to the server as may be when another was due.
    TooManyInFlight,
    /// The server did not end the connection in time when asked to.
    CloseTimeout,
    /// A message arrived before it was due or sent: publisher and subscriber do not share a clock.
    Clock,
    /// A task of the load generator panicked: a fault of this program, whatever made it show.
    Panic,
    /// A thread of the load generator ended, or stood still, before it had told what it saw.
    ThreadGone,
}

impl Fault {
    /// Whether this is of the end of a connection if it is seen when connections are being ended, and
    /// not of what was to come before.
    pub(crate) fn is_of_the_end(self) -> bool {
        !matches!(self, Self::AnswerTimeout | Self::OpenTimeout | Self::Panic | Self::ThreadGone)
    }

    /// Whether it is the connection that was lost, or could not be had: another one may do.
    pub(crate) fn is_of_the_connection(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::ConnectTimeout | Self::OpenTimeout | Self::Closed | Self::Io
        )
    }

    /// The name used in results.
    pub fn label(self) -> String {
        match self {
            Self::Connect => "connect".to_owned(),
            Self::ConnectTimeout => "connect-timeout".to_owned(),
            Self::OpenTimeout => "open-timeout".to_owned(),
            Self::NotSpoken => "http-version-not-spoken".to_owned(),
            Self::Tls => "tls".to_owned(),
            Self::NoTicket => "tls-no-ticket".to_owned(),
            Self::Upgrade => "upgrade".to_owned(),
            Self::Extension => "extension-not-as-asked".to_owned(),
            Self::Coding => "coding-not-as-asked".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Io => "io".to_owned(),
            Self::AnswerTimeout => "answer-timeout".to_owned(),
            Self::Status(code) => format!("status-{code}"),
            Self::Malformed => "malformed-answer".to_owned(),
            Self::NotLines => "body-not-lines".to_owned(),
            Self::TransferCoding => "transfer-coding-not-as-asked".to_owned(),
            Self::Zstd => "coding-zstd-not-supported".to_owned(),
            Self::Bomb => "decompression-bomb".to_owned(),
            Self::TooLarge => "answer-too-large".to_owned(),
            Self::HeadersTooLong => "headers-too-long".to_owned(),
            Self::Protocol => "protocol".to_owned(),
            Self::Adapter => "not-as-the-adapter-says".to_owned(),
            Self::ServerError => "server-error".to_owned(),
            Self::TooManyInFlight => "too-many-in-flight".to_owned(),
            Self::CloseTimeout => "close-timeout".to_owned(),
            Self::Clock => "clock".to_owned(),
            Self::Panic => "panic".to_owned(),
            Self::ThreadGone => "thread-gone".to_owned(),
        }
    }
}

impl From<&DialogueError> for Fault {
    fn from(error: &DialogueError) -> Self {
        match error {
            DialogueError::Status { found, .. } => Self::Status(*found),
            DialogueError::Refused { .. } => Self::ServerError,
            DialogueError::NotJson { .. }
            | DialogueError::Fill(_)
            | DialogueError::Split(_)
            | DialogueError::Unexpected { .. }
            | DialogueError::Packet { .. }
            | DialogueError::NoValue { .. }
            | DialogueError::OutOfTurn { .. } => Self::Adapter,
        }
    }
}

impl From<HeadError> for Fault {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::TransferCoding { .. } => Self::TransferCoding,
            HeadError::TooLong => Self::HeadersTooLong,
            HeadError::Malformed { .. } | HeadError::Length { .. } | HeadError::Lengths { .. } => {
                Self::Malformed
            }
        }
    }
}
