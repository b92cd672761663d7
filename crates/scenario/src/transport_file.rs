//! `[[transport]]` as written: the kind, its options, and what carries it.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{
    Arrival, ClientProgram, Compression, ConnectionUse, Deliver, Hold, HttpVersion, Pace,
    PollTiming, StreamCoding, TlsUse, TransportKind, Unchanged,
};
use pushbench_toml::kind::{Mismatch, choice, count, duration, one_of, truth, whole};
use pushbench_toml::{At, Place, Problems, Read, Reader, Table, Value};

use crate::kind::label;
use crate::named_server_file::NamedServerFile;
use crate::proxy_file::{Passed, ProxyFile, passes};
use crate::quantity::minutes;
use crate::reconnect::Reconnect;
use crate::reconnect_file::{RECONNECT_EXAMPLE, reconnect};
use crate::transport_server::{Asked, asked, fits_the_server, tls};
use crate::transport_settings::{Options, PollSchedule};
use crate::{Carriage, Deflate, Transport, TransportSettings};

/// `[[transport]]`.
#[derive(Debug)]
pub(crate) struct TransportFile {
    pub(crate) kind: Read<TransportKind>,
    /// The `name`, or the kind's.
    pub(crate) label: Read<String>,
    pub(crate) server: Asked,
    pub(crate) proxy: Read<Passed>,
    pub(crate) carriage: CarriageFile,
    pub(crate) options: OptionsFile,
}

/// What transports may name that stands behind their connections.
#[derive(Clone, Copy)]
pub(crate) struct Behind<'a> {
    pub(crate) servers: &'a [NamedServerFile],
    pub(crate) proxies: &'a [ProxyFile],
}

/// What carries it, whatever its kind.
#[derive(Debug)]
pub(crate) struct CarriageFile {
    pub(crate) http: Read<HttpVersion>,
    pub(crate) tls: Read<TlsUse>,
    pub(crate) clients_per_connection: Read<NonZeroU32>,
    pub(crate) client: Read<ClientProgram>,
}

/// Options of a transport. One that its kind does not have is as absent as one that was refused.
#[derive(Debug, Default)]
pub(crate) struct OptionsFile {
    pub(crate) pace: Read<Pace>,
    /// Absent in a closed loop, like `timing`.
    pub(crate) interval: Read<Duration>,
    pub(crate) timing: Read<PollTiming>,
    pub(crate) unchanged: Read<Option<Unchanged>>,
    pub(crate) hold: Read<Hold>,
    pub(crate) connection: Read<ConnectionUse>,
    pub(crate) compression: Read<Compression>,
    pub(crate) window_bits: Read<Option<u64>>,
    pub(crate) context_takeover: Read<Option<bool>>,
    pub(crate) heartbeat: Read<Option<Duration>>,
    pub(crate) conflate: Read<Option<Duration>>,
    pub(crate) reconnect: Read<Option<Reconnect>>,
}

/// Whether a kind has an option.
type Has = fn(TransportKind) -> bool;

/// Options that only some kinds have, and which those are.
const OPTIONS: [(&str, Has); 12] = [
    ("pace", TransportKind::has_timer),
    ("interval", TransportKind::has_timer),
    ("timing", TransportKind::has_timer),
    ("unchanged", TransportKind::has_timer),
    ("hold", |kind| kind.properties().arrival == Arrival::Held),
    ("connection", |kind| kind.properties().closes_between_polls),
    ("compression", |kind| kind.properties().codings.len() > 1),
    ("window_bits", |kind| kind.properties().window_bits.is_some()),
    ("context_takeover", has_deflate),
    ("heartbeat", |kind| kind.properties().has_heartbeats),
    ("conflate", |kind| kind.properties().conflates),
    ("reconnect", comes_back),
];

/// Why a closed loop has no timer.
const ASKS_AT_ONCE: &str = "nothing: with pace = \"closed\" a client polls again as soon as the \
                            response has come";

pub(crate) fn has_deflate(kind: TransportKind) -> bool {
    kind.properties().codings.contains(&Compression::Deflate)
}

/// Whether a client may be told when to come back. One that polls opens a connection for its next poll
/// in any case.
pub(crate) fn comes_back(kind: TransportKind) -> bool {
    kind.properties().arrival == Arrival::Pushed
}

pub(crate) fn transports(
    root: &mut Reader<'_>,
    behind: &Behind<'_>,
    problems: &Problems,
) -> Vec<TransportFile> {
    let kinds = one_of(TransportKind::ALL.iter().map(|kind| kind.label())).expected;
    let tables = root.tables("transport", &format!("a kind, {kinds}"));
    let named = |(index, (place, table)): (usize, (Place, &Table))| {
        let is_label = |name: &String| label(&name.as_str().into()).is_ok();
        let key = match transport_label(table).filter(is_label) {
            Some(label) => format!("transport.{label}"),
            None => format!("transport[{}]", index + 1),
        };
        transport(Reader::new(&key, place, Some(table), problems), behind)
    };
    tables.into_iter().enumerate().map(named).collect()
}

