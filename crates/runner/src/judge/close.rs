//! What happens after the measured part: connections that did not end in order.

use pushbench_store::{CheckV1, CountsV1, Verdict};

use super::evidence::check;

/// Whether every connection ended in order. One that did not is a warning, whatever the reason: all
/// that was measured had been measured before. Its last bytes are unknown, so the close span is left
/// out of the books where it was a client's.
pub(crate) fn close(counts: &CountsV1) -> CheckV1 {
    let errors = &counts.close_errors;
    let sum: u64 = errors.values().sum();
    let (verdict, text) = if sum == 0 {
        (Verdict::Ok, "every connection was closed cleanly".to_owned())
    } else {
        let kinds: Vec<_> = errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        (
            Verdict::Warning,
            format!(
                "after the measured part {sum} connections did not close cleanly ({}): the server \
                 or a proxy in between left a close or a half-close unanswered; the close phase is \
                 left out of the books, and nothing else is affected",
                kinds.join(", ")
            ),
        )
    };
    CheckV1 { found: Some(sum as f64), limit: Some(0.0), ..check("close", verdict, text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unanswered_close_is_a_warning_and_never_more() {
        let mut counts = CountsV1::default();
        assert_eq!(close(&counts).verdict, Verdict::Ok);
        counts.close_errors.insert("close-timeout".to_owned(), 3);
        let found = close(&counts);
        assert_eq!((found.verdict, found.found), (Verdict::Warning, Some(3.0)));
        assert!(found.text.contains("3 close-timeout"), "{}", found.text);
    }
}
