//! `[server]` and `[server.NAME]`.

use pushbench_protocol::{ServerEngine, SlowPolicy};
use pushbench_toml::schema::{
    Key, Schema, any_text, choice, count, either, free_table, list, never, open_table, optional,
    or, pattern, required, table, text, whole, whole_number,
};

/// Settings of our own server, and the servers of others by their names.
pub(super) fn server(most_messages: u32) -> Schema {
    let own = [
        or(
            "engine",
            "axum",
            "What our own server serves with; both engines send the same bytes. TLS and HTTP/2 are \
            served with \"axum\" in either case.",
            choice(ServerEngine::ALL, ServerEngine::label),
        ),
        or(
            "slow_subscriber",
            "drop-oldest",
            "What happens when a subscriber's queue is full.",
            choice(SlowPolicy::ALL, SlowPolicy::label),
        ),
        or("queue", 1_024, "Messages that may be queued for one subscriber.", count(most_messages)),
        or("log", 4_096, "Messages that each topic keeps.", count(most_messages)),
    ];
    open_table(own, named())
}

fn named() -> Schema {
    let adapter = [
        required(
            "adapter",
            "How the server is spoken to: an adapter that ships (`pushbench adapters` lists \
            them), or the path of a `.toml` file. Without it the keys of an adapter stand here.",
            text(),
        ),
        optional(
            "settings",
            "Values of the adapter's settings.",
            free_table(either([any_text(), whole_number()])),
        ),
    ];
    let inline = [optional("adapter", "An adapter in place of the keys of one.", never())];
    let inline = pushbench_adapter::schema_within().into_iter().chain(inline);
    either([table(place().into_iter().chain(adapter)), table(place().into_iter().chain(inline))])
}

/// Where it is and what starts it.
fn place() -> Vec<Key> {
    vec![
        required(
            "url",
            "Where it listens, as in \"http://127.0.0.1:8081\" or \"https://example.org/api\"; \
            with `start`, the port may be `${port}`, a free one for each trial.",
            pattern("^(http|https|ws|wss)://.+$"),
        ),
        or(
            "trust",
            "system",
            "Whose certificates are trusted, with https and wss: those that the system \
            trusts, those of a PEM file, or any (\"insecure\").",
            text(),
        ),
        optional(
            "start",
            "The program that starts it and its arguments, with `${port}`, `${dir}` and \
            `${here}` filled in; no shell reads it. Without it the server runs already.",
            list(any_text(), 1..=256),
        ),
        optional(
            "files",
            "Files beside the scenario that are written into the server's folder, with \
            `${port}` and `${dir}` filled in; only with `start`.",
            list(text(), 0..=256),
        ),
        optional(
            "env",
            "Variables of the environment of what `start` starts, with `${port}`, `${dir}`, \
            `${here}` (the scenario's folder) and `${env:NAME}` filled in. What PATH, NODE_PATH, \
            PYTHONPATH and LD_LIBRARY_PATH have here comes before what the caller's have.",
            free_table(any_text()),
        ),
        optional(
            "ready",
            "A request that gets a status of 200 to 299 when the server is ready; without it \
            the server is ready when its port is open.",
            pattern("^GET /[!-~]*$"),
        ),
        optional(
            "process",
            "Whose CPU and memory are sampled, children included; without it those of \
            `start`.",
            process(),
        ),
    ]
}

fn process() -> Schema {
    let port = either([whole(1..=65_535), pattern("^\\$\\{port\\}$")]);
    table([
        optional("pid_file", "A file with the id of the process.", text()),
        optional("port", "The port that the process listens on.", port),
    ])
}
