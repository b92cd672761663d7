//! What `Accept-Encoding` says about a coding (RFC 9110, section 12.5.3).

/// Thousandths of a quality; 1,000 where none is given.
type Quality = u16;

/// Whether a body is to be sent in this coding, by the values of a request's `Accept-Encoding`
/// fields: the request names it, or `*`, with a quality that
/// is not 0 and not below the one it gives to `identity`.
///
/// A request without the field allows any coding, and may be of a client that knows none: it gets
/// the body as it is. What is no quality is taken for 0.
pub fn accepts_coding<'v>(values: impl IntoIterator<Item = &'v str>, coding: &str) -> bool {
    let mut asked = None;
    let mut any = None;
    let mut identity = None;
    for element in values.into_iter().flat_map(|value| value.split(',')) {
        let (name, quality) = element_of(element);
        // `x-gzip` is gzip (RFC 9110, section 8.4.1.3).
        let name = name.strip_prefix("x-").unwrap_or(name);
        for (known, slot) in [(coding, &mut asked), ("*", &mut any), ("identity", &mut identity)] {
            if name.eq_ignore_ascii_case(known) {
                *slot = Some(quality);
            }
        }
    }
    let quality = asked.or(any).unwrap_or(0);
    quality > 0 && quality >= identity.unwrap_or(0)
}

/// A coding's name and quality.
fn element_of(element: &str) -> (&str, Quality) {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next().expect("a split has a first part");
    let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (name, quality.map_or(1_000, |text| thousandths(text).unwrap_or(0)))
}

/// `0.5` as 500: a digit, and at most three behind the point (RFC 9110, section 12.4.2).
fn thousandths(text: &str) -> Option<Quality> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let decimals: Quality = is_number.then(|| format!("{decimals:0<3}").parse().ok())??;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gzip(value: &str) -> bool {
        accepts_coding([value], "gzip")
    }

    #[test]
    fn a_coding_is_accepted_where_its_quality_says_so() {
        for (value, expected) in [
            ("gzip", true),
            ("GZIP", true),
            ("x-gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("deflate , gzip;q=0.001", true),
            ("*", true),
            ("br;q=1.0, *;q=0.1", true),
            ("gzip;q=0.5, identity;q=0.5", true),
            ("identity;q=0, gzip", true),
            ("", false),
            ("deflate, br", false),
            ("gzip;q=0", false),
            ("gzip ; q=0.000", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("gzip;q=0.4, identity", false),
            ("gzip;q=2", false),
            ("gzip;q=0.1234", false),
            ("gzip;q=-1", false),
            ("gzip;q=", false),
            ("gzipped", false),
        ] {
            assert_eq!(gzip(value), expected, "{value}");
        }
        assert!(!accepts_coding([], "gzip"));
        assert!(accepts_coding(["br", "gzip"], "gzip"), "fields of one name are one list");
    }

    proptest! {
        #[test]
        fn no_value_makes_the_parser_panic(value in "[ -~]{0,40}") {
            gzip(&value);
        }
    }
}
