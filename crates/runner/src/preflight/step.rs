//! The steps of trying a transport.

/// What was going on when it failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Publish,
    Connect,
    /// The request that a stream or a WebSocket begins with.
    Subscribe,
    /// A poll that was to bring the message.
    Poll,
    /// The message on an open stream or WebSocket.
    Message,
}
