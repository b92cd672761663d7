//! A scenario as written: each value read by itself, none yet held against another.
//!
//! serde stops at the first thing that is wrong; a scenario is refused with everything that is.
//! So its keys are read one by one, here, and this file is the list of them: names, defaults and
//! ranges.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{
    Deliver, Envelope, RequestProfile, ResponseProfile, ServerEngine, SlowPolicy,
};
use pushbench_toml::kind::{Mismatch, choice, count, duration, size, text, truth, whole};
use pushbench_toml::{At, Line, Place, Problems, Read, Reader, Table, Value};

use crate::around_file::AroundFile;
use crate::beside::Beside;
use crate::fault_file::{FAULT_EXAMPLE, FaultFile};
use crate::find_file::{FIND_EXAMPLE, FindFile};
use crate::kind::{rate, shards};
use crate::named_server_file::named_servers;
use crate::network_file::NetworkFile;
use crate::proxy_file::proxies;
use crate::quantity::{minutes, seconds};
use crate::rounds_file::RoundsFile;
use crate::tokens::TokenShape;
use crate::transport_file::{Behind, TransportFile, transports};
use crate::{Arrivals, Content, LoadSettings, Payload, Pin, Publish, Rate, ServerSettings, Shards};

/// What a TOML integer is sure to hold.
pub(crate) const SEEDS: u64 = i64::MAX as u64;
pub(crate) const MIB: u32 = 1 << 20;
pub(crate) const MOST_CLIENTS: u32 = 100_000;
pub(crate) const MOST_TOPICS: u32 = 10_000;
/// The least time between two messages of a topic, 1 microsecond: no server that anyone has keeps up
/// with more, and a schedule of them has no end.
pub const LEAST_BETWEEN_MESSAGES: Duration = Duration::from_micros(1);
pub(crate) const MOST_MESSAGES_KEPT: u32 = 1_000_000;
/// The most messages of one trial. Each has a due time in memory, and a trial that publishes more
/// measures the publisher.
pub(crate) const MOST_PUBLISHES: u128 = 10_000_000;

/// How often something is published, as a file writes it.
pub(crate) const PUBLISH_EXAMPLE: &str = "{ every = \"1s\" }";

/// The file as written.
#[derive(Debug)]
pub(crate) struct ScenarioFile {
    pub(crate) question: Read<String>,
    /// Absent where it was not written.
    pub(crate) floor: Read<Option<bool>>,
    pub(crate) around: AroundFile,
    pub(crate) workload: WorkloadFile,
    pub(crate) headers: HeadersFile,
    pub(crate) network: NetworkFile,
    pub(crate) server: ServerFile,
    pub(crate) load: Option<LoadSettings>,
    pub(crate) pin: Read<Pin>,
    /// `load.shards`, which the settings have too.
    pub(crate) shards: Read<Shards>,
    pub(crate) transports: Vec<TransportFile>,
    /// `[fault]`; absent where there is none, or it is no table.
    pub(crate) fault: Option<FaultFile>,
    /// `[expect]`: figures and conditions.
    pub(crate) expect: Vec<Line<String>>,
    /// `[find]`, which may be absent; `None` if it is no table.
    pub(crate) find: Option<Option<FindFile>>,
}

/// `[workload]`.
#[derive(Debug)]
pub(crate) struct WorkloadFile {
    pub(crate) clients: Read<NonZeroU32>,
    pub(crate) topics: Read<NonZeroU32>,
    /// Absent where it was not written.
    pub(crate) publish: Read<Option<Publish>>,
    pub(crate) payload: Option<Payload>,
    pub(crate) deliver: Read<Deliver>,
    pub(crate) warm_up: Read<Duration>,
    pub(crate) measure: Read<Duration>,
    pub(crate) drain: Read<Option<Duration>>,
    pub(crate) rounds: RoundsFile,
    pub(crate) seed: Read<u64>,
    pub(crate) time_scale: Read<NonZeroU32>,
}

/// `[headers]`.
#[derive(Debug)]
pub(crate) struct HeadersFile {
    pub(crate) request: Read<RequestProfile>,
    pub(crate) response: Read<ResponseProfile>,
    pub(crate) cookie_bytes: Read<u32>,
}