/// What a transport is called, as far as its table says: its name, or its server's or proxy's and its
/// kind's.
pub(crate) fn transport_label(table: &Table) -> Option<String> {
    let behind = || table.text("server").or_else(|| table.text("proxy"));
    let usual = || Some(usual_label(behind(), table.text("kind")?));
    table.text("name").map(str::to_owned).or_else(usual)
}

fn usual_label(behind: Option<&str>, kind: &str) -> String {
    match behind {
        Some(behind) => format!("{behind}-{kind}"),
        None => kind.to_owned(),
    }
}

fn transport(mut table: Reader<'_>, behind: &Behind<'_>) -> TransportFile {
    let kind = table.required("kind", choice(TransportKind::ALL, TransportKind::label));
    let name = table.optional("name", label);
    let (server, server_name) = asked(&mut table, behind.servers);
    let (proxy, proxy_name) = passes(&mut table, behind.proxies);
    let label = name.and_then(|name| match (name.value.clone(), &kind, server_name) {
        (Some(label), _, _) => Some(name.with(label)),
        (None, Some(kind), Some(server)) => {
            let label = usual_label(server.or(proxy_name).as_deref(), kind.value.label());
            Some(kind.clone().with(label))
        }
        (None, _, _) => None,
    });
    let carriage = CarriageFile {
        http: table.or("http", "1.1", choice(HttpVersion::ALL, HttpVersion::label)),
        tls: tls(&mut table, &server),
        clients_per_connection: table.or("clients_per_connection", 1, count(1_000)),
        client: table.or("client", "exact", choice(ClientProgram::ALL, ClientProgram::label)),
    };
    let options = options(&mut table, kind.as_ref().map(|kind| kind.value));
    let Some(known) = &kind else {
        // What is wrong with them by themselves has been said; no rule asks about an option that
        // its kind may not have.
        table.finish();
        let options = OptionsFile::default();
        return TransportFile { kind, label, server, proxy, carriage, options };
    };
    let has = |option: &str| OPTIONS.iter().any(|(name, has)| *name == option && has(known.value));
    fits_the_server(&mut table, known, has, &server);
    for (option, has) in OPTIONS {
        if !has(known.value) {
            let owners = TransportKind::ALL.iter().filter(|&&kind| has(kind));
            let owners: Vec<_> = owners.map(|owner| owner.label()).collect();
            let (owners, have) = match owners.as_slice() {
                [one] => ((*one).to_owned(), "has"),
                several => (several.join(", "), "have"),
            };
            table.refuse_key(option, &format!("nothing: only {owners} {have} this option"));
        }
    }
    table.finish();
    TransportFile { kind, label, server, proxy, carriage, options }
}

/// Reads the options that the kind has; where the kind was refused, those that any kind has, each
/// with all that any kind takes there.
fn options(table: &mut Reader<'_>, kind: Option<TransportKind>) -> OptionsFile {
    let kinds = || {
        let all = TransportKind::ALL.iter().copied();
        all.filter(move |&each| kind.is_none_or(|kind| kind == each))
    };
    let any = |has: Has| kinds().any(has);
    let mut options = OptionsFile::default();
    if any(TransportKind::has_timer) {
        options.pace = table.or("pace", "open", choice(Pace::ALL, Pace::label));
        match options.pace.as_ref().map(|pace| pace.value) {
            Some(Pace::Closed) => {
                for key in ["interval", "timing"] {
                    table.refuse_key(key, ASKS_AT_ONCE);
                }
            }
            Some(Pace::Open) | None => {
                let interval = duration(Duration::from_millis(10)..=minutes(3));
                options.interval = table.or("interval", "1s", interval);
                let timing = choice(PollTiming::ALL, PollTiming::label);
                options.timing = table.or("timing", "schedule", timing);
            }
        }
        options.unchanged = table.optional("unchanged", choice(Unchanged::ALL, Unchanged::label));
    }
    if any(|kind| kind.properties().arrival == Arrival::Held) {
        options.hold = table.or("hold", "25s", hold);
    }
    if any(|kind| kind.properties().closes_between_polls) {
        let uses = choice(ConnectionUse::ALL, ConnectionUse::label);
        options.connection = table.or("connection", "keep-alive", uses);
    }
    if any(|kind| kind.properties().has_heartbeats) {
        let every = duration(Duration::from_millis(500)..=minutes(10));
        options.heartbeat = table.optional("heartbeat", every);
    }
    if any(|kind| kind.properties().conflates) {
        let least = duration(Duration::from_millis(10)..=minutes(3));
        options.conflate = table.optional("conflate", least);
    }
    if any(|kind| kind.properties().codings.len() > 1) {
        let codings = kind.map_or(Compression::ALL, |kind| kind.properties().codings);
        let coding = choice(codings, Compression::label);
        options.compression = table.or("compression", "none", coding);
    }
    if any(comes_back) {
        let table = table.optional_table("reconnect", RECONNECT_EXAMPLE);
        options.reconnect = table.and_then(reconnect);
    }
    let windows = kinds().filter_map(|kind| kind.properties().window_bits);
    if let Some((least, most)) = windows.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))) {
        // That the coding has it is held in `carriage_check`.
        let bits = whole(u64::from(least)..=u64::from(most));
        options.window_bits = table.optional("window_bits", bits);
    }
    if any(has_deflate) {
        options.context_takeover = table.optional("context_takeover", truth);
    }
    options
}

