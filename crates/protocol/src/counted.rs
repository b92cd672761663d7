//! A number of things, in words.

/// The number and its noun, which has an `s` unless there is one: `1 client`, `0 clients`.
///
/// The one helper for that, so that nothing says `1 clients`.
pub fn counted(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_no_s() {
        for (count, words) in [(0, "0 clients"), (1, "1 client"), (2, "2 clients")] {
            assert_eq!(counted(count, "client"), words);
        }
    }
}
