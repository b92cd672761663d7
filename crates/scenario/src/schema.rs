//! What a scenario may have, as JSON Schema, for editors.

mod fault;
mod network;
mod proxy;
mod server;
mod transport;

use std::time::Duration;

use pushbench_protocol::{Deliver, Envelope, RequestProfile, ResponseProfile};
use pushbench_toml::schema::{
    Schema, anything, choice, count, defined, described, document, duration, either, free_table,
    list, optional, or, pattern, required, size, table, text, truth, whole,
};

use crate::file::{
    LEAST_BETWEEN_MESSAGES, MIB, MOST_CLIENTS, MOST_MESSAGES_KEPT, MOST_TOPICS, Named, SEEDS,
};
use crate::find_file::MOST;
use crate::quantity::{minutes, seconds};
use crate::rounds_file::{AT_MOST, MOST_ROUNDS};
use crate::schema::fault::fault;
use crate::schema::network::network;
use crate::schema::proxy::proxies;
use crate::schema::server::server;
use crate::schema::transport::transport;
use crate::{Arrivals, MOST_SHARDS, Pin, Quantity};

/// JSON Schema (draft 7) of a scenario.
pub fn schema() -> String {
    let root = table([
        required("question", "The question that the run answers, on one line.", text()),
        optional(
            "floor",
            "Whether the floor is played after each trial: bare programs that move the same bytes. Reports \
             then show CPU times as a multiple of it. False without this key.",
            truth(),
        ),
        optional(
            "setup",
            "A program and its arguments, run before each trial in the folder of the scenario, within a minute. \
             If it fails, nothing more is played. It finds PUSHBENCH_TRANSPORT and PUSHBENCH_ROUND in its \
             environment.",
            list(text(), 1..=256),
        ),
        optional("cleanup", "The same after each trial, however that went.", list(text(), 1..=256)),
        optional(
            "cool_down",
            "How long nothing is done before each trial but the first. Nothing without this key.",
            duration(Duration::ZERO..=minutes(10)),
        ),
        required(
            "workload",
            "How many subscribers there are, what is published, and for how long.",
            workload(),
        ),
        optional("headers", "The headers of requests and responses.", headers()),
        optional("network", "What connections are like.", network()),
        optional(
            "server",
            "Settings of Pushbench's own server; and, as `[server.NAME]`, servers that others wrote.",
            server(MOST_MESSAGES_KEPT),
        ),
        optional(
            "proxy",
            "As `[proxy.NAME]`, proxies that transports go through to Pushbench's own server.",
            proxies(),
        ),
        optional("load", "The load generator.", load()),
        or(
            "pin",
            "auto",
            "Whether the servers that are started and the load generator run on cores of their own \
             (\"halves\"), anywhere (\"none\"), or as the work and the machine have it.",
            choice(Pin::ALL, Pin::label),
        ),
        required(
            "transport",
            "The transports that are compared, each a table `[[transport]]`.",
            list(transport(), 1..=usize::MAX),
        ),
        optional(
            "fault",
            "What is done to the server in the measure phase. Clients that are pushed to need `reconnect`.",
            fault(),
        ),
        optional(
            "expect",
            "What must hold of the figures; a failed line ends the run with exit code 99. As in \
             `\"websocket.latency.p99\" = \"< 50ms\"`.",
            free_table(defined("condition")),
        ),
        optional(
            "find",
            "A search for the largest amount of work under which a condition holds, in place of `[expect]` and \
             `[sweep]`: it doubles, then bisects.",
            find(),
        ),
        optional(
            "sweep",
            "One to three settings with the values that each takes, as in `clients = [100, 1_000]`: every \
             combination is played. A key without its table is one of `[workload]`.",
            free_table(defined("axis")),
        ),
    ]);
    let root = described(root, "A question, and the work by which it is answered.");
    let condition = either([text(), free_table(defined("condition"))]);
    let axis = either([list(anything(), 2..=64), free_table(defined("axis"))]);
    let own = [("condition", condition), ("axis", axis)];
    document(
        "A Pushbench scenario",
        root,
        own.into_iter().chain(pushbench_adapter::schema_definitions()),
    )
}

