//! A scenario that has been checked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::{
    ClientProgram, Deliver, HttpVersion, LinkShape, RequestProfile, ResponseProfile, ServerEngine,
    SlowPolicy, TlsUse,
};

use crate::TransportSettings;
use crate::around::Around;
use crate::expect::Expectation;
use crate::fault::Faults;
use crate::find::Find;
use crate::link_profile::LinkProfile;
use crate::named_server::NamedServer;
use crate::pin::Pin;
use crate::proxy::Proxy;
use crate::reconnect::Reconnect;
use crate::tokens::TokenShape;
use crate::until::Until;

/// A question, the work that answers it, and the transports that are asked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    /// The question, one sentence.
    pub question: String,
    /// Whether the floor of each transport that has one is played after each of its trials.
    pub floor: bool,
    /// What is done around each trial.
    pub around: Around,
    /// The work.
    pub workload: Workload,
    /// Heads of requests and answers.
    pub headers: Headers,
    /// The link.
    pub network: Network,
    /// Settings of the server.
    pub server: ServerSettings,
    /// Settings of the load generator.
    pub load: LoadSettings,
    /// What is done to the server while it is measured; `None` where nothing is.
    pub faults: Option<Faults>,
    /// On which cores the two run.
    pub pin: Pin,
    /// The transports in the order reports show them; labels are unique.
    pub transports: Vec<Transport>,
    /// What must hold of the figures.
    pub expect: Vec<Expectation>,
    /// Expectations left out because they name a transport that this run leaves out.
    pub dropped: Vec<Expectation>,
    /// Keys that are written and mean nothing in this run: how often something is published, where
    /// every server has messages of its own.
    pub without_effect: Vec<String>,
    /// When the rounds end before [`Workload::rounds`] are played; `None` where all of them are.
    pub until: Option<Until>,
    /// What is searched for; then the workload is that of the first step.
    pub find: Option<Find>,
    /// Every combination of the settings that `[sweep]` varies, in the order of the file; empty
    /// without a sweep. The fields above are then those of the first.
    pub cells: Vec<Cell>,
}

/// One combination of swept settings.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The swept settings by dotted name, as written.
    pub settings: BTreeMap<String, String>,
    /// The scenario with those settings; it has no cells of its own.
    pub scenario: Scenario,
}

/// The work that every transport does alike.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Subscribers, each with its own connection.
    pub clients: NonZeroU32,
    /// Topics; client `i` subscribes to topic `i % topics`.
    pub topics: NonZeroU32,
    /// When each topic's messages are due; of no effect where [`Scenario::is_published`] is not so.
    pub publish: Publish,
    /// What a message is.
    pub payload: Payload,
    /// Every message, or only the newest.
    pub deliver: Deliver,
    /// Work before the measurement.
    pub warm_up: Duration,
    /// Work that is measured.
    pub measure: Duration,
    /// Longest wait for the last messages after that.
    pub drain: Duration,
    /// How often each transport answers, each time with a fresh server; at most, with [`Scenario::until`].
    pub rounds: NonZeroU32,
    /// Seed of phases, arrivals and filler.
    pub seed: u64,
    /// How many times as fast every clock of the scenario runs as what it stands for: figures that
    /// are told by the hour are those of an hour at the slower pace.
    pub time_scale: NonZeroU32,
}

impl Workload {
    /// The topic of a client, both counted from 0: the topics in turn.
    pub const fn topic_of(&self, client: u32) -> u32 {
        client % self.topics.get()
    }
}

/// When the messages of one topic are due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Publish {
    /// Messages a second in each topic.
    pub rate: Rate,
    /// How they are spread.
    pub arrivals: Arrivals,
}

/// So many events in so much time; neither is zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Events.
    pub count: NonZeroU32,
    /// In this time.
    pub per: Duration,
}

impl Rate {
    /// Offset of event `n`, from 0, from the start, rounded down to a nanosecond.
    pub fn due(self, n: u64) -> Duration {
        let nanos = u128::from(n) * self.per.as_nanos() / u128::from(self.count.get());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Events a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.count.get()) / self.per.as_secs_f64()
    }
}

/// How due times are spread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrivals {
    /// Evenly.
    Regular,
    /// With independent exponential gaps, as news of many sources comes.
    Poisson,
}

