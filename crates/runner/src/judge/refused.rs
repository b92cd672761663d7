//! What the server responded instead of what was asked for, in words.

use pushbench_load::{Fault, Unexpected};
use pushbench_store::UnexpectedV1;

/// The failures of one kind, with the response that was the first of them.
pub(super) fn told(fault: Fault, count: u64, unexpected: &Unexpected) -> String {
    let said = said(unexpected);
    let (one, many) = match fault {
        Fault::Upgrade | Fault::Extension => ("upgrade was refused", "upgrades were refused"),
        Fault::Status(_) => ("request was refused", "requests were refused"),
        _ => ("response was not as expected", "responses were not as expected"),
    };
    let what = if count == 1 { one } else { many };
    format!("{count} {what}: the server responded {said}")
}

/// The response of one kind of failure, on record.
pub(crate) fn on_record(fault: Fault, unexpected: &Unexpected) -> UnexpectedV1 {
    let Unexpected { status, first_line, first_bytes } = unexpected.clone();
    UnexpectedV1 { error: fault.label(), status, first_line, first_bytes }
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
        for (fault, count, unexpected, expected) in [
            (
                Fault::Upgrade,
                4,
                http(404, "HTTP/1.1 404 Not Found", "no such topic"),
                "4 upgrades were refused: the server responded 404 Not Found: no such topic",
            ),
            (
                Fault::Status(503),
                1,
                http(503, "HTTP/1.1 503 Service Unavailable", ""),
                "1 request was refused: the server responded 503 Service Unavailable",
            ),
            (
                Fault::Upgrade,
                2,
                Unexpected { status: Some(403), first_line: None, first_bytes: "no".to_owned() },
                "2 upgrades were refused: the server responded 403: no",
            ),
            (
                Fault::Malformed,
                3,
                Unexpected { first_bytes: "SSH-2.0".to_owned(), ..Unexpected::default() },
                "3 responses were not as expected: the server responded no HTTP: SSH-2.0",
            ),
        ] {
            assert_eq!(told(fault, count, &unexpected), expected);
        }
    }
}
