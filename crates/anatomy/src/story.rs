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
             that stays open, and once for each poll by a client that opens one each time.",
        ),
        Act::Poll => (
            "A poll",
            "The client asks whether there is news, and says all about itself each time. This poll \
             finds some; one that finds none costs nearly the same.",
        ),
        Act::HeldPoll => (
            "A held poll",
            "The client asks, and the server keeps the request open until there is news. The \
             acknowledgement of the request goes alone, since the answer is still far away.",
        ),
        Act::Fetch => (
            "Fetching the news",
            "Told that there is news, the client asks for it with an ordinary poll, over a \
             connection of its own.",
        ),
        Act::BeginStream => (
            "Opening the stream",
            "One request, and an answer whose end is not in sight. From here on only the server \
             speaks.",
        ),
        Act::Upgrade => (
            "The upgrade",
            "An HTTP request that asks to speak another protocol on this connection. Paid once; it \
             is as heavy as a poll, and the last one.",
        ),
        Act::Event => (
            "An event",
            "News, as soon as it is published. No request, no head: a chunk of the answer that was \
             begun above.",
        ),
        Act::Line => (
            "A line",
            "News, as soon as it is published. No request, no head: a chunk of the answer that was \
             begun above.",
        ),
        Act::Frame => (
            "A message",
            "News, as soon as it is published. No request, no head: two bytes say what it is and \
             how long.",
        ),
        Act::Notice => ("A nudge", "The server does not say what is new, only that something is."),
        Act::Publish => (
            "The client speaks",
            "The same connection carries messages the other way. A client masks what it sends, so \
             its header has four bytes more. The server hands the message to every subscriber, and \
             this client is one.",
        ),
        Act::Close => (
            "The closing handshake",
            "Each side says that it is done, and why. Then TCP closes: the server's FIN may be counted \
             here already, the client's comes after the last look.",
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