/// `[server]`: of our own.
#[derive(Debug)]
pub(crate) struct ServerFile {
    pub(crate) engine: Read<ServerEngine>,
    pub(crate) slow_subscriber: Read<SlowPolicy>,
    pub(crate) queue: Read<NonZeroU32>,
    pub(crate) log: Read<NonZeroU32>,
}

impl ScenarioFile {
    /// Reads every key; what is wrong goes to `problems`.
    pub(crate) fn read(root: &Table, beside: Beside<'_>, problems: &Problems) -> Self {
        let mut root = Reader::new("", Place::File(0), Some(root), problems);
        let question = text("one line: the question that the run answers");
        let question = root.required("question", question);
        let floor = root.optional("floor", truth);
        let around = AroundFile::read(&mut root, beside);
        let workload = workload(root.table("workload"), beside);
        let headers = headers(root.table("headers"), beside);
        let network = NetworkFile::read(root.table("network"));
        let mut table = root.table("server");
        let server = server(&mut table);
        let named_servers = named_servers(&mut table, beside, problems);
        table.finish();
        let proxies = proxies(root.table("proxy"), beside, problems);
        let (load, shards) = load(root.table("load"));
        let file = Self {
            question,
            floor,
            around,
            workload,
            headers,
            network,
            server,
            load,
            shards,
            pin: root.or("pin", "auto", choice(Pin::ALL, Pin::label)),
            transports: transports(
                &mut root,
                &Behind { servers: &named_servers, proxies: &proxies },
                problems,
            ),
            fault: root.optional_table("fault", FAULT_EXAMPLE).and_then(FaultFile::read),
            expect: root.lines("expect", text("a condition as in \"< 50ms\"")),
            find: root.optional_table("find", FIND_EXAMPLE).map(FindFile::read),
        };
        root.has_too("sweep");
        root.finish();
        file
    }
}

fn workload(mut table: Reader<'_>, beside: Beside<'_>) -> WorkloadFile {
    let file = WorkloadFile {
        clients: table.required("clients", clients),
        topics: table.or("topics", 1, count(MOST_TOPICS)),
        publish: table.optional_table("publish", PUBLISH_EXAMPLE).and_then(publish),
        payload: payload(table.table("payload"), beside),
        deliver: table.or("deliver", "latest", choice(Deliver::ALL, Deliver::label)),
        warm_up: table.or("warm_up", "2s", duration(Duration::ZERO..=minutes(10))),
        measure: table.or("measure", "10s", duration(seconds(1)..=minutes(60))),
        drain: table.optional("drain", duration(Duration::ZERO..=minutes(10))),
        rounds: RoundsFile::read(&mut table),
        seed: table.or("seed", 1, whole(0..=SEEDS)),
        time_scale: table.or("time_scale", 1, count(1_000)),
    };
    table.finish();
    file
}

/// A number, and no ramp: what is divided by clients is divided by as many all through the measure phase.
fn clients(value: &Value) -> Result<NonZeroU32, Mismatch> {
    count(MOST_CLIENTS)(value).map_err(|mismatch| match value {
        Value::Table(_) => mismatch.help(
            "all clients are connected before anything is measured, as fast as `load.connects_per_second` \
             says; `[sweep] clients = [..]` measures with more and more of them",
        ),
        _ => mismatch,
    })
}

/// `{ every = "1s" }` or `{ rate = "5/s" }`, and how they are spread.
fn publish(mut found: At<Option<Reader<'_>>>) -> Read<Option<Publish>> {
    let Some(mut table) = found.value.take() else { return Some(found.with(None)) };
    let every = table.optional("every", duration(LEAST_BETWEEN_MESSAGES..=minutes(60)));
    let rate = table.optional("rate", rate);
    let arrivals = table.or("arrivals", "regular", choice(Arrivals::ALL, Arrivals::label));
    table.finish();
    let (every, rate) = (every?, rate?);
    let refuse = |place, found, help| {
        table.complain("", place, found, "either `every` or `rate`".to_owned(), help);
    };
    let (rate, shown) = match (every.value, rate.value) {
        (Some(per), None) => (Rate { count: NonZeroU32::MIN, per }, every.shown),
        (None, Some(value)) => (value, rate.shown),
        (None, None) => {
            refuse(table.place(), "without a rate", None);
            return None;
        }
        (Some(_), Some(_)) => {
            let place = every.place.max(rate.place);
            let help = "`--set 'workload.publish={ every = \"2s\" }'` replaces both";
            let help = matches!(place, Place::Set(_)).then(|| help.to_owned());
            refuse(place, "given by `every` and by `rate`", help);
            return None;
        }
    };
    Some(table.whole(Some(Publish { rate, arrivals: arrivals?.value }), shown))
}

