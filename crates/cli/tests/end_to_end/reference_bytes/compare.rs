//! The bytes of two trials of one transport, per connection, poll, message and heartbeat.

use std::collections::BTreeMap;

use pushbench_protocol::{Cursor, Phase};
use pushbench_store::{KindsV1, SampleV1, TrialV2};

/// What decides which bytes are exact.
#[derive(Clone, Copy)]
pub(super) struct Carriage {
    pub(super) is_http2: bool,
    pub(super) is_compressed: bool,
}

impl Carriage {
    /// How far apart the bytes of a field block may be. Huffman codes of a date, a port, a cursor
    /// and a tag have 5 or 6 bits a digit (RFC 7541, appendix B), so which digits they have moves a
    /// block by some bytes.
    fn field_block(self) -> f64 {
        if self.is_http2 { 4.0 } else { 0.0 }
    }
}

/// What was compared.
#[derive(Default)]
pub(super) struct Compared {
    /// Figures that were held against each other.
    pub(super) held: usize,
    /// Those that are not equal.
    pub(super) differences: Vec<String>,
}

impl Compared {
    fn hold(&mut self, what: &str, recorded: f64, now: f64, tolerance: f64) {
        self.held += 1;
        // Exactly equal but for the rounding of a division.
        if (recorded - now).abs() > tolerance + 1e-9 {
            let within =
                if tolerance > 0.0 { format!(" within {tolerance:.3}") } else { "".into() };
            self.differences.push(format!("{what}: the record has {recorded}{within}, now {now}"));
        }
    }
}

/// Holds a trial against the record of its transport.
pub(super) fn compare(recorded: &TrialV2, now: &TrialV2, carriage: Carriage) -> Compared {
    let mut compared = Compared::default();
    connections(&mut compared, recorded, now, carriage);
    if now.counts.polls > 0 {
        polls(&mut compared, recorded, now, carriage);
        if !carriage.is_http2 {
            response_headers(&mut compared, recorded, now);
        }
    } else {
        pushes(&mut compared, recorded, now, carriage);
    }
    texts(&mut compared, recorded, now);
    compared
}

/// Bytes of a phase in a direction.
fn kinds<'t>(trial: &'t TrialV2, phase: Phase, direction: &str) -> &'t KindsV1 {
    let books = &trial.books.phases[&phase];
    if direction == "up" { &books.up } else { &books.down }
}