impl Arrivals {
    /// Both, in the order reports show them.
    pub const ALL: &'static [Self] = &[Self::Regular, Self::Poisson];

    /// The name used in scenario files and records.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Poisson => "poisson",
        }
    }
}

/// What a message is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payload {
    /// Its size in bytes, the envelope's 16 included; at least 16.
    pub bytes: u32,
    /// What follows the envelope.
    pub content: Content,
}

/// Filler after the envelope. Never has a line break.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Words.
    Text,
    /// Base64url digits, six bits of entropy a byte.
    Random,
    /// An object with the fields of a quote, compressible as real data is.
    Json,
    /// Chunks of a language model's reply, each with the next token.
    Tokens(TokenShape),
    /// The bytes of a file, repeated or cut to size.
    File(Vec<u8>),
}

impl Content {
    /// Whether each message is a token of a language model's reply.
    pub fn is_tokens(&self) -> bool {
        match self {
            Self::Tokens(_) => true,
            Self::Text | Self::Random | Self::Json | Self::File(_) => false,
        }
    }
}

/// Heads of requests and answers.
#[derive(Clone, Debug)]
pub struct Headers {
    /// What polls and upgrades send.
    pub request: RequestProfile,
    /// What the server answers polls with.
    pub response: ResponseProfile,
    /// Bytes of cookie added to each request.
    pub cookie_bytes: u32,
}

impl Headers {
    /// What clients of this program send: of a library its own, whatever the scenario says of the
    /// others.
    pub fn request_of(&self, client: ClientProgram) -> Cow<'_, RequestProfile> {
        match client.profile() {
            None => Cow::Borrowed(&self.request),
            Some(name) => Cow::Owned(
                RequestProfile::built_in(name).expect("the profile of a library is built in"),
            ),
        }
    }
}

/// What is between the two sides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    /// `TCP_MAXSEG` on both sides; 12 bytes of it go to timestamps.
    pub mss: u16,
    /// The link between two network namespaces that clients and server are in; `None` where they are
    /// connected by what the host has, loopback for a server of our own.
    pub link: Option<LinkShape>,
    /// The published link that it is, where it is one.
    pub profile: Option<&'static LinkProfile>,
}

/// Settings of the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerSettings {
    /// What it serves with.
    pub engine: ServerEngine,
    /// What happens to a subscriber that lags.
    pub slow_subscriber: SlowPolicy,
    /// Messages that may wait for one subscriber; at most `log`.
    pub queue: NonZeroU32,
    /// Messages that each topic keeps.
    pub log: NonZeroU32,
}

/// Settings of the load generator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LoadSettings {
    /// Runtimes, one thread each; `None` is half of the cores, at least one.
    pub workers: Option<NonZeroU32>,
    /// How fast clients connect, all together.
    pub connects_per_second: NonZeroU32,
    /// Processes that play them.
    pub shards: Shards,
}

/// How many parts a trial is split into, each a load process with a server process of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shards {
    /// As few as the files that a process may open allow.
    Auto,
    /// So many.
    Exactly(NonZeroU32),
}

impl Shards {
    /// One process plays all.
    pub const ONE: Self = Self::Exactly(NonZeroU32::MIN);
}

impl fmt::Display for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Exactly(count) => count.fmt(f),
        }
    }
}

/// One answer to the question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transport {
    /// Its name in reports: the kind's label unless the scenario gives one.
    pub label: String,
    /// The kind and its options.
    pub settings: TransportSettings,
    /// What carries it.
    pub carriage: Carriage,
    /// The third-party server that is asked; `None` for our own.
    pub server: Option<Arc<NamedServer>>,
    /// The proxy that its clients connect to in place of the server; `None` if there is none between.
    pub proxy: Option<Arc<Proxy>>,
}

/// What carries a transport, whatever its kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Carriage {
    /// The version of HTTP.
    pub http: HttpVersion,
    /// Whether connections are encrypted.
    pub tls: TlsUse,
    /// Clients that share one connection, each with a stream of its own; 1 on HTTP/1.1.
    pub clients_per_connection: NonZeroU32,
    /// The program that each client is.
    pub client: ClientProgram,
    /// When a client comes back whose connection was lost; `None` where that ends it.
    pub reconnect: Option<Reconnect>,
}
