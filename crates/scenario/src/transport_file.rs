//! `[[transport]]` as written: the kind, its options, and what carries it.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{
    Compression, ConnectionUse, Deliver, Hold, HttpVersion, PollTiming, StreamCoding, TlsUse,
    TransportKind, Unchanged,
};

use crate::complaint::Problems;
use crate::kind::{Mismatch, choice, count, duration, label, one_of, truth, whole};
use crate::quantity::minutes;
use crate::reader::{Read, Reader};
use crate::tree::{Place, Table, Value};
use crate::{
    Carriage, Deflate, LongPoll, Nudge, ShortPoll, Sse, Stream, Transport, TransportSettings,
    WebSocket,
};

/// `[[transport]]`.
#[derive(Debug)]
pub(crate) struct TransportFile {
    pub(crate) kind: Read<TransportKind>,
    /// The `name`, or the kind's.
    pub(crate) label: Read<String>,
    pub(crate) carriage: CarriageFile,
    pub(crate) options: OptionsFile,
}

/// What carries it, whatever its kind.
#[derive(Debug)]
pub(crate) struct CarriageFile {
    pub(crate) http: Read<HttpVersion>,
    pub(crate) tls: Read<TlsUse>,
    pub(crate) clients_per_connection: Read<NonZeroU32>,
}

/// Options of a transport, by kind.
#[derive(Debug)]
pub(crate) enum OptionsFile {
    ShortPoll {
        interval: Read<Duration>,
        timing: Read<PollTiming>,
        unchanged: Read<Option<Unchanged>>,
        connection: Read<ConnectionUse>,
        compression: Read<Compression>,
    },
    LongPoll {
        hold: Read<Hold>,
        connection: Read<ConnectionUse>,
        compression: Read<Compression>,
    },
    Sse {
        heartbeat: Read<Option<Duration>>,
        conflate: Read<Option<Duration>>,
        coding: CodingFile,
    },
    Stream {
        conflate: Read<Option<Duration>>,
        coding: CodingFile,
    },
    WebSocket {
        heartbeat: Read<Option<Duration>>,
        conflate: Read<Option<Duration>>,
        deflate: DeflateFile,
    },
    Nudge {
        heartbeat: Read<Option<Duration>>,
    },
    /// The kind was refused.
    Unknown,
}

/// What a stream is compressed with.
#[derive(Debug)]
pub(crate) struct CodingFile {
    pub(crate) compression: Read<Compression>,
    pub(crate) window_bits: Read<Option<u64>>,
}

/// What a WebSocket's messages are compressed with.
#[derive(Debug)]
pub(crate) struct DeflateFile {
    pub(crate) compression: Read<Compression>,
    pub(crate) window_bits: Read<Option<u64>>,
    pub(crate) context_takeover: Read<Option<bool>>,
}

/// Options that only some kinds have, and those.
const OPTIONS: [(&str, &[TransportKind]); 10] = {
    use TransportKind::{LongPoll, Nudge, ShortPoll, Sse, Stream, WebSocket};
    [
        ("interval", &[ShortPoll]),
        ("timing", &[ShortPoll]),
        ("unchanged", &[ShortPoll]),
        ("hold", &[LongPoll]),
        ("connection", &[ShortPoll, LongPoll]),
        ("compression", &[ShortPoll, LongPoll, Sse, Stream, WebSocket]),
        ("window_bits", &[Sse, Stream, WebSocket]),
        ("context_takeover", &[WebSocket]),
        ("heartbeat", &[Sse, WebSocket, Nudge]),
        ("conflate", &[Sse, Stream, WebSocket]),
    ]
};

/// How bodies and streams may be compressed.
const OF_BODIES: &[Compression] = &[Compression::None, Compression::Gzip, Compression::Brotli];
/// How messages of a WebSocket may be compressed.
const OF_MESSAGES: &[Compression] = &[Compression::None, Compression::Deflate];

pub(crate) fn transports(root: &mut Reader<'_>, problems: &Problems) -> Vec<TransportFile> {
    let kinds = one_of(TransportKind::ALL.iter().map(|kind| kind.label())).expected;
    let tables = root.tables("transport", &format!("a kind, {kinds}"));
    let named = |(index, (place, table)): (usize, (Place, &Table))| {
        let key = match transport_label(table).filter(|name| label(&(*name).into()).is_ok()) {
            Some(label) => format!("transport.{label}"),
            None => format!("transport[{}]", index + 1),
        };
        transport(Reader::new(&key, place, Some(table), problems))
    };
    tables.into_iter().enumerate().map(named).collect()
}

/// What a transport is called, as far as its table says: its name, or its kind's.
pub(crate) fn transport_label(table: &Table) -> Option<&str> {
    table.text("name").or_else(|| table.text("kind"))
}

fn transport(mut table: Reader<'_>) -> TransportFile {
    let kind = table.required("kind", choice(TransportKind::ALL, TransportKind::label));
    let name = table.optional("name", label);
    let label = name.and_then(|name| match (name.value.clone(), &kind) {
        (Some(label), _) => Some(name.with(label)),
        (None, Some(kind)) => Some(kind.clone().with(kind.value.label().to_owned())),
        (None, None) => None,
    });
    let carriage = CarriageFile {
        http: table.or("http", "1.1", choice(HttpVersion::ALL, HttpVersion::label)),
        tls: table.or("tls", "none", choice(TlsUse::ALL, TlsUse::label)),
        clients_per_connection: table.or("clients_per_connection", 1, count(1_000)),
    };
    // Without a kind nobody knows which options it may have, so none is called unknown.
    let Some(known) = kind.as_ref().map(|kind| kind.value) else {
        return TransportFile { kind, label, carriage, options: OptionsFile::Unknown };
    };
    let options = options(&mut table, known);
    for (option, owners) in OPTIONS {
        if !owners.contains(&known) {
            let owners: Vec<_> = owners.iter().map(|owner| owner.label()).collect();
            let (owners, have) = match owners.as_slice() {
                [one] => ((*one).to_owned(), "has"),
                several => (several.join(", "), "have"),
            };
            table.refuse_key(option, &format!("nothing: only {owners} {have} this option"));
        }
    }
    table.finish();
    TransportFile { kind, label, carriage, options }
}

