//! Whether a trial of our own server was as modelled.
//!
//! How much happened is held against the schedule, which says exactly how many polls are due and
//! nearly exactly what they find; how many bytes that took above TLS is held against the model of
//! what was seen to happen, so that a message more or less at an edge is no difference. What takes
//! the server's settings for others than the scenario's (heartbeats or conflation that nobody asked
//! for, answers that should have had a body) shows in one or the other.

use std::time::Duration;

use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{
    Arrival, ByteKind, Deliver, Direction, HttpVersion, Layer, Phase, PollTiming,
};
use pushbench_scenario::ShortPoll;
use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check, not_checked};
use crate::figures::{bytes_of, layer_of};
use pushbench_model::Compressed;
use pushbench_model::Schedule;
use pushbench_model::{Seen, Subject, predict_seen};

/// Share by which measured and modelled may differ before the result is doubted, and refused.
const OFF: (f64, f64) = (0.02, 0.10);
/// Events that it takes to say so: of fewer, two more or less would be a doubt.
const EVENTS: u64 = 100;
/// What a message may take to be published and to be there for polls, beside its lateness: a poll so
/// close to it may find it or not.
const UNSURE: Duration = Duration::from_millis(5);

/// What is to be expected, from the least to the most, and of what.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Expected {
    least: f64,
    most: f64,
}

impl Expected {
    fn exactly(count: u64) -> Self {
        Self { least: count as f64, most: count as f64 }
    }

    fn between(counts: [u64; 3]) -> Self {
        let [least, most] = [counts.into_iter().min(), counts.into_iter().max()];
        Self { least: least.unwrap_or(0) as f64, most: most.unwrap_or(0) as f64 }
    }

    fn widened(self, down: u64, up: u64) -> Self {
        Self { least: (self.least - down as f64).max(0.0), most: self.most + up as f64 }
    }

    /// How far what was found lies outside, as a share of the nearer end; `None` where nothing was
    /// expected and nothing found.
    fn off(self, found: f64) -> Option<f64> {
        let nearer = if found < self.least { self.least } else { self.most };
        match found {
            _ if (self.least..=self.most).contains(&found) => (self.most > 0.0).then_some(0.0),
            // Nothing is the only measure of nothing: as far off as can be.
            _ if nearer == 0.0 => Some(f64::MAX),
            _ => Some(found / nearer - 1.0),
        }
    }

    /// For people: one number, or two.
    fn text(self) -> String {
        let [least, most] = [self.least, self.most].map(|count| format!("{count:.0}"));
        if least == most { least } else { format!("{least} to {most}") }
    }
}

/// Holds a trial of our own server against the model.
pub(crate) fn as_modelled(evidence: &Evidence<'_>, subject: &Subject<'_>) -> Vec<CheckV1> {
    let names = ["model-polls", "model-deliveries", "model-bytes"];
    let failures: u64 = evidence.counts.errors.values().sum();
    let why_not = match evidence {
        _ if !evidence.is_complete => Some("the trial was not played to its end".to_owned()),
        _ if failures > 0 => Some(format!("{failures} failures: not all was done")),
        _ => None,
    };
    if let Some(why) = why_not {
        return names.map(|name| not_checked(name, why.clone())).into();
    }
    let schedule = Schedule::of(evidence.scenario);
    let mut checks = Vec::new();
    let counts = evidence.counts;
    if evidence.transport.kind().polls() {
        let found = counts.polls;
        checks.push(match polls(evidence, &schedule) {
            Some(expected) => count_check("model-polls", "polls", found, expected),
            None => not_checked("model-polls", AFTER_ANSWER),
        });
    }
    let found = counts.deliveries_in_measure;
    checks.push(match deliveries(evidence, &schedule) {
        Some(expected) => count_check("model-deliveries", "deliveries", found, expected),
        None => not_checked("model-deliveries", AFTER_ANSWER),
    });
    checks.extend(bytes(evidence, subject, &schedule));
    checks
}

/// Why polls that are timed by the responses have no schedule.
const AFTER_ANSWER: &str = "with timing = \"after-answer\" the server's response time \
                            decides when polls are due";

/// Whether the schedule says when polls are due.
const fn is_scheduled(poll: ShortPoll) -> bool {
    match poll.timing {
        PollTiming::Schedule | PollTiming::Aligned => true,
        PollTiming::AfterAnswer => false,
    }
}

