//! Whether the books balance, and over what spans they were compared.

use pushbench_load::Unrest;
use pushbench_store::{CheckV1, Verdict};

use super::{Evidence, check};

pub(super) fn books_balance(evidence: &Evidence<'_>) -> CheckV1 {
    let name = "books-balance";
    let off: Vec<_> = evidence
        .books
        .reconciliations
        .iter()
        .filter(|pair| pair.left != pair.right)
        .map(|pair| {
            format!(
                "{} ({}, {}): {} and {} bytes, {:+} apart",
                pair.pair,
                pair.phases,
                pair.direction,
                pair.left,
                pair.right,
                i128::from(pair.left) - i128::from(pair.right)
            )
        })
        .collect();
    let count = evidence.books.reconciliations.len();
    let kernel = evidence.books.reconciliations.iter().any(|pair| pair.pair.ends_with("kernel"));
    let mut found = match off.len() {
        0 if count > 0 && kernel => {
            check(name, Verdict::Ok, format!("books balance to the byte in {count} comparisons"))
        }
        0 => check(
            name,
            Verdict::Warning,
            "the kernel's books could not be read (Linux 4.19 or later has them)".to_owned(),
        ),
        _ => check(name, Verdict::Invalid, format!("books do not balance: {}", off.join("; "))),
    };
    found.found = Some(off.len() as f64);
    found.limit = Some(0.0);
    found
}

pub(super) fn quiet(evidence: &Evidence<'_>) -> CheckV1 {
    let unrest = &evidence.outcome.unrest;
    if unrest.is_empty() {
        return check(
            "quiet",
            Verdict::Ok,
            "both sides stood still while books were closed".into(),
        );
    }
    let places: Vec<_> = unrest
        .iter()
        .map(|(boundary, unrest)| match unrest {
            Unrest::Clients => format!("{} (all books)", boundary.label()),
            Unrest::Server => format!("{} (the server's books)", boundary.label()),
        })
        .collect();
    let text = format!(
        "bytes were on their way each time that books were to be closed, so these are compared \
         over longer spans: {}",
        places.join(", ")
    );
    // Where only the server's are, nothing is hidden: the same bytes are compared, only later.
    let may_share = unrest.values().any(|unrest| *unrest == Unrest::Clients);
    check("quiet", if may_share { Verdict::Warning } else { Verdict::Ok }, text)
}
