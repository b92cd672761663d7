//! Whether the books balance, and over what spans they were compared.

use pushbench_load::{PAIRS, WitnessName};
use pushbench_protocol::Phase;
use pushbench_store::{CheckV1, InFlightV2, ReconciliationV1, Verdict};

use super::evidence::{Evidence, check, not_checked};
use crate::books::{are_begun, asked_by_kernel};

/// Whether every pair of witnesses counted the same.
///
/// Nothing equals nothing whatever a witness is worth, so a pair counts only where at least one of
/// the two saw a byte.
pub(super) fn books_balance(evidence: &Evidence<'_>) -> CheckV1 {
    compared(&evidence.books.reconciliations, &evidence.books.unbalanced, &|| {
        without_kernel(
            evidence.circumstances.kernel_refusal.as_deref(),
            asked_by_kernel(evidence.sums),
        )
    })
}

/// `of_parts` are those of one worker or machine alone that do not balance: in the whole, two of them
/// could make up for each other.
fn compared(
    all: &[ReconciliationV1],
    of_parts: &[ReconciliationV1],
    without_kernel: &dyn Fn() -> String,
) -> CheckV1 {
    let name = "books-balance";
    let moved: Vec<_> = all.iter().filter(|pair| pair.left.max(pair.right) > 0).collect();
    let apart: Vec<_> = moved.iter().filter(|pair| pair.left != pair.right).collect();
    let is_shown = |part: &ReconciliationV1| {
        let key = |of: &ReconciliationV1| [&of.pair, &of.phases, &of.direction].map(String::clone);
        apart.iter().any(|whole| key(whole) == key(part))
    };
    let hidden = of_parts.iter().filter(|part| !is_shown(part));
    let hidden = hidden.map(|part| format!("of one part alone {}", difference(part)));
    let off: Vec<_> = apart.iter().map(|pair| difference(pair)).chain(hidden).collect();
    let has_kernel = moved.iter().any(|of| is_with(of, WitnessName::Kernel));
    let mut found = match off.len() {
        0 if all.is_empty() => {
            return not_checked(name, "the trial ended before the books of a phase were closed");
        }
        0 if moved.is_empty() => {
            return not_checked(
                name,
                format!(
                    "there was nothing to compare: no byte moved on a client's connection in any of \
                     {} comparisons",
                    all.len()
                ),
            );
        }
        0 if has_kernel => check(
            name,
            Verdict::Ok,
            format!("books balance to the byte in {} comparisons", moved.len()),
        ),
        0 => check(name, Verdict::Warning, without_kernel()),
        _ => check(name, Verdict::Invalid, format!("books do not balance: {}", off.join("; "))),
    };
    found.found = Some(off.len() as f64);
    found.limit = Some(0.0);
    found
}

fn difference(pair: &ReconciliationV1) -> String {
    format!(
        "{} ({}, {}): {} and {} bytes, {:+} apart",
        pair.pair,
        pair.phases,
        pair.direction,
        pair.left,
        pair.right,
        i128::from(pair.left) - i128::from(pair.right)
    )
}

/// Why the kernel is no witness, as far as it is known: what it said when it was asked, and of how
/// many connections it was asked at each boundary.
fn without_kernel(refusal: Option<&str>, asked: impl Iterator<Item = (u64, u64)>) -> String {
    match (refusal, asked.filter(|(asked, of)| asked < of).min()) {
        (Some(reason), _) => format!("the kernel's books could not be read: {reason}"),
        (None, Some((asked, of))) => format!(
            "the kernel's books could be read of {asked} of {of} connections, so codec and sockets \
             are compared without it"
        ),
        (None, None) => {
            "the kernel's books were not compared: bytes were in flight on the clients' \
                         connections at the end of every phase"
                .to_owned()
        }
    }
}

