//! What the server responded instead of what was asked for, in words.

use std::collections::BTreeMap;

use pushbench_load::{Fault, Outcome, Unexpected};
use pushbench_store::UnexpectedV1;

/// Whose requests were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Clients,
    Publisher,
}

impl Side {
    const ALL: [Self; 2] = [Self::Clients, Self::Publisher];

    /// Its failures, and the response that was the first of each kind.
    fn of(self, outcome: &Outcome) -> (&BTreeMap<Fault, u64>, &BTreeMap<Fault, Unexpected>) {
        match self {
            Self::Clients => (&outcome.counts.faults, &outcome.unexpected),
            Self::Publisher => (&outcome.publisher.faults, &outcome.publisher.unexpected),
        }
    }

    /// The name of a failure in results.
    fn label(self, fault: Fault) -> String {
        match self {
            Self::Clients => fault.label(),
            Self::Publisher => format!("publisher-{}", fault.label()),
        }
    }
}

/// How often each thing failed, by its name in results: to the clients and to the publisher.
pub(crate) fn failures(outcome: &Outcome) -> BTreeMap<String, u64> {
    let of = |side: Side| {
        side.of(outcome).0.iter().map(move |(fault, count)| (side.label(*fault), *count))
    };
    Side::ALL.into_iter().flat_map(of).collect()
}

/// The first response of each kind of failure, on record.
pub(crate) fn on_record(outcome: &Outcome) -> Vec<UnexpectedV1> {
    let of = |side: Side| {
        side.of(outcome).1.iter().map(move |(fault, unexpected)| {
            let Unexpected { status, first_line, first_bytes } = unexpected.clone();
            UnexpectedV1 { error: side.label(*fault), status, first_line, first_bytes }
        })
    };
    Side::ALL.into_iter().flat_map(of).collect()
}

/// The same in words, a text for each.
pub(super) fn all_told(outcome: &Outcome) -> Vec<String> {
    let of = |side: Side| {
        let (faults, unexpected) = side.of(outcome);
        unexpected.iter().map(move |(fault, unexpected)| {
            told(side, *fault, faults.get(fault).copied().unwrap_or(0), unexpected)
        })
    };
    Side::ALL.into_iter().flat_map(of).collect()
}

/// The failures of one kind, with the response that was the first of them.
fn told(side: Side, fault: Fault, count: u64, unexpected: &Unexpected) -> String {
    let said = said(unexpected);
    let (one, many) = match (fault, side) {
        (Fault::Upgrade | Fault::Extension, _) => ("upgrade was refused", "upgrades were refused"),
        (Fault::Status(_), Side::Clients) => ("request was refused", "requests were refused"),
        (Fault::Status(_), Side::Publisher) => ("publish was refused", "publishes were refused"),
        (_, Side::Clients) => ("response was not as expected", "responses were not as expected"),
        (_, Side::Publisher) => (
            "response to a publish was not as expected",
            "responses to publishes were not as expected",
        ),
    };
    let what = if count == 1 { one } else { many };
    format!("{count} {what}: the server responded {said}")
}

/// `404 Not Found: no such topic`.
pub(crate) fn said(unexpected: &Unexpected) -> String {
    let Unexpected { status, first_line, first_bytes } = unexpected;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_what_the_server_said() {
        let http = |status: u16, line: &str, body: &str| Unexpected {
            status: Some(status),
            first_line: Some(line.to_owned()),
            first_bytes: body.to_owned(),
        };
        for (side, fault, count, unexpected, expected) in [
            (
                Side::Clients,
                Fault::Upgrade,
                4,
                http(404, "HTTP/1.1 404 Not Found", "no such topic"),
                "4 upgrades were refused: the server responded 404 Not Found: no such topic",
            ),
            (
                Side::Clients,
                Fault::Status(503),
                1,
                http(503, "HTTP/1.1 503 Service Unavailable", ""),
                "1 request was refused: the server responded 503 Service Unavailable",
            ),
            (
                Side::Publisher,
                Fault::Status(413),
                2,
                http(413, "HTTP/1.1 413 Content Too Large", "at most 1 KiB"),
                "2 publishes were refused: the server responded 413 Content Too Large: at most 1 KiB",
            ),
            (
                Side::Clients,
                Fault::Upgrade,
                2,
                Unexpected { status: Some(403), first_line: None, first_bytes: "no".to_owned() },
                "2 upgrades were refused: the server responded 403: no",
            ),
            (
                Side::Clients,
                Fault::Malformed,
                3,
                Unexpected { first_bytes: "SSH-2.0".to_owned(), ..Unexpected::default() },
                "3 responses were not as expected: the server responded no HTTP: SSH-2.0",
            ),
        ] {
            assert_eq!(told(side, fault, count, &unexpected), expected);
        }
    }

    #[test]
    fn what_was_refused_to_the_publisher_is_on_record_beside_what_was_to_clients() {
        let busy = Unexpected { status: Some(503), ..Unexpected::default() };
        let fault = Fault::Status(503);
        let mut outcome = Outcome::default();
        outcome.counts.faults.insert(fault, 1);
        outcome.unexpected.insert(fault, busy.clone());
        outcome.publisher.faults.extend([(fault, 2), (Fault::Io, 1)]);
        outcome.publisher.unexpected.insert(fault, busy);
        let counted: Vec<_> = failures(&outcome).into_iter().collect();
        let expected = [("publisher-io", 1), ("publisher-status-503", 2), ("status-503", 1)];
        assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)));
        let kept: Vec<_> = on_record(&outcome).into_iter().map(|kept| kept.error).collect();
        assert_eq!(kept, ["status-503", "publisher-status-503"]);
        assert_eq!(all_told(&outcome).len(), 2);
    }
}