fn payload(mut table: Reader<'_>, beside: Beside<'_>) -> Option<Payload> {
    let bytes = table.or("bytes", 20, size(Envelope::LEN as u32..=16 * MIB));
    let named = table.optional("content", choice(Named::ALL, Named::label));
    let file = table.optional("file", beside.payload());
    table.finish();
    let content = match (named?, file?) {
        (named, At { value: None, .. }) => match named.value.unwrap_or(Named::Text) {
            Named::Text => Content::Text,
            Named::Random => Content::Random,
            Named::Json => Content::Json,
            Named::Tokens => Content::Tokens(TokenShape::OpenAi),
            Named::TokensAnthropic => Content::Tokens(TokenShape::Anthropic),
        },
        (At { value: None, .. }, At { value: Some(bytes), .. }) => Content::File(bytes),
        (At { value: Some(_), .. }, file) => {
            let both = "either `content` or `file`".to_owned();
            table.complain("file", file.place, "given beside `content`", both, None);
            return None;
        }
    };
    let bytes = bytes?;
    if let Content::Tokens(shape) = content {
        let least = Envelope::LEN + shape.least();
        if (bytes.value as usize) < least {
            let expected = format!(
                "at least {least} bytes: {} of the envelope, and a chunk with a token of one character",
                Envelope::LEN
            );
            bytes.refuse(table.problems(), expected, None);
            return None;
        }
    }
    Some(Payload { bytes: bytes.value, content })
}

/// Filler that has a name.
#[derive(Clone, Copy)]
pub(crate) enum Named {
    Text,
    Random,
    Json,
    Tokens,
    TokensAnthropic,
}

impl Named {
    pub(crate) const ALL: &'static [Self] =
        &[Self::Text, Self::Random, Self::Json, Self::Tokens, Self::TokensAnthropic];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Random => "random",
            Self::Json => "json",
            Self::Tokens => "tokens",
            Self::TokensAnthropic => "tokens-anthropic",
        }
    }
}

fn headers(mut table: Reader<'_>, beside: Beside<'_>) -> HeadersFile {
    let file = HeadersFile {
        request: table.or("request", "chrome", beside.request_profile()),
        response: table.or("response", "typical", beside.response_profile()),
        // Requests stay well within the 16 KiB that the server takes of a head.
        cookie_bytes: table.or("cookie_bytes", 0, size(0..=8_192)),
    };
    table.finish();
    file
}

fn server(table: &mut Reader<'_>) -> ServerFile {
    let slow = choice(SlowPolicy::ALL, SlowPolicy::label);
    let engine = choice(ServerEngine::ALL, ServerEngine::label);
    let usual = ServerSettings::default();
    ServerFile {
        engine: table.or("engine", usual.engine.label(), engine),
        slow_subscriber: table.or("slow_subscriber", usual.slow_subscriber.label(), slow),
        queue: table.or("queue", usual.queue.get(), count(MOST_MESSAGES_KEPT)),
        log: table.or("log", usual.log.get(), count(MOST_MESSAGES_KEPT)),
    }
}

fn load(mut table: Reader<'_>) -> (Option<LoadSettings>, Read<Shards>) {
    let workers = table.optional("workers", count(256));
    let connects_per_second = table.or("connects_per_second", 5_000, count(1_000_000));
    let shards = table.or("shards", 1, shards);
    table.finish();
    let settings = || {
        Some(LoadSettings {
            workers: workers?.value,
            connects_per_second: connects_per_second?.value,
            shards: shards.as_ref()?.value,
        })
    };
    (settings(), shards)
}
