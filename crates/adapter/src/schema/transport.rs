//! `[transport.KIND]`, for each kind.

use std::time::Duration;

use pushbench_toml::schema::{
    Key, Schema, any_text, choice, defined, described, duration, either, free_table, never,
    optional, or, required, table, text, truth, whole,
};

use crate::code::name::Code;
use crate::read::{Channel, offered};
use crate::schema::rules::{conditions, decode, identity, request, some, template, theirs};

/// A table for each kind that a server can offer.
pub(super) fn transports() -> Schema {
    let kinds = offered().map(|(kind, channel)| {
        let about = "How a subscriber receives messages by this transport.";
        optional(kind.label(), about, table(transport(channel)))
    });
    let mut kinds = table(kinds);
    kinds.insert("minProperties".to_owned(), 1.into());
    kinds
}

fn transport(channel: Channel) -> Vec<Key> {
    let (is_polled, is_socket) = (channel == Channel::None, channel == Channel::SendsToo);
    let mut keys = request();
    let about = "Code that speaks the protocol where rules cannot.";
    let code = if is_socket { choice(Code::ALL, Code::label) } else { never() };
    keys.push(optional("code", about, code));
    keys.extend([
        optional("split", "What is one unit of what arrives.", split(channel)),
        optional(
            "counters",
            "Numbers: with `{ rid = 1000 }`, `${rid++}` is 1000, and one more the next time.",
            free_table(whole(0..=1 << 53)),
        ),
        optional(
            "steps",
            "What comes before the first message, in this order: requests, then what is \
            sent and expected on the connection.",
            some(step(channel)),
        ),
        optional(
            "each",
            "Where a unit has a list whose elements are looked at one by one.",
            each(),
        ),
        optional(
            "heartbeat",
            "What the server says to see whether the client is there.",
            some(heartbeat(is_socket)),
        ),
        optional(
            "error",
            "What the server says where something is wrong: it ends the trial.",
            some(defined("match")),
        ),
        optional(
            "acknowledgement",
            "What the server says to something that was sent.",
            some(defined("match")),
        ),
        optional("ignore", "What else the server says.", some(defined("match"))),
        optional(
            "message",
            "How a message is known, and where its payload is; without it each unit is \
            one, and all of it payload.",
            message(),
        ),
        optional(
            "keep_alive",
            "What is sent at an interval to keep the connection open.",
            keep_alive(is_socket),
        ),
        optional("close", "What is sent before the connection is closed.", outgoing(is_socket)),
        optional(
            "publish",
            "How a message is published, in place of the adapter's own `publish`.",
            publish(channel),
        ),
    ]);
    keys.extend(identity());
    if is_socket {
        keys.extend([
            optional("subprotocol", "The subprotocol that the upgrade asks for.", text()),
            or("binary", false, "Whether texts are sent as binary messages.", truth()),
        ]);
    }
    if is_polled {
        keys.extend([
            optional("carry", "Values of each response that the next poll sends, by their names.",
                free_table(defined("place"))),
            optional(
                "empty",
                "What a poll that has nothing new gets: a status code, or what the body is like. 204 and \
                 304 where no status code is given.",
                some(either([whole(200..=599), table(conditions())])),
            ),
        ]);
    }
    keys
}

fn split(channel: Channel) -> Schema {
    const NAMES: [&str; 3] = ["message", "lines", "events"];
    let names = if channel == Channel::Receives { &NAMES[1..] } else { &NAMES[..] };
    let few = || {
        let mut few = any_text();
        few.insert("minLength".to_owned(), 1.into());
        few.insert("maxLength".to_owned(), 16.into());
        few
    };
    either([
        choice(names, |name| name),
        table([
            optional("separator", "What stands between two units: 1 to 16 bytes.", few()),
            or("across_messages", false, "Whether a unit may go on in the next message.", truth()),
            optional(
                "counted",
                "What begins a unit that says its own length: 1 to 16 bytes.",
                few(),
            ),
            optional("length", "How many bytes the length before each unit has.", whole(1..=8)),
        ]),
    ])
}

fn step(channel: Channel) -> Schema {
    let get = || {
        optional(
            "get",
            "Values that are taken from what came, by their names.",
            free_table(defined("place")),
        )
    };
    let expect = || optional("expect", "What must come.", defined("match"));
    let mut of_a_request = request();
    of_a_request.extend([
        optional(
            "status",
            "Status codes that are expected; any of 200 to 299 without it.",
            defined("status"),
        ),
        expect(),
        get(),
    ]);
    let turn =
        table([optional("send", "What is sent over the connection.", template()), expect(), get()]);
    match channel {
        Channel::None => table(of_a_request),
        Channel::Receives | Channel::SendsToo => either([table(of_a_request), turn]),
    }
}

fn each() -> Schema {
    either([
        defined("pointer"),
        table([
            or("after", "", "What stands before the JSON.", template()),
            or("at", "", "A JSON pointer to the list.", defined("pointer")),
        ]),
    ])
}

fn heartbeat(is_socket: bool) -> Schema {
    table([
        required("match", "What the heartbeat is like.", defined("match")),
        optional("reply", "What is replied.", outgoing(is_socket)),
    ])
}

fn keep_alive(is_socket: bool) -> Schema {
    let every = duration(Duration::from_millis(100)..=Duration::from_secs(3_600));
    table([
        required("every", "How often.", every),
        required("send", "What is sent.", outgoing(is_socket)),
    ])
}

/// What a client says: a text over its connection, or a request.
fn outgoing(is_socket: bool) -> Schema {
    match is_socket {
        true => either([template(), defined("request")]),
        false => defined("request"),
    }
}

fn message() -> Schema {
    let payload = optional("payload", "A JSON pointer to the payload.", defined("pointer"));
    let text = "A text that the whole unit looks like, with `${payload}` where the payload is.";
    either([
        described(any_text(), text),
        table(conditions().into_iter().chain([payload, decode()])),
    ])
}

/// `publish` by a request.
pub(super) fn publish_by_request() -> Schema {
    let own = [
        optional(
            "status",
            "Status codes that are expected; any of 200 to 299 without it.",
            defined("status"),
        ),
        optional("expect", "What the response must be like.", defined("match")),
    ];
    table(request().into_iter().chain(own))
}

fn publish(channel: Channel) -> Schema {
    if channel != Channel::SendsToo {
        return either([theirs(), publish_by_request()]);
    }
    const OVER: [&str; 2] = ["subscriber", "connection"];
    let over = "Over whose connection: that of a subscriber, or one of the publisher's own.";
    let over_a_connection = table([
        required("over", over, choice(&OVER, |over| over)),
        required("send", "What is sent, with `${payload}` in it.", template()),
        optional(
            "steps",
            "What comes before the first message, with `over = \"connection\"`.",
            some(step(channel)),
        ),
    ]);
    either([theirs(), publish_by_request(), over_a_connection])
}
