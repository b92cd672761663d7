//! What requests, units and places are like, wherever they stand.

use pushbench_toml::schema::{
    Key, Schema, any_text, anything_short, choice, defined, described, either, free_table, list,
    optional, or, pattern, required, table, text, truth, whole,
};

use crate::decode::Decode;
use crate::identity::TimeUnit;
use crate::read::METHODS;

/// What is defined once.
pub(super) fn definitions() -> Vec<(&'static str, Schema)> {
    let template = described(
        any_text(),
        "A text with holes: `${channel}`, `${client}`, `${random}`, `${host}`, `${now}`, `${env:NAME}`, \
         and what settings, counters, `get` and `carry` name. `$${` stands for `${`. A hole may have \
         filters, as in `${payload|base64}`.",
    );
    let pointer = described(
        pattern("^(/.*)?$"),
        "A JSON pointer (RFC 6901), as in \"/payload/0/data\"; empty for the whole JSON.",
    );
    let starred = described(
        pattern("^(/.*)?$"),
        "A JSON pointer, in which one `*` may stand for each element of a list, as in \"/items/*/id\".",
    );
    vec![
        ("template", template),
        ("pointer", pointer),
        ("starred", starred),
        (
            "match",
            either([
                described(
                    any_text(),
                    "A text that the whole of it looks like; `${any}` stands for any bytes.",
                ),
                table(conditions()),
            ]),
        ),
        (
            "place",
            either([
                described(
                    any_text(),
                    "A text that the whole of it looks like, with `${value}` in it.",
                ),
                table(place()),
            ]),
        ),
        ("request", table(request())),
        ("status", either([whole(200..=599), list(whole(200..=599), 0..=64)])),
    ]
}

/// One rule, or a list of them.
pub(super) fn some(rule: Schema) -> Schema {
    either([rule.clone(), list(rule, 0..=32)])
}

/// `text`, `after`, `where`, `has` and `event`.
pub(super) fn conditions() -> Vec<Key> {
    vec![
        optional(
            "text",
            "A text that it looks like, from its first byte to its last; `${any}` stands for \
            any bytes.",
            any_text(),
        ),
        or("after", "", "What stands before the JSON.", defined("template")),
        optional(
            "where",
            "What the JSON has at each pointer, as in `{ \"/type\" = \"next\" }`.",
            free_table(anything_short()),
        ),
        optional("has", "A JSON pointer at which there must be something.", defined("pointer")),
        optional(
            "event",
            "The type of the event; only with `split = \"events\"`.",
            defined("template"),
        ),
    ]
}

/// A table that says where a value is.
fn place() -> Vec<Key> {
    vec![
        optional("text", "A text with `${value}` where the value is.", any_text()),
        optional("json", "A JSON pointer to the value.", defined("pointer")),
        or("after", "", "What stands before the JSON.", defined("template")),
        optional("header", "The name of a header of the response.", text()),
        optional("cookie", "The name of a cookie that the response sets.", text()),
        optional(
            "last_event_id",
            "The id of the last event that has one; only with `split = \"events\"`.",
            only_true(),
        ),
        decode(),
        or("first", "", "What the first poll sends.", defined("template")),
    ]
}

fn only_true() -> Schema {
    let mut only = truth();
    only.insert("const".to_owned(), true.into());
    only
}

pub(super) fn decode() -> Key {
    let about = "How the JSON string that the pointer leads to is decoded.";
    optional("decode", about, choice(Decode::ALL, Decode::label))
}

/// `url`, `method`, `headers` and `body`.
pub(super) fn request() -> Vec<Key> {
    vec![
        required(
            "url",
            "A path below the server's URL as in \"/sub/${channel}\", or a whole URL.",
            defined("template"),
        ),
        optional("body", "What is sent.", defined("template")),
        optional(
            "method",
            "The method. POST where there is a `body`, else GET.",
            choice(METHODS, |method| method),
        ),
        optional(
            "headers",
            "Header fields, in this order; each takes the place of the header profile's own of that name. \
             One whose value is empty is left out. Those of the connection (Host, Upgrade, \
             Content-Length) are sent by themselves.",
            free_table(defined("template")),
        ),
    ]
}

/// `id` and `sent_at`.
pub(super) fn identity() -> [Key; 2] {
    let place = || {
        vec![
            optional("pointer", "A JSON pointer to it.", defined("starred")),
            or("after", "", "What stands before the JSON.", defined("template")),
            optional("text", "A text with `${value}` where it stands.", any_text()),
        ]
    };
    let unit = choice(TimeUnit::ALL, TimeUnit::label);
    let unit = required(
        "unit",
        "What the time is written in: since 1970, or a date as in RFC 3339.",
        unit,
    );
    [
        optional(
            "id",
            "Where a message says which it is, so that repeats and gaps can be told.",
            either([defined("starred"), table(place())]),
        ),
        optional(
            "sent_at",
            "Where a message says when it was sent. Without it there is no latency.",
            table(place().into_iter().chain([unit])),
        ),
    ]
}

pub(super) fn theirs() -> Schema {
    described(pattern("^theirs$"), "The server has messages of its own; nothing is published.")
}

/// A text with holes.
pub(super) fn template() -> Schema {
    defined("template")
}