/// Polls that the schedule has.
fn polls(evidence: &Evidence<'_>, schedule: &Schedule<'_>) -> Option<Expected> {
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let transport = evidence.transport;
    match transport.kind().properties().arrival {
        Arrival::Timer => {
            let poll = transport.timer()?;
            is_scheduled(poll).then(|| Expected::exactly(schedule.found(poll).values().sum()))
        }
        // A hold may have begun at any time before the warm-up, so each client may have one more that
        // ends in the phase, or one less.
        Arrival::Held => {
            let [empties, with_one] = schedule.held(transport.long_poll()?);
            let together = schedule.close_together(answered_within(evidence));
            let widened = Expected::exactly(empties).widened(clients, clients);
            let Expected { least, most } = widened;
            let (empties_least, empties_most) = match empties {
                // Where each message comes before a hold ends, none ends.
                0 => (0.0, 0.0),
                _ => (least, most),
            };
            let with_one = with_one as f64;
            Some(Expected {
                least: (with_one - together as f64).max(0.0) + empties_least,
                most: with_one + empties_most,
            })
        }
        Arrival::Notified => {
            let together = schedule.close_together(answered_within(evidence));
            Some(Expected::exactly(schedule.expected()).widened(together, together))
        }
        Arrival::Pushed => None,
    }
}

/// Deliveries that the schedule has.
fn deliveries(evidence: &Evidence<'_>, schedule: &Schedule<'_>) -> Option<Expected> {
    let workload = &evidence.scenario.workload;
    let clients = u64::from(workload.clients.get());
    let newest_only = workload.deliver == Deliver::Latest;
    let expected = Expected::exactly(schedule.expected());
    if let Some(every) = evidence.transport.conflate() {
        let sent = schedule.conflated(every);
        // The server's clock runs on while the schedule stands still before the measure phase.
        return Some(Expected::exactly(sent).widened(clients, clients));
    }
    if let Some(poll) = evidence.transport.timer() {
        return is_scheduled(poll).then(|| {
            let late = &evidence.outcome;
            let p99 = [&late.publisher.lateness, &late.poll_lateness]
                .map(|histogram| histogram.quantile(0.99).unwrap_or_default());
            let unsure = UNSURE + p99[0] + p99[1];
            let of = |schedule: &Schedule<'_>| -> u64 {
                let found = schedule.found(poll).into_iter();
                found
                    .map(
                        |(count, polls)| {
                            if newest_only { count.min(1) * polls } else { count * polls }
                        },
                    )
                    .sum()
            };
            Expected::between([
                of(schedule),
                of(&schedule.shifted(unsure, true)),
                of(&schedule.shifted(unsure, false)),
            ])
        });
    }
    // The newest only: of messages that come faster than they are asked for some are superseded.
    if newest_only && evidence.transport.kind().polls() {
        let together = schedule.close_together(answered_within(evidence));
        return Some(expected.widened(together, 0));
    }
    Some(expected)
}

/// Within how much time of another a message may share its answer.
fn answered_within(evidence: &Evidence<'_>) -> Duration {
    UNSURE + evidence.outcome.latency.quantile(0.99).unwrap_or_default()
}

fn count_check(name: &str, what: &str, found: u64, expected: Expected) -> CheckV1 {
    let events = found.max(expected.most as u64);
    let Some(off) = expected.off(found as f64) else {
        return not_checked(name, format!("no {what} were due and none were made"));
    };
    if events < EVENTS {
        return not_checked(name, format!("{events} {what}, needs {EVENTS}"));
    }
    let said = format!("{found} {what}, {} by the schedule", expected.text());
    judged(name, off, said)
}

