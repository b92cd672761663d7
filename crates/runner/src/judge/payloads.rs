//! Whether what arrived is what was published.

use pushbench_protocol::{ByteKind, counted};
use pushbench_store::{CheckV1, CountsV1, Sums, Verdict};

use super::evidence::{check, not_checked};

/// Whether every message came as it was sent, to whom it was for.
pub(crate) fn payloads(counts: &CountsV1) -> CheckV1 {
    let (verdict, text) = match counts.examples.get("altered") {
        None => (Verdict::Ok, "every message that arrived was as it was sent".to_owned()),
        Some(first) => (
            Verdict::Invalid,
            format!(
                "{} arrived otherwise than sent, and counts for no delivery; the first: {first}",
                counted(counts.altered.unwrap_or(0), "message")
            ),
        ),
    };
    CheckV1 {
        found: Some(counts.altered.unwrap_or(0) as f64),
        limit: Some(0.0),
        ..check("payloads", verdict, text)
    }
}

/// Whether anything arrived that this trial did not publish; absent if nothing did. Nothing of ours
/// beside it is invalid: then it is not the trial's messages that were measured.
pub(crate) fn foreign(counts: &CountsV1) -> Option<CheckV1> {
    let first = counts.examples.get("foreign")?;
    let text = format!(
        "{} arrived that this trial did not publish, counted as `foreign` and never as \
         deliveries: another publisher uses these topics, or the server sends something of its own; \
         the first begins with `{first}`",
        counted(counts.foreign, "message")
    );
    Some(CheckV1 {
        found: Some(counts.foreign as f64),
        limit: Some(0.0),
        ..check("foreign", Verdict::Warning, text)
    })
}

/// Whether there are bytes that no rule of a third-party server's adapter explains; absent if there
/// are none.
pub(crate) fn unexplained(sums: &Sums) -> Option<CheckV1> {
    let of_kind = |((_, _, kind), bytes): (&(_, _, ByteKind), &u64)| {
        (*kind == ByteKind::Unexplained).then_some(*bytes)
    };
    let bytes: u64 = sums.ledger.iter().filter_map(of_kind).sum();
    if bytes == 0 {
        return None;
    }
    let first = match sums.counts.examples.get("unexplained") {
        Some(first) => format!("the first begin with `{first}`"),
        None => "they are of something that did not become whole".to_owned(),
    };
    let text = format!(
        "{} came that no rule of the server's adapter explains, counted as `unexplained`: \
         say what they are with `message`, `heartbeat`, `acknowledgement`, `ignore` or `error`; {first}",
        counted(bytes, "byte")
    );
    Some(CheckV1 {
        found: Some(bytes as f64),
        limit: Some(0.0),
        ..check("unexplained", Verdict::Warning, text)
    })
}

/// Why nothing is known of what a third-party server puts around a message, where it compressed some;
/// absent where it did not.
pub(crate) fn wrapping(counts: &CountsV1) -> Option<CheckV1> {
    let coded = counts.coded_messages?;
    let text = format!(
        "{} came compressed, and compressed bytes cannot be told apart: all that these took on the wire \
         is `payload`, and `wrapping` is n/a; to measure it, have the server not compress, as with \
         headers = {{ Accept-Encoding = \"identity\" }} in the adapter",
        counted(coded, "message")
    );
    Some(not_checked("wrapping", text))
}

/// Whether a client waited in vain for the end of something, where messages did not arrive; absent
/// where all did, and where nothing was unfinished.
pub(crate) fn unfinished(counts: &CountsV1) -> Option<CheckV1> {
    let first = counts.examples.get("unfinished")?;
    let is_missed = match counts.publishes_by_itself {
        true => counts.deliveries_in_measure == 0,
        false => counts.lost > 0,
    };
    let text = format!(
        "when its connection ended a client had {first}, which nothing had ended: correct `split`, or \
         see whether the server sends all of a message"
    );
    is_missed.then(|| check("unfinished", Verdict::Warning, text))
}

/// Whether any message was delivered at all, if some were expected.
pub(crate) fn delivered(counts: &CountsV1) -> Option<CheckV1> {
    (counts.expected > 0 && counts.delivered == 0).then(|| CheckV1 {
        found: Some(0.0),
        limit: Some(1.0),
        ..check(
            "delivered",
            Verdict::Invalid,
            format!(
                "none of {} expected messages was delivered: there is no latency, and the bytes \
                 are those of clients that received nothing",
                counts.expected
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{Direction, Phase};

    use super::*;

    #[test]
    fn what_came_otherwise_than_it_was_sent_is_invalid_with_its_first_example() {
        let mut counts = CountsV1::default();
        assert_eq!(payloads(&counts).verdict, Verdict::Ok);
        counts.altered = Some(2);
        let first = "message 3 of topic 0 came with 15 bytes".to_owned();
        counts.examples.insert("altered".to_owned(), first);
        let found = payloads(&counts);
        assert_eq!(found.verdict, Verdict::Invalid);
        assert!(found.text.contains("message 3 of topic 0"), "{}", found.text);
    }

    #[test]
    fn what_no_rule_explains_is_a_warning_that_shows_its_first_bytes() {
        let mut sums = Sums::default();
        assert_eq!(unexplained(&sums), None);
        for (phase, bytes) in [(Phase::WarmUp, 5), (Phase::Measure, 7)] {
            sums.ledger.insert((phase, Direction::Down, ByteKind::Unexplained), bytes);
            sums.ledger.insert((phase, Direction::Down, ByteKind::Payload), 100);
        }
        sums.counts.examples.insert("unexplained".to_owned(), "{\"x\":1}".to_owned());
        let found = unexplained(&sums).expect("a check");
        assert_eq!((found.verdict, found.found), (Verdict::Warning, Some(12.0)));
        assert!(found.text.contains("`{\"x\":1}`"), "{}", found.text);
    }

    #[test]
    fn why_nothing_is_known_of_what_stands_around_a_message_is_said_where_some_came_compressed() {
        let mut counts = CountsV1::default();
        assert_eq!(wrapping(&counts), None);
        for (coded, said) in [(1, "1 message came compressed"), (3, "3 messages came compressed")] {
            counts.coded_messages = Some(coded);
            let found = wrapping(&counts).expect("a check");
            assert_eq!(found.verdict, Verdict::NotChecked);
            assert!(found.text.starts_with(said) && found.text.contains("`wrapping` is n/a"));
        }
    }

    #[test]
    fn messages_of_others_are_a_warning_and_nothing_of_ours_is_invalid() {
        let mut counts = CountsV1 { expected: 4, ..CountsV1::default() };
        assert_eq!(foreign(&counts), None);
        assert_eq!(delivered(&counts).map(|check| check.verdict), Some(Verdict::Invalid));
        counts.delivered = 1;
        counts.foreign = 3;
        counts.examples.insert("foreign".to_owned(), "hello world".to_owned());
        assert_eq!(delivered(&counts), None);
        let found = foreign(&counts).expect("a check");
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(found.text.contains("hello world"), "{}", found.text);
        assert_eq!(delivered(&CountsV1::default()), None, "nothing was expected");
    }
}