/// How long a poll may be held.
fn hold(value: &Value) -> Result<Hold, Mismatch> {
    let longest = Hold::LONGEST.duration();
    let found = duration(Duration::from_millis(100)..=longest)(value)?;
    Ok(Hold::new(found).expect("the range ends at the longest"))
}

impl TransportFile {
    /// The transport, if nothing of it was refused.
    pub(crate) fn resolve(self, deliver: Deliver) -> Option<Transport> {
        let CarriageFile { http, tls, clients_per_connection, client } = self.carriage;
        let carriage = Carriage {
            http: http?.value,
            tls: tls?.value,
            clients_per_connection: clients_per_connection?.value,
            client: client?.value,
            reconnect: match comes_back(self.kind.as_ref()?.value) {
                true => self.options.reconnect.as_ref()?.value,
                false => None,
            },
        };
        let (unchanged, server) = match self.server {
            Asked::Ours => (default_unchanged(deliver), None),
            Asked::Named(server) => (Unchanged::Empty, Some(server)),
            Asked::Refused => return None,
        };
        let proxy = match self.proxy?.value {
            None => None,
            Some(proxy) => Some(proxy?),
        };
        let settings = self.options.settings(self.kind?.value, unchanged)?;
        Some(Transport { label: self.label?.value, settings, carriage, server, proxy })
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.label.as_ref().map(|label| label.value.as_str())
    }

    /// Where `proxy` was written, if it was.
    pub(crate) fn proxy_key(&self) -> Option<&At<Passed>> {
        self.proxy.as_ref().filter(|proxy| proxy.value.is_some())
    }

    /// Whether our own server is asked, whose rules then hold.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.server, Asked::Ours)
    }
}

impl OptionsFile {
    /// The options of the kind, if none was refused; `default` is what a poll without a message gets.
    fn settings(self, kind: TransportKind, default: Unchanged) -> Option<TransportSettings> {
        let unchanged = self.unchanged.as_ref().map(|unchanged| unchanged.value);
        let options = Options {
            stream_coding: self.stream_coding(),
            deflate: self.deflate(),
            schedule: self.schedule(),
            unchanged: unchanged.map(|own| own.unwrap_or(default)),
            hold: self.hold.map(|hold| hold.value),
            connection: self.connection.map(|connection| connection.value),
            compression: self.compression.map(|compression| compression.value),
            heartbeat: self.heartbeat.map(|heartbeat| heartbeat.value),
            conflate: self.conflate.map(|conflate| conflate.value),
        };
        TransportSettings::of(kind, options)
    }

    /// `Some(None)` is a closed loop, `None` that something was refused.
    fn schedule(&self) -> Option<Option<PollSchedule>> {
        Some(match self.pace.as_ref()?.value {
            Pace::Closed => None,
            Pace::Open => Some(PollSchedule {
                interval: self.interval.as_ref()?.value,
                timing: self.timing.as_ref()?.value,
            }),
        })
    }

    /// `Some(None)` is no compression, `None` that something was refused.
    fn stream_coding(&self) -> Option<Option<StreamCoding>> {
        let window_bits = self.window_bits.as_ref()?.value;
        let window_bits = window_bits.map(|bits| u8::try_from(bits).expect("at most 22"));
        match self.compression.as_ref()?.value {
            Compression::None => Some(None),
            // Refused where it does not have that window.
            coding => Some(Some(StreamCoding::new(coding, window_bits)?)),
        }
    }

    /// The same of messages.
    fn deflate(&self) -> Option<Option<Deflate>> {
        let window_bits = self.window_bits.as_ref()?.value;
        let takeover = self.context_takeover.as_ref()?.value;
        Some(match self.compression.as_ref()?.value {
            Compression::Deflate => Some(Deflate {
                window_bits: u8::try_from(window_bits.unwrap_or(15)).expect("at most 15"),
                context_takeover: takeover.unwrap_or(true),
            }),
            Compression::None | Compression::Gzip | Compression::Brotli => None,
        })
    }
}

/// A poller of the newest value gets it each time, as the plainest server does; one that gets
/// every message once has nothing to get again.
const fn default_unchanged(deliver: Deliver) -> Unchanged {
    match deliver {
        Deliver::Latest => Unchanged::Resend,
        Deliver::Every => Unchanged::Empty,
    }
}
