//! Whether a trial of our own server was as modelled.
//!
//! How much happened is held against the schedule, which says exactly how many polls are due and
//! nearly exactly what they find; how many bytes that took above TLS is held against the model of
//! what was seen to happen, so that a message more or less at an edge is no difference. What takes
//! the server's settings for others than the scenario's (heartbeats or conflation that nobody asked
//! for, answers that should have had a body) shows in one or the other.

mod bytes;
mod counts;
mod expected;

use pushbench_model::{Schedule, Subject};
use pushbench_store::CheckV1;

use super::evidence::{Evidence, not_checked};
use expected::count_check;

/// Holds a trial of our own server against the model.
pub(crate) fn as_modelled(evidence: &Evidence<'_>, subject: &Subject<'_>) -> Vec<CheckV1> {
    let names = ["model-polls", "model-deliveries", "model-bytes"];
    let failures: u64 = evidence.sums.counts.errors.values().sum();
    let why_not = match evidence {
        _ if !evidence.sums.is_complete() => Some("the trial was not played to its end".to_owned()),
        _ if evidence.scenario.faults.is_some() || connections_lost(evidence) > 0 => {
            Some("clients came back, and what that costs is not modelled".to_owned())
        }
        _ if failures > 0 => Some(format!("{failures} failures: not all was done")),
        _ => None,
    };
    if let Some(why) = why_not {
        return names.map(|name| not_checked(name, why.clone())).into();
    }
    let schedule = Schedule::of(evidence.scenario);
    let mut checks = Vec::new();
    let counted = &evidence.sums.counts;
    if evidence.transport.kind().polls() {
        let found = counted.polls;
        checks.push(match counts::polls(evidence, &schedule) {
            Some(expected) => count_check("model-polls", "polls", found, expected),
            None => not_checked("model-polls", unscheduled(evidence)),
        });
    }
    let found = counted.deliveries_in_measure;
    checks.push(match counts::deliveries(evidence, &schedule) {
        Some(expected) => count_check("model-deliveries", "deliveries", found, expected),
        None => not_checked("model-deliveries", unscheduled(evidence)),
    });
    checks.extend(bytes::bytes(evidence, subject, &schedule));
    checks
}

/// Connections that were lost by clients that come back.
fn connections_lost(evidence: &Evidence<'_>) -> u64 {
    evidence.sums.counts.reconnects.as_ref().map_or(0, |seen| seen.lost_connections)
}

/// Why polls that are timed by the responses have no schedule.
fn unscheduled(evidence: &Evidence<'_>) -> String {
    let key = match evidence.transport.is_closed_loop() {
        true => "pace = \"closed\"",
        false => "timing = \"after-answer\"",
    };
    format!("with {key} the server's response time decides when polls are due")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_protocol::headers::{AnswerMark, AnswerStatus, HeadTarget};
    use pushbench_protocol::{Cursor, Phase, ResponseProfile, TlsUse, TopicName};
    use pushbench_scenario::{Scenario, Source, read};
    use pushbench_store::{BooksV1, CountsV1, KindsV1, PhaseBooksV1, Sums, Verdict};
    use pushbench_wire::segments::SegmentHeaders;

    use super::*;
    use crate::judge::Circumstances;

    const HOST: &str = "127.0.0.1:10000";

    /// A scenario of ten clients, ten messages a second and two seconds.
    fn scenario(more: &str) -> Scenario {
        let text = format!(
            "question = \"Is it as modelled?\"\n[workload]\nclients = 10\n\
             publish = {{ every = \"100ms\" }}\npayload = {{ bytes = 20 }}\nmeasure = \"2s\"\n\
             {more}\n"
        );
        read(&Source {
            path: Path::new("test.toml"),
            text: &text,
            overrides: &[],
            only: &[],
            read_file: &|_| Err(std::io::Error::other("no file")),
        })
        .unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// A trial of its transport in which this was counted.
    fn judged(scenario: &Scenario, counts: &CountsV1, [up, down]: [KindsV1; 2]) -> Vec<CheckV1> {
        let transport = &scenario.transports[0];
        let measure = PhaseBooksV1 { up, down, ..PhaseBooksV1::default() };
        let books = BooksV1 { phases: [(Phase::Measure, measure)].into(), ..BooksV1::default() };
        let sums = Sums { counts: counts.clone(), ..Sums::default() };
        let evidence = Evidence {
            scenario,
            transport: transport.settings,
            tls: TlsUse::None,
            sums: &sums,
            books: &books,
            machines: &[],
            circumstances: &Circumstances::default(),
        };
        as_modelled(
            &evidence,
            &Subject {
                scenario,
                transport,
                host: HOST,
                headers: SegmentHeaders { ipv6: false, timestamps: true },
                tls: None,
                started_at: "2026-01-01T00:00:00Z",
            },
        )
    }

    /// A trial of WebSockets whose server delivered `deliveries` messages to ten clients and sent
    /// `control` bytes down and up with them.
    fn checks(more: &str, deliveries: u64, control: u64) -> Vec<CheckV1> {
        let scenario = scenario(&format!("[[transport]]\nkind = \"websocket\"\n{more}"));
        let kinds = |payload, framing| KindsV1 { payload, framing, control, ..KindsV1::default() };
        let counts = CountsV1 { deliveries_in_measure: deliveries, ..CountsV1::default() };
        judged(&scenario, &counts, [kinds(0, 0), kinds(20 * deliveries, 2 * deliveries)])
    }

    /// The verdict on the bytes of a trial of polls whose requests are as the load generator writes
    /// them, and whose server answers with what this header file makes of a response.
    fn verdict_on_headers(response: &str) -> Verdict {
        let scenario = scenario(
            "deliver = \"every\"\n[headers]\nrequest = \"minimal\"\nresponse = \"minimal\"\n\
             [[transport]]\nkind = \"short-poll\"\ninterval = \"100ms\"",
        );
        let polls = 200;
        let (path, place) =
            (TopicName::numbered(0).poll_path(Cursor::OLDEST), Some(Cursor::OLDEST));
        let target = HeadTarget { path: &path, host: HOST, secure: false, cookie_bytes: 0 };
        let request = scenario.headers.request.poll(target, false).bytes().len() as u64;
        let server = ResponseProfile::parse("server", response).expect("legal");
        let mark = AnswerMark { cursor: place, ..AnswerMark::default() };
        let date = "Sat, 07 Nov 2009 00:32:46 GMT";
        let response = server.head(AnswerStatus::Messages, 21, date, mark).len() as u64;
        let up = KindsV1 { header: request * polls, ..KindsV1::default() };
        let (header, payload, framing) = (response * polls, 20 * polls, polls);
        let down = KindsV1 { header, payload, framing, ..KindsV1::default() };
        let counts = CountsV1 { polls, deliveries_in_measure: polls, ..CountsV1::default() };
        let checks = judged(&scenario, &counts, [up, down]);
        let bytes = checks.iter().find(|check| check.check == "model-bytes").expect("checked");
        assert!(bytes.found.is_some_and(|off| (off == 0.0) == (bytes.verdict == Verdict::Ok)));
        bytes.verdict
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

    #[test]
    fn a_server_that_writes_a_header_which_the_header_file_has_not_is_not_as_modelled() {
        let file = ResponseProfile::built_in("minimal").expect("built in").text();
        assert_eq!(verdict_on_headers(&file), Verdict::Ok);
        assert_eq!(verdict_on_headers(&(file.clone() + "Pragma: no\n")), Verdict::Warning);
        let connection = "Connection: keep-alive\n";
        assert_eq!(verdict_on_headers(&(file + connection)), Verdict::Invalid);
    }
}
