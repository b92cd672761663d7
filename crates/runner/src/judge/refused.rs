//! What the server responded instead of what was asked for, in words.

use pushbench_protocol::counted;
use pushbench_store::{Sums, UnexpectedV1};

use crate::failures::PUBLISHER;

/// Every kind of failure with a response that was one of them, a text for each: first those of
/// clients, then those of the publisher.
pub(super) fn all_told(sums: &Sums) -> Vec<String> {
    let errors = &sums.counts.errors;
    let mut kept: Vec<_> = sums.unexpected.iter().collect();
    kept.sort_by_key(|(error, _)| error.starts_with(PUBLISHER));
    let told = |(error, unexpected): (&String, &UnexpectedV1)| {
        told(error, errors.get(error).copied().unwrap_or(0), unexpected)
    };
    kept.into_iter().map(told).collect()
}

/// The failures of one kind, by its name in results.
fn told(error: &str, count: u64, unexpected: &UnexpectedV1) -> String {
    if let Some(close) = close_said(unexpected) {
        let what = if count == 1 { "connection was closed" } else { "connections were closed" };
        return format!("{count} {what} by the server; the first close frame has {close}");
    }
    if let (Some(reason), "tls") = (&unexpected.dialogue, error) {
        return format!("{} failed: {reason}", counted(count, "TLS handshake"));
    }
    if let (Some(how), "closed") = (&unexpected.dialogue, error) {
        return format!("{} ended: {how}", counted(count, "connection"));
    }
    if let Some(dialogue) = &unexpected.dialogue {
        let times = counted(count, "time");
        return format!("{times} the server did not speak as its adapter says: {dialogue}");
    }
    let said = said(unexpected);
    let (fault, is_publish) = match error.strip_prefix(PUBLISHER) {
        Some(fault) => (fault, true),
        None => (error, false),
    };
    let is_status = fault.starts_with("status-");
    let (one, many) = match fault {
        "upgrade" | "extension-not-as-asked" => ("upgrade was refused", "upgrades were refused"),
        _ if is_status && is_publish => ("publish was refused", "publishes were refused"),
        _ if is_status => ("request was refused", "requests were refused"),
        _ if is_publish => (
            "response to a publish was not as expected",
            "responses to publishes were not as expected",
        ),
        _ => ("response was not as expected", "responses were not as expected"),
    };
    let what = if count == 1 { one } else { many };
    format!("{count} {what}: the server responded {said}")
}

/// `404 Not Found: no such topic`.
pub(crate) fn said(unexpected: &UnexpectedV1) -> String {
    let UnexpectedV1 { status, first_line, first_bytes, dialogue, .. } = unexpected;
    if let Some(dialogue) = dialogue {
        return dialogue.clone();
    }
    // Without the version: the status and the reason that the server gives.
    let line = first_line.as_deref().and_then(|line| line.split_once(' ')).map(|(_, rest)| rest);
    let head = match (line, status) {
        (Some(line), _) => line.to_owned(),
        (None, Some(status)) => status.to_string(),
        (None, None) => "no HTTP".to_owned(),
    };
    match first_bytes.is_empty() {
        true => head,
        false => format!("{head}: {first_bytes}"),
    }
}