fn workload() -> Schema {
    table([
        required("clients", "Subscribers.", count(MOST_CLIENTS)),
        or("topics", 1, "Topics; subscribers are spread over them.", count(MOST_TOPICS)),
        optional(
            "publish",
            "How often a message is published, in each topic; needed unless every transport's server has \
             messages of its own (`publish = \"theirs\"`).",
            publish(),
        ),
        optional("payload", "What a message is.", payload()),
        or(
            "deliver",
            "latest",
            "Whether every message must reach each subscriber (a chat), or only the newest matters (a \
             ticker).",
            choice(Deliver::ALL, Deliver::label),
        ),
        or(
            "warm_up",
            "2s",
            "What is played before anything is measured.",
            duration(Duration::ZERO..=minutes(10)),
        ),
        or("measure", "10s", "What is measured.", duration(seconds(1)..=minutes(60))),
        optional(
            "drain",
            "How long the last messages are waited for; without it as long as the transports \
            need.",
            duration(Duration::ZERO..=minutes(10)),
        ),
        or(
            "rounds",
            3,
            "How often each transport is played, each time with a fresh server: a number, or until the 95 % \
             interval of a figure over rounds is narrow enough.",
            either([count(MOST_ROUNDS), rounds()]),
        ),
        or("seed", 1, "Where random choices begin: the same seed, the same run.", whole(0..=SEEDS)),
        or(
            "time_scale",
            1,
            "How many times as fast the clocks run as what they stand for.",
            count(1_000),
        ),
    ])
}

fn rounds() -> Schema {
    table([
        required(
            "until",
            "The figure, and half of its interval as a share of it, as in \"websocket.latency.p99 within 5%\".",
            pattern("^\\S+ +within +[0-9]+(\\.[0-9]+)? *%$"),
        ),
        required("at_most", "Where the rounds end all the same.", whole(AT_MOST)),
    ])
}

fn publish() -> Schema {
    table([
        optional(
            "every",
            "The time between two messages; or `rate`.",
            duration(LEAST_BETWEEN_MESSAGES..=minutes(60)),
        ),
        optional(
            "rate",
            "Messages per time, as in \"5/s\" or \"1/30s\"; or `every`.",
            pattern("^[0-9]+/.+$"),
        ),
        or(
            "arrivals",
            "regular",
            "Whether messages are evenly spaced, or come at random.",
            choice(Arrivals::ALL, Arrivals::label),
        ),
    ])
}

fn payload() -> Schema {
    table([
        or("bytes", 20, "Its size.", size(Envelope::LEN as u32..=16 * MIB)),
        optional(
            "content",
            "What fills it behind the envelope: \"text\" without this key and without \
            `file`.",
            choice(Named::ALL, Named::label),
        ),
        optional(
            "file",
            "The path of a file that fills it, from the scenario's folder: ASCII without line \
            breaks.",
            text(),
        ),
    ])
}

fn headers() -> Schema {
    let profile =
        |names: Vec<&'static str>| either([choice(&names, |name| name), pattern("(/|\\.head$)")]);
    table([
        or(
            "request",
            "chrome",
            "The headers that clients send: a profile, or the path of a `.head` file \
            with the exact headers.",
            profile(RequestProfile::names().collect()),
        ),
        or(
            "response",
            "typical",
            "The headers that Pushbench's own server sends: a profile, or the path \
            of a `.head` file.",
            profile(ResponseProfile::names().collect()),
        ),
        or("cookie_bytes", 0, "Bytes of a cookie that is added to every request.", size(0..=8_192)),
    ])
}

fn find() -> Schema {
    let amount = || count(MOST);
    table([
        required(
            "max",
            "What is to be as large as it can be: the number of clients, or the messages per second in each \
             topic.",
            choice(Quantity::ALL, Quantity::label),
        ),
        required(
            "while",
            "The figure and the condition that must hold of each transport, as in \"latency.p99 < 100ms\".",
            text(),
        ),
        optional(
            "from",
            "Where the search begins; without it at what the workload says.",
            amount(),
        ),
        optional(
            "to",
            "Where it ends if the condition still holds; without it where a limit of the machine comes.",
            amount(),
        ),
        or(
            "precision",
            "5%",
            "How near the largest value that holds and the smallest that does not are to be.",
            pattern("^[0-9]+(\\.[0-9]+)? *%$"),
        ),
    ])
}

fn load() -> Schema {
    table([
        optional(
            "workers",
            "Threads that play the clients; without it as the machine has cores to spare.",
            count(256),
        ),
        or("connects_per_second", 5_000, "How fast connections are opened.", count(1_000_000)),
        or(
            "shards",
            1,
            "Parts that a trial is split into, each a load process with a server process of its own; \
             `\"auto\"` as few as the limit of open files allows.",
            either([count(MOST_SHARDS), pattern("^auto$")]),
        ),
    ])
}