/// Stream bytes of the measure phase, against the model of what was seen to happen.
fn bytes(evidence: &Evidence<'_>, subject: &Subject<'_>, schedule: &Schedule<'_>) -> Vec<CheckV1> {
    let name = "model-bytes";
    let Some(books) = evidence.books.phases.get(&Phase::Measure) else {
        return vec![not_checked(name, "no measure phase was played")];
    };
    let counts = evidence.counts;
    let seen = Seen {
        polls: counts.polls,
        empty: counts.empty_polls,
        deliveries: counts.deliveries_in_measure,
    };
    let model = predict_seen(subject, schedule, seen);
    let modelled = |name: &str, direction| {
        let figure = bytes_per(name, Some(direction), "client_second");
        model.get(&figure).copied().unwrap_or(0.0) * schedule.client_seconds()
    };
    // How long compressed messages are the model only estimates; everything else is exact.
    let is_estimated = Compressed::of(evidence.transport) != Compressed::Nothing;
    let left_out: &[ByteKind] =
        if is_estimated { &[ByteKind::Payload, ByteKind::Repeat] } else { &[] };
    let (mut found, mut expected) = (0.0, 0.0);
    for (direction, kinds) in [(Direction::Up, &books.up), (Direction::Down, &books.down)] {
        found += layer_of(kinds, Layer::Stream).unwrap_or(0) as f64;
        expected += modelled(Layer::Stream.label(), direction);
        for kind in left_out {
            found -= bytes_of(kinds, *kind).unwrap_or(0) as f64;
            expected -= modelled(kind.label(), direction);
        }
    }
    let mut slack = by_the_clock(evidence, subject);
    if is_estimated {
        // The header of a frame or a chunk grows by as much with the length that is estimated.
        const GROWS: u64 = 2;
        slack += GROWS * seen.deliveries;
    }
    let range = Expected { least: expected, most: expected }.widened(slack, slack);
    let events = seen.polls + seen.deliveries + counts.heartbeats.unwrap_or(0);
    let Some(off) = range.off(found) else {
        return vec![not_checked(name, "no bytes were to move and none did")];
    };
    if events < EVENTS && expected > 0.0 {
        let text = format!("{events} polls, deliveries and heartbeats, needs {EVENTS}");
        return vec![not_checked(name, text)];
    }
    let what = if is_estimated { "bytes above TLS beside payload" } else { "bytes above TLS" };
    vec![judged(name, off, format!("{found:.0} {what}, {} by the model", range.text()))]
}

/// Bytes that depend on when clocks begin their ticks and not on what was done.
fn by_the_clock(evidence: &Evidence<'_>, subject: &Subject<'_>) -> u64 {
    // A beat of the server's clock may just miss the phase at either end; frames of both ways.
    const BEAT: u64 = 2 * 24;
    // A date in the Huffman code that HTTP/2 has not seen: a connection may see one second more
    // begin, or one less.
    const DATE: u64 = 26;
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let beats = if evidence.transport.heartbeat().is_some() { clients * BEAT } else { 0 };
    let carriage = subject.transport.carriage;
    let dates = match carriage.http {
        HttpVersion::Http2 if evidence.transport.kind().polls() => {
            clients.div_ceil(u64::from(carriage.clients_per_connection.get())) * DATE
        }
        HttpVersion::Http11 | HttpVersion::Http2 => 0,
    };
    beats + dates
}

