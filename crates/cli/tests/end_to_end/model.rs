//! The test we are proudest of: for each transport, the model and the counted sockets agree to the
//! byte.

use pushbench_model::{Exchange, Link};
use pushbench_protocol::headers::{AnswerMark, AnswerStatus, ResponseProfile};
use pushbench_protocol::{ByteKind, Cursor, Deliver, Direction, Phase, Unchanged};
use pushbench_store::{KindsV1, RunV2, TrialV2};
use pushbench_wire::segments::SegmentHeaders;

use crate::piped;
use crate::quiet::Job;
use crate::support::{Bench, trial};

/// Bytes that the kernel hands over at once, nearly.
const PIECE: u64 = 65_000;

/// Settings that must move the bytes exactly as the model says.
///
/// In `every` an answer's head says how long its body is, so payloads there are of sizes whose
/// body has as many digits for one message as for three.
const ROWS: [&[&str]; 22] = [
    &[],
    &["workload.payload.bytes=16"],
    &["workload.payload.bytes=125"],
    &["workload.payload.bytes=126"],
    &["workload.payload.bytes=5000"],
    &["workload.payload.bytes=66000"],
    &["workload.deliver=every"],
    &["workload.deliver=every", "workload.payload.bytes=125"],
    &["workload.deliver=every", "workload.payload.bytes=126", "workload.publish.every=125ms"],
    &["workload.deliver=every", "transport.short-poll.unchanged=not-modified"],
    &["transport.short-poll.unchanged=empty"],
    &["transport.short-poll.unchanged=empty", "workload.publish.every=500ms"],
    &["transport.short-poll.unchanged=not-modified", "workload.publish.every=500ms"],
    &["transport.short-poll.unchanged=resend", "workload.publish.every=1s"],
    &["headers.cookie_bytes=300"],
    &["headers.cookie_bytes=2000"],
    &["headers.request=minimal", "headers.response=minimal"],
    &["headers.request=kaazing-2009", "headers.response=kaazing-2009"],
    &["headers.request=firefox"],
    &["headers.request=curl", "network.mss=536"],
    &["network.mss=536", "workload.payload.bytes=5000"],
    &["workload.topics=3", "transport.short-poll.timing=aligned"],
];

const SCENARIO: &str = r#"question = "Does the model hold?"

[workload]
clients = 9
publish = { every = "250ms" }
payload = { bytes = 20 }
warm_up = "500ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
interval = "250ms"

[[transport]]
kind = "websocket"
"#;

/// Settings that move segments.
const OF_SEGMENTS: [&[&str]; 7] = [
    &[],
    &["workload.payload.bytes=5000"],
    &["workload.payload.bytes=66000"],
    &["workload.deliver=every"],
    &["headers.cookie_bytes=2000"],
    &["headers.request=curl", "network.mss=536"],
    &["network.mss=536", "workload.payload.bytes=5000"],
];

fn arguments<'a>(row: &[&'a str]) -> Vec<&'a str> {
    row.iter().flat_map(|set| ["--set", set]).collect()
}

#[test]
fn the_model_and_the_counted_sockets_agree_to_the_byte() {
    for row in ROWS {
        let record = piped::valid_run(SCENARIO, &arguments(row));
        let found = Found { row, record: &record };
        found.check_short_poll();
        found.check_websocket();
    }
}

/// The same over sockets, and the segments: a request whose response takes 40 ms is acknowledged
/// before it.
pub(crate) fn of_the_kernel() -> Vec<Job> {
    let job = |&row: &&'static [&'static str]| {
        let play = move || {
            let sets = [&["--quiet"], &arguments(row)[..]].concat();
            Bench::with(SCENARIO).valid_run(&sets).1
        };
        Job::new(format!("model {row:?}"), play, move |record| {
            let found = Found { row, record };
            found.check_short_poll();
            found.check_websocket();
            let [polls, pushes] = ["short-poll", "websocket"].map(|label| trial(record, label));
            found.check_connect_segments(polls);
            found.check_segments(polls, polls.counts.polls);
            found.check_connect_segments(pushes);
            found.check_segments(pushes, pushes.counts.deliveries_in_measure);
        })
    };
    OF_SEGMENTS.iter().map(job).collect()
}