pub(super) fn quiet(evidence: &Evidence<'_>) -> CheckV1 {
    let in_flight = &evidence.sums.in_flight;
    if !are_begun(evidence.sums) {
        return not_checked("quiet", "the trial ended before the books of a phase were closed");
    }
    if in_flight.is_empty() {
        return check(
            "quiet",
            Verdict::Ok,
            "no bytes were in flight while the books were closed".into(),
        );
    }
    let places: Vec<_> = in_flight
        .iter()
        .map(|(phase, in_flight)| match in_flight {
            InFlightV2::Clients => format!("{} (all books)", end_of(*phase)),
            InFlightV2::Server => format!("{} (the server's books)", end_of(*phase)),
        })
        .collect();
    let text = format!(
        "bytes were in flight whenever books were to be closed, so these are compared over \
         longer spans: {}",
        places.join(", ")
    );
    // Where only the server's are, nothing is hidden: the same bytes are compared, only later.
    let may_share = in_flight.values().any(|in_flight| *in_flight == InFlightV2::Clients);
    check("quiet", if may_share { Verdict::Warning } else { Verdict::Ok }, text)
}

/// The moment when a phase ends, for people.
const fn end_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "connected",
        Phase::WarmUp => "warmed up",
        Phase::Measure => "measured",
        Phase::Drain => "drained",
        Phase::Close => "closed",
    }
}

/// Whether a comparison is of a pair that has this witness.
pub(super) fn is_with(of: &ReconciliationV1, witness: WitnessName) -> bool {
    let pair = PAIRS.iter().find(|pair| pair.label == of.pair);
    pair.is_some_and(|pair| pair.witnesses().any(|name| name == witness))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, left: u64, right: u64) -> ReconciliationV1 {
        ReconciliationV1 {
            pair: name.to_owned(),
            phases: "measure".to_owned(),
            direction: "down".to_owned(),
            left,
            right,
        }
    }

    fn check(pairs: &[ReconciliationV1]) -> (Verdict, String) {
        let found = compared(pairs, &[], &|| without_kernel(None, [(3, 10)].into_iter()));
        (found.verdict, found.text)
    }

    #[test]
    fn nothing_is_not_balanced_with_nothing() {
        let nothing =
            ["codec = client sockets", "client sockets = kernel"].map(|of| pair(of, 0, 0));
        let (verdict, text) = check(&nothing);
        assert_eq!(verdict, Verdict::NotChecked, "{text}");
        assert_eq!(check(&[]).0, Verdict::NotChecked);
        let bytes_without_a_witness = [pair("codec = client sockets", 0, 75_000)];
        assert_eq!(check(&bytes_without_a_witness).0, Verdict::Invalid);
    }

    #[test]
    fn only_comparisons_that_saw_a_byte_are_counted() {
        let pairs = [
            pair("codec = client sockets", 7, 7),
            pair("client sockets = kernel", 7, 7),
            pair("client sockets = kernel", 0, 0),
        ];
        let (verdict, text) = check(&pairs);
        assert_eq!(
            (verdict, text.as_str()),
            (Verdict::Ok, "books balance to the byte in 2 comparisons",)
        );
    }

    #[test]
    fn a_kernel_that_was_not_asked_is_not_too_old() {
        // The kernel of the server's ends is another witness, and does not stand in for it.
        let pairs = [
            pair("codec = client sockets", 7, 7),
            pair("client sockets = kernel", 0, 0),
            pair("client sockets = server kernel", 7, 7),
        ];
        let (verdict, text) = check(&pairs);
        assert_eq!(verdict, Verdict::Warning);
        assert!(text.contains("3 of 10 connections") && !text.contains("Linux"), "{text}");
        let text = without_kernel(Some("TCP_INFO has 104 bytes"), std::iter::empty());
        assert!(text.contains("TCP_INFO has 104 bytes"), "{text}");
    }

    #[test]
    fn a_part_that_is_off_is_told_where_the_whole_balances() {
        let whole = [pair("codec = client sockets", 7, 7), pair("client sockets = kernel", 7, 7)];
        let part = [pair("codec = client sockets", 4, 3), pair("codec = client sockets", 3, 4)];
        let found = compared(&whole, &part, &String::new);
        assert_eq!((found.verdict, found.found), (Verdict::Invalid, Some(2.0)));
        assert!(found.text.contains("of one part alone codec = client sockets"), "{}", found.text);
        let whole = [pair("codec = client sockets", 7, 6), pair("client sockets = kernel", 7, 7)];
        let found = compared(&whole, &part[..1], &String::new);
        assert_eq!(found.found, Some(1.0), "the same one: {}", found.text);
    }
}
