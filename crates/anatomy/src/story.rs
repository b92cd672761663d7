//! What is told of each exchange: its title, what is to be seen in it, when it has to be paid.

use serde::Serialize;

use crate::transcript::Act;

/// When an exchange has to be paid.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paid {
    /// Anew for each message that a subscriber gets.
    EachMessage,
    /// Once for each connection.
    EachConnection,
    /// When the client has something to say; no part of keeping it up to date.
    AtWill,
}

/// Title and story of an exchange.
pub(crate) fn words(act: Act) -> (&'static str, &'static str) {
    match act {
        Act::Connect => (
            "Connecting",
            "SYN, SYN-ACK, ACK: three segments before the first byte. Paid once for a connection \
             that stays open, and once per poll by a client that opens a connection for every \
             poll.",
        ),
        Act::Poll => (
            "A poll",
            "The client asks whether there is a new message, and introduces itself in full every \
             time. This poll finds one; a poll that finds none costs nearly the same.",
        ),
        Act::HeldPoll => (
            "A held poll",
            "The client polls, and the server holds the request open until there is a message. \
             The request is acknowledged by a segment of its own, since the response is not due \
             yet.",
        ),
        Act::Fetch => (
            "Fetching the message",
            "Notified of a message, the client fetches it with an ordinary poll, over a \
             connection of its own.",
        ),
        Act::BeginStream => (
            "Opening the stream",
            "One request, and a response that does not end. From here on only the server sends.",
        ),
        Act::Upgrade => (
            "The upgrade",
            "An HTTP request to switch this connection to another protocol. Paid once: it is as \
             large as a poll, and the last HTTP request on the connection.",
        ),
        Act::Event => (
            "An event",
            "A message, as soon as it is published. No request and no headers: a chunk of the \
             response that began above.",
        ),
        Act::Line => (
            "A line",
            "A message, as soon as it is published. No request and no headers: a chunk of the \
             response that began above.",
        ),
        Act::Frame => (
            "A message",
            "A message, as soon as it is published. No request and no headers: two bytes say \
             what it is and how long.",
        ),
        Act::Notice => {
            ("A nudge", "The server sends no message here, only the notice that there is one.")
        }
        Act::Publish => (
            "The client sends",
            "The same connection carries messages the other way. A client masks what it sends, so \
             its header has four bytes more. The server hands the message to every subscriber, and \
             this client is one.",
        ),
        Act::Close => (
            "The closing handshake",
            "Each side says that it is done, and why. Then TCP closes: the server's FIN may \
             already be counted here; the client's follows after the last sample.",
        ),
    }
}

/// When such an exchange has to be paid.
pub(crate) fn paid(act: Act) -> Paid {
    match act {
        Act::Poll | Act::HeldPoll | Act::Fetch => Paid::EachMessage,
        Act::Event | Act::Line | Act::Frame | Act::Notice => Paid::EachMessage,
        Act::Connect | Act::BeginStream | Act::Upgrade | Act::Close => Paid::EachConnection,
        Act::Publish => Paid::AtWill,
    }
}