/// What a deviation comes to.
fn judged(name: &str, off: f64, said: String) -> CheckV1 {
    let verdict = match off.abs() {
        off if off > OFF.1 => Verdict::Invalid,
        off if off > OFF.0 => Verdict::Warning,
        _ => Verdict::Ok,
    };
    let mut text = if off == f64::MAX { said } else { format!("{said}: {:+.1} %", off * 100.0) };
    if verdict != Verdict::Ok {
        text.push_str(&format!(
            ", expected within {:.0} %: the server or the load generator did not do what the \
             scenario says",
            OFF.0 * 100.0
        ));
    }
    CheckV1 {
        found: (off != f64::MAX).then_some(off),
        limit: Some(OFF.0),
        ..check(name, verdict, text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_load::Outcome;
    use pushbench_protocol::TlsUse;
    use pushbench_scenario::{Source, read};
    use pushbench_store::{BooksV1, CountsV1, KindsV1, PhaseBooksV1};
    use pushbench_wire::segments::SegmentHeaders;

    use super::*;

    #[test]
    fn a_deviation_is_doubted_beyond_2_percent_and_refused_beyond_10() {
        let verdict =
            |found, expected| count_check("model-polls", "polls", found, expected).verdict;
        let exactly = Expected::exactly(1_000);
        for (found, expected) in [
            (1_000, Verdict::Ok),
            (1_019, Verdict::Ok),
            (979, Verdict::Warning),
            (1_099, Verdict::Warning),
            (899, Verdict::Invalid),
            (14_000, Verdict::Invalid),
            (0, Verdict::Invalid),
        ] {
            assert_eq!(verdict(found, exactly), expected, "{found}");
        }
        // Within the range nothing is off; beyond it the nearer end counts.
        let range = exactly.widened(100, 100);
        assert_eq!(verdict(900, range), Verdict::Ok);
        assert_eq!(verdict(1_115, range), Verdict::Ok);
        assert_eq!(verdict(870, range), Verdict::Warning);
    }

    #[test]
    fn of_few_events_nothing_is_said_but_how_many_it_takes() {
        let few = count_check("model-polls", "polls", 12, Expected::exactly(12));
        assert_eq!(few.verdict, Verdict::NotChecked);
        assert_eq!(few.text, "12 polls, needs 100");
        let none = count_check("model-deliveries", "deliveries", 0, Expected::exactly(0));
        assert_eq!(none.verdict, Verdict::NotChecked);
        // Many where none were to be.
        let many = count_check("model-deliveries", "deliveries", 500, Expected::exactly(0));
        assert_eq!(many.verdict, Verdict::Invalid);
        // And none where there were to be many.
        let lost = count_check("model-deliveries", "deliveries", 0, Expected::exactly(500));
        assert_eq!(lost.verdict, Verdict::Invalid);
        assert!(lost.text.contains("0 deliveries, 500 by the schedule: -100.0 %"), "{}", lost.text);
    }

    /// A trial of a WebSocket scenario whose server delivered `deliveries` messages to ten clients
    /// and sent `control` bytes down and up with them.
    fn checks(more: &str, deliveries: u64, control: u64) -> Vec<CheckV1> {
        let text = format!(
            "question = \"Is it as modelled?\"\n[workload]\nclients = 10\n\
             publish = {{ every = \"100ms\" }}\npayload = {{ bytes = 20 }}\nmeasure = \"2s\"\n\
             [[transport]]\nkind = \"websocket\"\n{more}\n"
        );
        let scenario = read(&Source {
            path: Path::new("test.toml"),
            text: &text,
            overrides: &[],
            only: &[],
            read_file: &|_| Err(std::io::Error::other("no file")),
        })
        .unwrap_or_else(|refused| panic!("{refused}"));
        let transport = &scenario.transports[0];
        let kinds =
            |payload, framing, control| KindsV1 { payload, framing, control, ..KindsV1::default() };
        let measure = PhaseBooksV1 {
            up: kinds(0, 0, control),
            down: kinds(20 * deliveries, 2 * deliveries, control),
            ..PhaseBooksV1::default()
        };
        let books = BooksV1 { phases: [(Phase::Measure, measure)].into(), ..BooksV1::default() };
        let counts = CountsV1 { deliveries_in_measure: deliveries, ..CountsV1::default() };
        let evidence = Evidence {
            unheard: None,
            scenario: &scenario,
            transport: transport.settings,
            tls: TlsUse::None,
            handshakes: None,
            outcome: &Outcome::default(),
            counts: &counts,
            books: &books,
            busy: None,
            kernel_refusal: None,
            steal: None,
            is_complete: true,
            server_death: None,
            server_end: None,
        };
        as_modelled(
            &evidence,
            &Subject {
                scenario: &scenario,
                transport,
                host: "127.0.0.1:10000",
                headers: SegmentHeaders { ipv6: false, timestamps: true },
                tls: None,
                started_at: "2026-01-01T00:00:00Z",
            },
        )
    }

    fn verdicts(checks: &[CheckV1]) -> Vec<(&str, Verdict)> {
        checks.iter().map(|check| (check.check.as_str(), check.verdict)).collect()
    }

    #[test]
    fn a_server_that_does_what_nobody_asked_for_is_not_as_modelled() {
        let (deliveries, bytes) = ("model-deliveries", "model-bytes");
        let ok = Verdict::Ok;
        assert_eq!(verdicts(&checks("", 200, 0)), [(deliveries, ok), (bytes, ok)]);
        // Heartbeats: fourteen times the bytes, and even a tenth more.
        for control in [28_000, 300] {
            let found = checks("", 200, control);
            assert_eq!(
                verdicts(&found),
                [(deliveries, ok), (bytes, Verdict::Invalid)],
                "{found:?}"
            );
        }
        // Conflation: a quarter of the messages, each as long as it should be.
        let found = checks("", 50, 0);
        assert_eq!(found[0].verdict, Verdict::Invalid, "{found:?}");
        assert!(found[0].text.starts_with("50 deliveries, 200 by the schedule: -75.0 %"));
        // Asked for, it is as it should be: two a second to each, give or take one.
        let found = checks("conflate = \"500ms\"", 40, 0);
        assert_ne!(found[0].verdict, Verdict::Invalid, "{found:?}");
        let found = checks("conflate = \"500ms\"", 200, 0);
        assert_eq!(found[0].verdict, Verdict::Invalid, "{found:?}");
    }
}