type Kind = (&'static str, fn(&KindsV1) -> u64);
const HEADER: Kind = ("header", |kinds| kinds.header);
const FRAMING: Kind = ("framing", |kinds| kinds.framing);
const CONTROL: Kind = ("control", |kinds| kinds.control);
const HANDSHAKE: Kind = ("handshake", |kinds| kinds.handshake);
const PAYLOAD: Kind = ("payload", |kinds| kinds.payload);

fn per(trial: &TrialV2, phase: Phase, direction: &str, kind: Kind, events: u64) -> f64 {
    (kind.1)(kinds(trial, phase, direction)) as f64 / events as f64
}

/// What each client's connection begins with.
fn connections(compared: &mut Compared, recorded: &TrialV2, now: &TrialV2, carriage: Carriage) {
    for direction in ["up", "down"] {
        for kind in [HEADER, FRAMING, CONTROL, HANDSHAKE] {
            let of = |trial: &TrialV2| per(trial, Phase::Connect, direction, kind, trial.clients);
            let tolerance = match kind.0 {
                "header" | "handshake" => carriage.field_block(),
                _ => 0.0,
            };
            let what = format!("{} bytes {direction} per connection", kind.0);
            compared.hold(&what, of(recorded), of(now), tolerance);
        }
    }
}

/// What each poll sends, and what comes back beside its headers.
fn polls(compared: &mut Compared, recorded: &TrialV2, now: &TrialV2, carriage: Carriage) {
    let per_poll = |trial: &TrialV2, direction: &str, kind: Kind| {
        per(trial, Phase::Measure, direction, kind, trial.counts.polls)
    };
    for kind in [HEADER, FRAMING, CONTROL] {
        let tolerance = if kind.0 == "header" { carriage.field_block() } else { 0.0 };
        let what = format!("{} bytes up per poll", kind.0);
        compared.hold(&what, per_poll(recorded, "up", kind), per_poll(now, "up", kind), tolerance);
    }
    // A poll that was a moment late finds a message more, and the next one fewer.
    let messages =
        |trial: &TrialV2| trial.counts.deliveries_in_measure as f64 / trial.counts.polls as f64;
    let uneven = (messages(recorded) - messages(now)).abs();
    let is_even = uneven < 1e-9 || recorded.counts.deliveries_in_measure == 0;
    if carriage.is_http2 {
        // Where all polls find something, or the newest again, responses have the same fields.
        let of = |trial: &TrialV2| per_poll(trial, "down", HEADER);
        compared.hold("header bytes down per poll", of(recorded), of(now), 4.0);
        let of = |trial: &TrialV2| per_poll(trial, "down", FRAMING);
        // A message more is its line end; frame headers are there once a response.
        compared.hold("framing bytes down per poll", of(recorded), of(now), uneven);
    } else if !carriage.is_compressed {
        // In HTTP/1.1 the length of a body is a field: what marks messages off is theirs alone.
        let of = |trial: &TrialV2| {
            let events = trial.counts.deliveries_in_measure.max(1);
            per(trial, Phase::Measure, "down", FRAMING, events)
        };
        let is_nudged = kinds(recorded, Phase::Measure, "down").control > 0;
        let tolerance = if is_nudged { uneven * 2.0 } else { 0.0 };
        compared.hold("framing bytes down per message", of(recorded), of(now), tolerance);
    }
    let of = |trial: &TrialV2| per_poll(trial, "down", CONTROL);
    let tolerance = if is_even { 0.0 } else { uneven * 5.0 };
    compared.hold("control bytes down per poll", of(recorded), of(now), tolerance);
    if !carriage.is_compressed {
        payload(compared, recorded, now);
    }
}

/// What each message, or each heartbeat where there is no message, is wrapped in.
fn pushes(compared: &mut Compared, recorded: &TrialV2, now: &TrialV2, carriage: Carriage) {
    let is_idle = recorded.counts.deliveries_in_measure == 0;
    let (event, events): (_, fn(&TrialV2) -> u64) = if is_idle {
        ("heartbeat", |trial| trial.counts.heartbeats.unwrap_or(0))
    } else {
        ("message", |trial| trial.counts.deliveries_in_measure)
    };
    for direction in ["up", "down"] {
        for kind in [HEADER, FRAMING, CONTROL] {
            let of = |trial: &TrialV2| per(trial, Phase::Measure, direction, kind, events(trial));
            // A frame's header is 2 bytes up to 125 of payload and 4 from there (RFC 6455, section
            // 5.2), and how long a compressed message is depends on those before it.
            let tolerance = if carriage.is_compressed && kind.0 == "framing" { 2.0 } else { 0.0 };
            let what = format!("{} bytes {direction} per {event}", kind.0);
            compared.hold(&what, of(recorded), of(now), tolerance);
        }
    }
    if !carriage.is_compressed && !is_idle {
        payload(compared, recorded, now);
    }
}

fn payload(compared: &mut Compared, recorded: &TrialV2, now: &TrialV2) {
    if recorded.counts.deliveries_in_measure == 0 {
        return;
    }
    let of = |trial: &TrialV2| {
        per(trial, Phase::Measure, "down", PAYLOAD, trial.counts.deliveries_in_measure)
    };
    compared.hold("payload bytes per message", of(recorded), of(now), 0.0);
}

/// The length of each response's headers by its status: that of 200 from the sample, the others by
/// what is left of all header bytes. What remains after the last is a difference.
fn response_headers(compared: &mut Compared, recorded: &TrialV2, now: &TrialV2) {
    let mut lengths = BTreeMap::new();
    if let Some(sample) = now.sample.as_ref().or(recorded.sample.as_ref()) {
        lengths.insert(200, sample.response_bytes);
    }
    for (whose, trial) in [("now", now), ("in the record", recorded)] {
        let mut left = kinds(trial, Phase::Measure, "down").header;
        let mut unknown = Vec::new();
        for (&status, &count) in &trial.counts.answers {
            match lengths.get(&status) {
                Some(length) => left = left.wrapping_sub(length * count),
                None => unknown.push((status, count)),
            }
        }
        match unknown[..] {
            // A body of ten times the bytes has a digit more in its length.
            [] => {
                let most = trial.counts.answers.get(&200).copied().unwrap_or(0) as f64 / 100.0;
                let text = format!("response header bytes {whose}, beyond those of each status");
                compared.hold(&text, 0.0, left as i64 as f64, most);
            }
            [(status, count)] => {
                let text = format!("header bytes of the responses {status}, {whose}");
                let whole = left / count;
                compared.hold(&text, (whole * count) as f64, left as f64, 0.0);
                lengths.insert(status, whole);
            }
            _ => compared.differences.push(format!(
                "{whose} the responses {unknown:?} cannot be told apart: change how it is played"
            )),
        }
    }
}

/// The headers of a poll and its response, character for character but for what names the moment.
fn texts(compared: &mut Compared, recorded: &TrialV2, now: &TrialV2) {
    let (Some(recorded), Some(now)) = (&recorded.sample, &now.sample) else { return };
    let texts = |sample: &SampleV1| [masked(&sample.request_head), masked(&sample.response_head)];
    for (recorded, now) in texts(recorded).into_iter().zip(texts(now)) {
        compared.held += 1;
        if recorded != now {
            compared.differences.push(format!("the record has\n{recorded}now\n{now}"));
        }
    }
}

/// Headers with `0` for every character of a cursor and a tag and every digit of a
/// topic and a port, and without a date and the
/// digits of a length.
fn masked(head: &str) -> String {
    let zeros = |text: &str, is_one: fn(char) -> bool| -> String {
        text.chars().map(|c| if is_one(c) { '0' } else { c }).collect()
    };
    let mut text = String::new();
    for line in head.split_inclusive('\n') {
        let at = line.find([':', '=']).map_or(0, |at| at + 1);
        let (name, value) = line.split_at(at);
        let value = match name.to_ascii_lowercase().as_str() {
            "host:" | "origin:" | "referer:" => zeros(value, |c| c.is_ascii_digit()),
            "cursor:" | "etag:" | "if-none-match:" => zeros(value, |c| c.is_ascii_alphanumeric()),
            "content-length:" => value.replace(|c: char| c.is_ascii_digit(), ""),
            "date:" => "\r\n".to_owned(),
            name if name.ends_with("?after=") => {
                let (cursor, rest) = value.split_at(Cursor::LEN);
                zeros(cursor, |c| c.is_ascii_alphanumeric()) + rest
            }
            _ => value.to_owned(),
        };
        // Clients of another topic are as good.
        let is_path = name.ends_with("?after=");
        let name = if is_path { zeros(name, |c| c.is_ascii_digit()) } else { name.to_owned() };
        text.push_str(&name);
        text.push_str(&value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_two_moments_are_the_same_and_a_byte_more_is_not() {
        let head = "GET /topics/t0000/poll?after=0000000000000012 HTTP/1.1\r\n\
                    Host: 127.0.0.1:45787\r\nAccept: */*\r\n\r\n";
        let later = head.replace("0000000000000012", "ta80000000000340").replace("45787", "39001");
        assert_eq!(masked(head), masked(&later));
        assert_ne!(masked(head), masked(&head.replace("*/*", "*/* ")));
        assert_ne!(masked(head), masked(&head.replace("45787", "457870")));
    }

    #[test]
    fn a_byte_more_per_poll_is_a_difference() {
        let mut compared = Compared::default();
        compared.hold("header", 527.0, 527.0, 0.0);
        assert_eq!((compared.held, compared.differences.len()), (1, 0));
        compared.hold("header", 527.0, 528.0, 0.0);
        assert_eq!((compared.held, compared.differences.len()), (2, 1));
    }
}