fn options(table: &mut Reader<'_>, kind: TransportKind) -> OptionsFile {
    match kind {
        TransportKind::ShortPoll => OptionsFile::ShortPoll {
            interval: table.or("interval", "1s", duration(Duration::from_millis(10)..=minutes(3))),
            timing: table.or("timing", "schedule", choice(PollTiming::ALL, PollTiming::label)),
            unchanged: table.optional("unchanged", choice(Unchanged::ALL, Unchanged::label)),
            connection: connection(table),
            compression: table.or("compression", "none", choice(OF_BODIES, Compression::label)),
        },
        TransportKind::LongPoll => OptionsFile::LongPoll {
            hold: table.or("hold", "25s", hold),
            connection: connection(table),
            compression: table.or("compression", "none", choice(OF_BODIES, Compression::label)),
        },
        TransportKind::Sse => OptionsFile::Sse {
            heartbeat: heartbeat(table),
            conflate: conflate(table),
            coding: coding(table),
        },
        TransportKind::Stream => {
            OptionsFile::Stream { conflate: conflate(table), coding: coding(table) }
        }
        TransportKind::WebSocket => OptionsFile::WebSocket {
            heartbeat: heartbeat(table),
            conflate: conflate(table),
            deflate: DeflateFile {
                compression: table.or(
                    "compression",
                    "none",
                    choice(OF_MESSAGES, Compression::label),
                ),
                // 8 is allowed by the RFC and not by zlib, which most peers use.
                window_bits: table.optional("window_bits", whole(9..=15)),
                context_takeover: table.optional("context_takeover", truth),
            },
        },
        TransportKind::Nudge => OptionsFile::Nudge { heartbeat: heartbeat(table) },
    }
}

fn connection(table: &mut Reader<'_>) -> Read<ConnectionUse> {
    table.or("connection", "keep-alive", choice(ConnectionUse::ALL, ConnectionUse::label))
}

/// A window is held against its coding in `carriage_check`.
fn coding(table: &mut Reader<'_>) -> CodingFile {
    CodingFile {
        compression: table.or("compression", "none", choice(OF_BODIES, Compression::label)),
        window_bits: table.optional("window_bits", whole(9..=22)),
    }
}

fn heartbeat(table: &mut Reader<'_>) -> Read<Option<Duration>> {
    table.optional("heartbeat", duration(Duration::from_millis(500)..=minutes(10)))
}

fn conflate(table: &mut Reader<'_>) -> Read<Option<Duration>> {
    table.optional("conflate", duration(Duration::from_millis(10)..=minutes(3)))
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
        let CarriageFile { http, tls, clients_per_connection } = self.carriage;
        let carriage = Carriage {
            http: http?.value,
            tls: tls?.value,
            clients_per_connection: clients_per_connection?.value,
        };
        let settings = match self.options {
            OptionsFile::ShortPoll { interval, timing, unchanged, connection, compression } => {
                TransportSettings::ShortPoll(ShortPoll {
                    interval: interval?.value,
                    timing: timing?.value,
                    unchanged: unchanged?.value.unwrap_or(default_unchanged(deliver)),
                    connection: connection?.value,
                    compression: compression?.value,
                })
            }
            OptionsFile::LongPoll { hold, connection, compression } => {
                TransportSettings::LongPoll(LongPoll {
                    hold: hold?.value,
                    connection: connection?.value,
                    compression: compression?.value,
                })
            }
            OptionsFile::Sse { heartbeat, conflate, coding } => TransportSettings::Sse(Sse {
                heartbeat: heartbeat?.value,
                conflate: conflate?.value,
                compression: coding.resolve()?,
            }),
            OptionsFile::Stream { conflate, coding } => TransportSettings::Stream(Stream {
                conflate: conflate?.value,
                compression: coding.resolve()?,
            }),
            OptionsFile::WebSocket { heartbeat, conflate, deflate } => {
                TransportSettings::WebSocket(WebSocket {
                    heartbeat: heartbeat?.value,
                    conflate: conflate?.value,
                    deflate: deflate.resolve()?,
                })
            }
            OptionsFile::Nudge { heartbeat } => {
                TransportSettings::Nudge(Nudge { heartbeat: heartbeat?.value })
            }
            OptionsFile::Unknown => return None,
        };
        Some(Transport { label: self.label?.value, settings, carriage })
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.label.as_ref().map(|label| label.value.as_str())
    }
}

impl CodingFile {
    /// `Some(None)` is no compression, `None` that something was refused.
    fn resolve(self) -> Option<Option<StreamCoding>> {
        let (compression, window_bits) = (self.compression?.value, self.window_bits?.value);
        let window_bits = window_bits.map(|bits| u8::try_from(bits).expect("at most 22"));
        match compression {
            Compression::None => Some(None),
            // Refused where it does not have that window.
            coding => Some(Some(StreamCoding::new(coding, window_bits)?)),
        }
    }
}

impl DeflateFile {
    /// `Some(None)` is no compression, `None` that something was refused.
    fn resolve(self) -> Option<Option<Deflate>> {
        let (window_bits, takeover) = (self.window_bits?.value, self.context_takeover?.value);
        Some(match self.compression?.value {
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
