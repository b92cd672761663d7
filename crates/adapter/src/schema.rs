//! What an adapter may have, as JSON Schema, for editors.

mod rules;
mod transport;

use pushbench_toml::schema::{
    Key, Schema, any_text, described, document, either, free_table, optional, required, table,
    text, whole_number,
};

use crate::schema::rules::{definitions, theirs};
use crate::schema::transport::{publish_by_request, transports};

/// JSON Schema (draft 7) of an adapter.
pub fn schema() -> String {
    let about = [
        required("about", "One line that says what the server is.", text()),
        required("documents", "Where its protocol is documented.", text()),
        optional(
            "tested",
            "The server and the version that this file was run against. Without it the adapter is listed \
             as not run against the real server.",
            text(),
        ),
    ];
    let root = table(about.into_iter().chain(keys_of_any()));
    let root = described(root, "How a server that others wrote is spoken to.");
    document("A Pushbench adapter", root, definitions())
}

/// The keys of an adapter that a scenario may have in `[server.NAME]`.
pub fn schema_within() -> Vec<Key> {
    let about = [
        optional("about", "One line that says what the server is.", text()),
        optional("documents", "Where its protocol is documented.", text()),
    ];
    about.into_iter().chain(keys_of_any()).collect()
}

/// What the keys of [`schema_within`] refer to.
pub fn schema_definitions() -> Vec<(&'static str, Schema)> {
    definitions()
}

fn keys_of_any() -> [Key; 3] {
    [
        optional(
            "settings",
            "Values that a scenario may set, with their defaults. Each may use those \
            before it, as `${name}`.",
            settings(),
        ),
        optional(
            "publish",
            "How a message is published, for every transport that says nothing else: a request, or \
             \"theirs\" for a server that has messages of its own.",
            either([theirs(), publish_by_request()]),
        ),
        required(
            "transport",
            "What the server offers, a table for each kind of transport.",
            transports(),
        ),
    ]
}

fn settings() -> Schema {
    free_table(either([any_text(), whole_number()]))
}