/// The record of a row.
struct Found<'a> {
    row: &'a [&'a str],
    record: &'a RunV2,
}

impl Found<'_> {
    fn setting(&self, name: &str) -> &str {
        &self.record.scenario.settings[name]
    }

    fn number(&self, name: &str) -> u64 {
        self.setting(name).parse().unwrap_or_else(|_| panic!("{name}: {}", self.setting(name)))
    }

    fn check_short_poll(&self) {
        let row = self.row;
        let trial = trial(self.record, "short-poll");
        let books = &trial.books.phases[&Phase::Measure];
        let counts = &trial.counts;
        let payload = self.number("workload.payload.bytes");
        let every = self.setting("workload.deliver") == Deliver::Every.label();
        assert_eq!(counts.polls, 36, "{row:?}: 9 clients, 4 polls");

        // Each request costs what the model says.
        let request = modelled(trial, "header_bytes_up_per_poll");
        assert_eq!(books.up, only(ByteKind::Header, request * counts.polls, &books.up), "{row:?}");

        // Each answer costs what the model says of its kind.
        let framing = if every { counts.deliveries_in_measure } else { 0 };
        let (message, bare) = self.answer_headers(trial);
        let of = |status: u16| counts.answers.get(&status).copied().unwrap_or(0);
        let header = of(200) * message + (of(204) + of(304)) * bare;
        let repeats = of(200) - (counts.polls - counts.empty_polls);
        let down = KindsV1 {
            payload: counts.deliveries_in_measure * payload,
            repeat: repeats * payload,
            header,
            framing,
            tls: Some(0),
            tcp_ip: books.down.tcp_ip,
            ..KindsV1::default()
        };
        assert_eq!(books.down, down, "{row:?}: {counts:?}");

        // The mean over answers of both kinds is the model's too.
        let empty = match self.unchanged(trial) {
            Unchanged::Resend => 0.0,
            Unchanged::Empty | Unchanged::NotModified => trial.model.figures["empty_polls"],
        };
        let mean = (1.0 - empty) * message as f64 + empty * bare as f64;
        let model = trial.model.figures["header_bytes_down_per_poll"];
        assert!((mean - model).abs() < 1e-6, "{row:?}: {mean} is not the model's {model}");

        self.check_connect(trial);
    }

    fn check_websocket(&self) {
        let row = self.row;
        let trial = trial(self.record, "websocket");
        let books = &trial.books.phases[&Phase::Measure];
        let deliveries = trial.counts.deliveries_in_measure;
        assert!(deliveries > 0, "{row:?}");
        let payload = self.number("workload.payload.bytes");
        let framing = modelled(trial, "framing_bytes_down_per_delivery");
        let down = KindsV1 {
            payload: deliveries * payload,
            framing: deliveries * framing,
            tls: Some(0),
            tcp_ip: books.down.tcp_ip,
            ..KindsV1::default()
        };
        assert_eq!(books.down, down, "{row:?}");
        assert_eq!(books.up, only(ByteKind::Control, 0, &books.up), "{row:?}");

        let close = &trial.books.phases[&Phase::Close];
        let headers = SegmentHeaders { ipv6: false, timestamps: true };
        let model = Exchange::websocket_close(Link { headers, mss: 1_460, tls: None });
        for (direction, found) in [(Direction::Up, &close.up), (Direction::Down, &close.down)] {
            let control = trial.clients * model.kinds(direction)[ByteKind::Control];
            assert_eq!(*found, only(ByteKind::Control, control, found), "{row:?} {direction}");
        }
        self.check_connect(trial);
    }

    /// Connecting, above TCP.
    fn check_connect(&self, trial: &TrialV2) {
        let row = self.row;
        let stream = "connect_stream_bytes_per_connection";
        assert_eq!(trial.figures[stream], trial.model.figures[stream], "{row:?}");
    }

    /// The same with headers, within 2 %.
    fn check_connect_segments(&self, trial: &TrialV2) {
        let row = self.row;
        let wire = "connect_wire_bytes_per_connection";
        let (found, model) = (trial.figures[wire], trial.model.figures[wire]);
        assert!(
            (found / model - 1.0).abs() < 0.02,
            "{row:?} {}: {wire} is {found}, the model says {model}",
            trial.transport
        );
    }

    /// TCP/IP headers of the measure phase, over so many polls or pushes: within 2 % of the model.
    ///
    /// The model knows one acknowledgement of a message, as loopback's kernel sends it: a write
    /// arrives in one piece, however many segments it counts for. A piece is at most 64 KiB, so
    /// larger messages have an acknowledgement for each.
    fn check_segments(&self, trial: &TrialV2, exchanges: u64) {
        let row = self.row;
        let books = &trial.books.phases[&Phase::Measure];
        let found = books.up.tcp_ip.zip(books.down.tcp_ip).map(|(up, down)| up + down);
        let found = found.expect("the kernel has books") as f64 / exchanges as f64;
        let figures = &trial.model.figures;
        let model = match figures.get("wire_bytes_per_poll") {
            Some(wire) => wire - figures["stream_bytes_per_poll"],
            None => figures["tcp_ip_bytes_per_delivery"],
        };
        let more_pieces = self.number("workload.payload.bytes") / PIECE;
        let more = (more_pieces * trial.books.header_bytes_per_segment) as f64;
        assert!(
            (0.98 * model..=1.02 * model + more).contains(&found),
            "{row:?} {}: {found} bytes of TCP/IP headers an exchange, the model says {model}",
            trial.transport
        );
    }

    fn unchanged(&self, trial: &TrialV2) -> Unchanged {
        let transport = self.record.transports.iter().find(|t| t.label == trial.transport);
        let label = &transport.expect("it is listed").options["unchanged"];
        Unchanged::from_label(label).expect("a label")
    }

    /// Bytes of an answer's head with news and without a body.
    fn answer_headers(&self, trial: &TrialV2) -> (u64, u64) {
        let unchanged = self.unchanged(trial);
        let every = self.setting("workload.deliver") == Deliver::Every.label();
        let payload = self.number("workload.payload.bytes") as usize;
        let has_cursor = every || unchanged == Unchanged::Empty;
        let has_tag = unchanged == Unchanged::NotModified;
        let mark = AnswerMark {
            cursor: has_cursor.then_some(Cursor::OLDEST),
            tag: has_tag.then_some(Cursor::OLDEST),
            gap: 0,
        };
        let profile = ResponseProfile::built_in(self.setting("headers.response"));
        let profile = profile.expect("a built-in profile");
        let bare = match unchanged {
            Unchanged::NotModified => AnswerStatus::NotModified,
            Unchanged::Empty | Unchanged::Resend => AnswerStatus::Empty,
        };
        let body = payload + usize::from(every);
        let message = profile.head_len(AnswerStatus::Messages, body, mark) as u64;
        let sample = trial.sample.as_ref().expect("a poll was answered 200");
        assert_eq!(sample.response_bytes, message, "{:?}: {sample:?}", self.row);
        (message, profile.head_len(bare, 0, mark) as u64)
    }
}

/// A modelled figure that is a whole number.
fn modelled(trial: &TrialV2, figure: &str) -> u64 {
    let value = trial.model.figures[figure];
    assert!((value - value.round()).abs() < 1e-9, "{figure} is {value}, expected a whole number");
    value.round() as u64
}

/// Books with bytes of one kind; TCP/IP headers are taken as they were found.
fn only(kind: ByteKind, bytes: u64, found: &KindsV1) -> KindsV1 {
    let mut kinds = KindsV1 { tls: Some(0), tcp_ip: found.tcp_ip, ..KindsV1::default() };
    match kind {
        ByteKind::Header => kinds.header = bytes,
        ByteKind::Control => kinds.control = bytes,
        _ => unreachable!("no test asks for {kind} alone"),
    }
    kinds
}
