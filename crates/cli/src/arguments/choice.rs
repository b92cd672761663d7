//! What is said of a value that is none of a few.

/// The values that an option takes.
pub(super) fn expected(all: &[impl std::fmt::Display]) -> String {
    let labels: Vec<_> = all.iter().map(ToString::to_string).collect();
    format!("expected one of {}", labels.join(", "))
}
