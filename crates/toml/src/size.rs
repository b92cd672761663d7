//! Sizes as people write them: `1KiB`.

use pushbench_protocol::duration::{decimal_times, split_number};

/// Units of size in bytes.
pub const SIZE: [(&str, u64); 5] =
    [("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20)];

/// Reads a size in bytes: `20`, `20B`, `1kB`, `1KiB`, `1MB`, `1MiB`.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_number(text);
    let size = match unit {
        "" => 1,
        unit => SIZE.into_iter().find(|(known, _)| *known == unit)?.1,
    };
    u64::try_from(decimal_times(number, u128::from(size))?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_si_with_kb_and_binary_with_kib() {
        for (text, bytes) in
            [("20", 20), ("20B", 20), ("1kB", 1_000), ("1KiB", 1_024), ("1.5kB", 1_500)]
        {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "kB", "1 kB", "1KB", "1.0001kB", "-1"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,30}|[0-9.]{0,40}[a-zA-Z]{0,4}") {
            let _ = parse_size(&text);
        }
    }
}
