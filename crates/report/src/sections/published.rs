//! The sample of Lubbers and Greco (2010), theirs beside ours, in their unit and in SI.

use pushbench_protocol::TransportKind;
use pushbench_store::{RunV2, SampleV1, TransportV1};

use crate::figures::{first_of, measured, trials};
use crate::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use crate::units::{self, ABSENT, digits, grouped, number};

/// The article's "M" of bits: 2^20.
const MEBI: f64 = 1_048_576.0;

/// The article's sample counted four ways: label, a poll, a WebSocket message. The first row is
/// printed in the article, the others follow from its sample; layer 3 is modelled.
const COUNTED: [(&str, u32, u32); 4] = [
    ("headers, characters", 871, 2),
    ("headers, bytes", 909, 2),
    ("with the payload", 930, 23),
    ("with TCP/IP, layer 3", 1_086, 127),
];

/// The article's use cases: clients, and its "Mbps" for polling and for WebSocket.
const CASES: [(u64, &str, &str); 3] =
    [(1_000, "6.6", "0.015"), (10_000, "66", "0.153"), (100_000, "665", "1.526")];

/// `None` unless the run replays the sample.
pub(crate) fn published(run: &RunV2) -> Option<Section> {
    if run.scenario.settings.get("headers.request").map(String::as_str) != Some("kaazing-2009") {
        return None;
    }
    let ours = Ours::of(run);
    let mut section = Section::new("The published sample");
    section.say(
        Tone::Plain,
        "Lubbers and Greco (2010): one poll or one WebSocket message per client and second. The \
         article prints 871, 2 and the megabits; the other published figures are derived from \
         its sample, which has a payload of 21 bytes, and their layer 3 is modelled.",
    );
    section.blocks.push(Block::Table(counted(&ours)));
    if let Some(body) = ours.body_bytes.filter(|&body| body != 21) {
        let body = units::counted(body, "byte");
        section.say(Tone::Warning, format!("This run's payload has {body}, not 21."));
    }
    section.say(
        Tone::Plain,
        "Mib/s (2^20 bits), as the 2010 article counted: header characters only, both directions \
         summed. The same in SI units, Mb/s (10^6 bits), is beside it.",
    );
    section.blocks.push(Block::Table(use_cases(&ours)));
    Some(section)
}

/// What this run has of the same.
struct Ours {
    clients: Option<u64>,
    characters: Option<f64>,
    body_bytes: Option<u64>,
    framing: Option<f64>,
    /// In the order of [`COUNTED`].
    poll: [Option<f64>; 4],
    message: [Option<f64>; 4],
    polls_per_second: Option<f64>,
    messages_per_second: Option<f64>,
}

impl Ours {
    fn of(run: &RunV2) -> Self {
        let poll = first_of(run, TransportKind::has_timer);
        let socket = first_of(run, |kind| kind.pushes() && kind.upgrades());
        let found = |transport: Option<&TransportV1>, figure| {
            Some(measured(run, transport?, figure)?.value)
        };
        let sample = poll.and_then(|poll| sample(run, poll));
        let characters =
            sample.map(|sample| (sample.request_characters + sample.response_characters) as f64);
        let framing = found(socket, "framing_bytes_per_delivery");
        Self {
            clients: run.trials.first().map(|trial| trial.clients),
            characters,
            body_bytes: sample.map(|sample| sample.body_bytes),
            framing,
            poll: [
                characters,
                found(poll, "header_bytes_per_poll"),
                found(poll, "stream_bytes_per_poll"),
                found(poll, "wire_bytes_per_poll"),
            ],
            message: [
                framing,
                framing,
                found(socket, "stream_bytes_per_delivery"),
                found(socket, "wire_bytes_per_delivery"),
            ],
            polls_per_second: found(poll, "requests_per_second"),
            messages_per_second: found(socket, "deliveries_per_second"),
        }
    }
}

fn sample<'run>(run: &'run RunV2, transport: &TransportV1) -> Option<&'run SampleV1> {
    trials(run, transport).find_map(|trial| trial.sample.as_ref())
}

fn counted(ours: &Ours) -> Table {
    let groups = ["a poll", "a message", "poll : message"];
    let rows = COUNTED.iter().zip(ours.poll).zip(ours.message);
    let rows = rows.map(|((&(label, poll, message), our_poll), our_message)| {
        let (poll, message) = (f64::from(poll), f64::from(message));
        let our_ratio = our_poll.zip(our_message).filter(|(_, message)| *message > 0.0);
        values(
            label,
            [
                number(poll),
                shown(our_poll, number),
                number(message),
                shown(our_message, number),
                ratio(poll / message),
                shown(our_ratio, |(poll, message)| ratio(poll / message)),
            ],
        )
    });
    Table {
        label: "bytes of".to_owned(),
        groups: groups.map(|title| group(title, &["published", "this run"])).into(),
        rows: rows.collect(),
    }
}

fn use_cases(ours: &Ours) -> Table {
    let mut cases: Vec<_> = CASES
        .iter()
        .map(|&(clients, poll, message)| (clients, poll.to_owned(), message.to_owned()))
        .collect();
    if let Some(clients) = ours.clients.filter(|ours| !CASES.iter().any(|case| case.0 == *ours)) {
        cases.push((clients, ABSENT.to_owned(), ABSENT.to_owned()));
        cases.sort();
    }
    let rows = cases.into_iter().map(|(clients, poll, message)| {
        // At the size that ran, the rate that was reached; at others, the article's one a second.
        let is_ours = ours.clients == Some(clients);
        let rate = |reached: Option<f64>| if is_ours { reached } else { Some(clients as f64) };
        let bits = |bytes: Option<f64>, rate: Option<f64>| Some(bytes? * 8.0 * rate?);
        let our_poll = bits(ours.characters, rate(ours.polls_per_second));
        let our_message = bits(ours.framing, rate(ours.messages_per_second));
        values(
            &units::counted(clients, "client"),
            [
                poll,
                shown(our_poll, |bits| digits(bits / MEBI, 4)),
                shown(our_poll, |bits| digits(bits / 1e6, 4)),
                message,
                shown(our_message, |bits| digits(bits / MEBI, 4)),
                shown(our_message, |bits| digits(bits / 1e6, 4)),
                if is_ours { "measured" } else { "modelled" }.to_owned(),
            ],
        )
    });
    let columns = ["published", "Mib/s", "Mb/s"];
    Table {
        label: String::new(),
        groups: vec![
            group("polling", &columns),
            group("WebSocket", &columns),
            group("", &["this run"]),
        ],
        rows: rows.collect(),
    }
}

fn group(title: &str, columns: &[&str]) -> ColumnGroup {
    ColumnGroup {
        title: title.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    }
}

fn values<const N: usize>(label: &str, cells: [String; N]) -> Row {
    let cells: Vec<Span> = cells.into_iter().map(|cell| Tone::Plain.span(cell)).collect();
    Row::Values { label: Tone::Plain.span(label), cells }
}

fn ratio(value: f64) -> String {
    format!("{} : 1", grouped(value, 1))
}

fn shown<T>(value: Option<T>, how: impl Fn(T) -> String) -> String {
    value.map_or(ABSENT.to_owned(), how)
}
