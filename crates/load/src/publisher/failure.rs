//! Why a message did not get to a third-party server, or was not taken by it.

use std::error::Error;
use std::io;

use pushbench_adapter::{DialogueError, Values};
use pushbench_tls::reason_of_tls;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::carrier::is_of_an_end;
use crate::{Fault, Unexpected};

/// What went wrong. What the server said stands in it as it came, and may repeat a secret that it was
/// sent: only [`Failure::kept`] is for people.
pub(super) struct Failure {
    pub(super) fault: Fault,
    came: Came,
    words: Option<String>,
}

/// What came in place of what was expected.
enum Came {
    Nothing,
    Response { status: u16, body: Vec<u8> },
    Message(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl Failure {
    /// It was our own to do, and could not be done.
    pub(super) fn of_ours(words: impl Into<String>) -> Self {
        Self::told(Fault::Adapter, words)
    }

    /// Nothing came.
    pub(super) fn told(fault: Fault, words: impl Into<String>) -> Self {
        Self { fault, came: Came::Nothing, words: Some(words.into()) }
    }

    /// A response that is not the one that was asked for.
    pub(super) fn of_response(fault: Fault, status: u16, body: Vec<u8>) -> Self {
        Self { fault, came: Came::Response { status, body }, words: None }
    }

    /// A response that is not what the adapter says.
    pub(super) fn of_publish(error: &DialogueError, status: u16, body: Vec<u8>) -> Self {
        let fault = Fault::from(error);
        // A status says what is wrong by itself.
        let words = (fault == Fault::Adapter).then(|| error.to_string());
        Self { words, ..Self::of_response(fault, status, body) }
    }

    /// What the adapter says is an error of the server's.
    pub(super) fn of_error(text: &[u8]) -> Self {
        Self { fault: Fault::ServerError, came: Came::Message(text.to_vec()), words: None }
    }

    /// The server has closed the connection.
    pub(super) fn of_close(frame: Option<CloseFrame>) -> Self {
        Self { fault: Fault::Closed, came: Came::Close(frame), words: None }
    }

    /// What is kept of it, without any secret of these values.
    pub(super) fn kept(self, values: &Values) -> (Fault, Unexpected) {
        let Self { fault, came, words } = self;
        let shown = |bytes: &[u8]| values.excerpt(bytes).into_bytes();
        let unexpected = match came {
            Came::Nothing => Unexpected::default(),
            Came::Response { status, body } => Unexpected::of_parts(status, &[], &shown(&body)),
            Came::Message(bytes) => Unexpected::of_message(&shown(&bytes)),
            Came::Close(None) => Unexpected::of_close(None),
            Came::Close(Some(frame)) => {
                let reason = shown(frame.reason.as_bytes());
                Unexpected::of_close(Some((frame.code.into(), &reason)))
            }
        };
        let words = words.map(|words| values.hide(words.as_bytes()));
        let dialogue = words.and_then(|words| Unexpected::of_dialogue(&words).dialogue);
        (fault, Unexpected { dialogue, ..unexpected })
    }

    /// The same in words, for an opening that failed.
    pub(super) fn text(self, values: &Values) -> String {
        let (fault, unexpected) = self.kept(values);
        let Unexpected { status, close_code, first_bytes, dialogue, .. } = unexpected;
        match (dialogue, status, close_code) {
            (Some(dialogue), ..) => dialogue,
            (None, Some(status), _) => {
                let (what, expected) = match fault {
                    Fault::Upgrade => ("the request of the upgrade", "101"),
                    Fault::TooLarge => ("a request", "a shorter body"),
                    _ => ("a request", "200 to 299"),
                };
                format!(
                    "the server responded to {what} with {status}, expected {expected}; the body \
                     begins \"{first_bytes}\""
                )
            }
            (None, None, Some(code)) => format!(
                "the server closed the connection with {code} \"{first_bytes}\", expected it to \
                 stay open"
            ),
            (None, None, None) => fault.label(),
        }
    }
}

impl From<DialogueError> for Failure {
    fn from(error: DialogueError) -> Self {
        Self::told(Fault::from(&error), error.to_string())
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let (mut of_tls, mut is_closed) = (None, false);
        // Its own text has the URL, which may have a token in it; the innermost says why.
        let mut words = "the request could not be sent".to_owned();
        let mut source = error.source();
        while let Some(inner) = source {
            of_tls = of_tls.or_else(|| reason_of_tls(inner));
            is_closed |= is_of_an_end(inner);
            words = inner.to_string();
            source = inner.source();
        }
        let fault = match () {
            () if error.is_timeout() && error.is_connect() => Fault::ConnectTimeout,
            () if error.is_timeout() => Fault::AnswerTimeout,
            () if of_tls.is_some() => Fault::Tls,
            () if error.is_connect() => Fault::Connect,
            () if error.is_builder() => Fault::Adapter,
            () if error.is_upgrade() => Fault::Upgrade,
            () if is_closed => Fault::Closed,
            () => Fault::Malformed,
        };
        Self::told(fault, of_tls.unwrap_or(words))
    }
}

impl From<SocketError> for Failure {
    fn from(error: SocketError) -> Self {
        let fault = match &error {
            SocketError::ConnectionClosed
            | SocketError::AlreadyClosed
            | SocketError::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => Fault::Closed,
            SocketError::Io(error) if is_of_a_close(error.kind()) => Fault::Closed,
            SocketError::Io(_) => Fault::Io,
            SocketError::Capacity(_) => Fault::TooLarge,
            _ => Fault::Protocol,
        };
        Self::told(fault, error.to_string())
    }
}

/// Whether a read or a write failed since the other side has closed the connection.
fn is_of_a_close(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
