//! Where the fields of a name may stand among those of a message. Pure.
//!
//! A head is asked for a handful of names, most of which it does not have. Found once for all fields,
//! the places spare each of these questions a walk over all names.

use std::ops::Range;

use httparse::Header;

use super::bound::MAX_HEAD;

/// So many sets of names: those of one set share their places, and whoever looks there compares names.
const SETS: usize = 32;

/// For each set of names, where the first of its fields stands, and what follows the last.
#[derive(Clone, Copy, Debug)]
pub struct Places([(u16, u16); SETS]);

// Each field takes three bytes at least.
const _: () = assert!(MAX_HEAD / 3 < u16::MAX as usize);

impl Places {
    /// Of these fields.
    ///
    /// # Panics
    ///
    /// If they are more than [`MAX_HEAD`] bytes can hold.
    pub fn of(fields: &[Header<'_>]) -> Self {
        let mut places = [(0, 0); SETS];
        for (place, field) in fields.iter().enumerate() {
            let place = u16::try_from(place).expect("each field takes three bytes at least");
            let (first, end) = &mut places[set_of(field.name)];
            if *end == 0 {
                *first = place;
            }
            *end = place + 1;
        }
        Self(places)
    }

    /// Where all fields of this name stand, in whatever case; others may stand between them.
    pub fn of_name(&self, name: &str) -> Range<usize> {
        let (first, end) = self.0[set_of(name)];
        usize::from(first)..usize::from(end)
    }
}

/// The set of a name, the same in whatever case. The factors tell apart what browsers and servers
/// usually send from what is asked for.
fn set_of(name: &str) -> usize {
    let lower = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default() | 0x20);
    let name = name.as_bytes();
    (name.len() ^ (5 * lower(name.first())) ^ (7 * lower(name.last()))) % SETS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_field_of_a_name_stands_elsewhere(
            names in prop::collection::vec("[A-Ca-c-]{1,3}", 0..100),
            asked in "[A-Ca-c-]{1,3}",
        ) {
            let fields: Vec<_> = names.iter().map(|name| Header { name, value: b"" }).collect();
            let range = Places::of(&fields).of_name(&asked);
            for (place, name) in names.iter().enumerate() {
                let is_asked = name.eq_ignore_ascii_case(&asked);
                prop_assert!(!is_asked || range.contains(&place), "{asked} in {names:?}");
            }
            prop_assert!(range.end <= names.len());
        }
    }

    #[test]
    fn what_a_browser_sends_is_told_apart_from_what_is_asked_for() {
        let names = [
            "Host",
            "Connection",
            "sec-ch-ua",
            "sec-ch-ua-mobile",
            "User-Agent",
            "Accept",
            "Sec-Fetch-Site",
            "Sec-Fetch-Mode",
            "Referer",
            "Accept-Encoding",
            "Accept-Language",
            "Cookie",
        ];
        let fields = names.map(|name| Header { name, value: b"" });
        let places = Places::of(&fields);
        for (asked, fields) in [("host", 1), ("connection", 1), ("transfer-encoding", 0)] {
            assert_eq!(places.of_name(asked).len(), fields, "{asked}");
        }
    }
}