/// `code 1013: too slow`, of a close frame.
pub(crate) fn close_said(unexpected: &UnexpectedV1) -> Option<String> {
    let UnexpectedV1 { close_code, first_bytes: reason, .. } = unexpected;
    Some(match ((*close_code)?, reason.is_empty()) {
        (1005, _) => "no code".to_owned(),
        (code, true) => format!("code {code}"),
        (code, false) => format!("code {code}: {reason}"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pushbench_load::{Fault, Outcome, PublisherOutcome, Unexpected, WorkerOutcome};

    use super::*;
    use crate::sums::{Conducted, on_record, sums};

    #[test]
    fn a_refusal_is_told_by_what_the_server_said() {
        let http = |status: u16, line: &str, body: &str| Unexpected {
            status: Some(status),
            first_line: Some(line.to_owned()),
            first_bytes: body.to_owned(),
            ..Unexpected::default()
        };
        let close = |code: u16, reason: &str| Unexpected {
            close_code: Some(code),
            first_bytes: reason.to_owned(),
            ..Unexpected::default()
        };
        let tls = Unexpected { dialogue: Some("no TLS 1.3".to_owned()), ..Unexpected::default() };
        for (who, fault, count, unexpected, expected) in [
            ("", Fault::Tls, 3, tls, "3 TLS handshakes failed: no TLS 1.3"),
            (
                "",
                Fault::Upgrade,
                4,
                http(404, "HTTP/1.1 404 Not Found", "no such topic"),
                "4 upgrades were refused: the server responded 404 Not Found: no such topic",
            ),
            (
                "",
                Fault::Status(503),
                1,
                http(503, "HTTP/1.1 503 Service Unavailable", ""),
                "1 request was refused: the server responded 503 Service Unavailable",
            ),
            (
                PUBLISHER,
                Fault::Status(413),
                2,
                http(413, "HTTP/1.1 413 Content Too Large", "at most 1 KiB"),
                "2 publishes were refused: the server responded 413 Content Too Large: at most 1 KiB",
            ),
            (
                "",
                Fault::Upgrade,
                2,
                Unexpected { first_line: None, ..http(403, "", "no") },
                "2 upgrades were refused: the server responded 403: no",
            ),
            (
                "",
                Fault::Extension,
                1,
                http(101, "HTTP/1.1 101 Switching Protocols", ""),
                "1 upgrade was refused: the server responded 101 Switching Protocols",
            ),
            (
                "",
                Fault::Malformed,
                3,
                Unexpected { first_bytes: "SSH-2.0".to_owned(), ..Unexpected::default() },
                "3 responses were not as expected: the server responded no HTTP: SSH-2.0",
            ),
            (
                "",
                Fault::Closed,
                4,
                close(1013, "too slow"),
                "4 connections were closed by the server; the first close frame has code 1013: too slow",
            ),
            (
                "",
                Fault::Closed,
                1,
                close(1001, ""),
                "1 connection was closed by the server; the first close frame has code 1001",
            ),
            (
                "",
                Fault::Closed,
                1,
                close(1005, ""),
                "1 connection was closed by the server; the first close frame has no code",
            ),
        ] {
            let kept = on_record(who, fault, &unexpected);
            assert_eq!(told(&kept.error, count, &kept), expected);
        }
    }

    #[test]
    fn what_was_refused_to_the_publisher_is_on_record_beside_what_was_to_clients() {
        let busy = Unexpected { status: Some(503), ..Unexpected::default() };
        let fault = Fault::Status(503);
        let mut worker = WorkerOutcome::default();
        worker.counts.faults.insert(fault, 1);
        worker.unexpected.insert(fault, busy.clone());
        let publisher = PublisherOutcome {
            faults: BTreeMap::from([(fault, 2), (Fault::Io, 1)]),
            unexpected: BTreeMap::from([(fault, busy)]),
            ..PublisherOutcome::default()
        };
        let publisher = Some(publisher);
        let outcome = Outcome { workers: vec![worker], publisher, ..Outcome::default() };
        let sums = sums(&outcome, Conducted::default()).expect("small numbers");
        let expected = [("publisher-io", 1), ("publisher-status-503", 2), ("status-503", 1)];
        let expected = expected.map(|(name, count)| (name.to_owned(), count));
        assert_eq!(sums.counts.errors, BTreeMap::from(expected));
        let kept: Vec<_> = sums.unexpected.keys().collect();
        assert_eq!(kept, ["publisher-status-503", "status-503"]);
        let told = all_told(&sums);
        assert!(told[0].starts_with("1 request") && told[1].starts_with("2 publishes"), "{told:?}");
    }
}
