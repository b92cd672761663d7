//! How long a field block is once HPACK has encoded it (RFC 7541). Sizes only, no bytes.
//!
//! What HTTP/2 saves on heads depends on what its encoder puts into the dynamic table, so there are
//! two of them: the one that this suite's HTTP/2 library has, and one that leaves nothing out.

mod tables;

use std::collections::VecDeque;

use tables::{HUFFMAN_BITS, STATIC};

/// Size of the dynamic table unless someone asks for another (RFC 7541, section 6.5.2 of RFC 9113).
pub const TABLE_SIZE: usize = 4_096;
/// What an entry takes beyond its name and value (RFC 7541, section 4.1).
const ENTRY_EXTRA: usize = 32;

/// What an encoder puts into its dynamic table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Indexing {
    /// Every field, cookies and paths too: the least that HPACK can take. Browsers come near it: they
    /// know cookies again, and not paths.
    Everything,
    /// What the `h2` crate does: not paths, nor fields whose values change often or are secret, nor
    /// fields of more than three quarters of the table.
    ///
    /// Source: h2 0.4.20, `hpack/header.rs` (`skip_value_index`, borrowed from nghttp2) and
    /// `hpack/table.rs`.
    LikeH2,
}

/// Fields whose values the `h2` crate never indexes.
const NOT_INDEXED_BY_H2: [&str; 10] = [
    ":path",
    "age",
    "authorization",
    "content-length",
    "etag",
    "if-modified-since",
    "if-none-match",
    "location",
    "cookie",
    "set-cookie",
];

/// One side's encoder on one connection, with the table that it has built up.
#[derive(Clone, Debug)]
pub struct Encoder {
    indexing: Indexing,
    /// The newest first: the first has index 62.
    table: VecDeque<(String, String)>,
    /// Sum of the entries' sizes.
    size: usize,
}

/// How a field is found in the tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    Whole(usize),
    Name(usize),
    Nothing,
}

impl Encoder {
    /// An encoder at the start of a connection.
    pub fn new(indexing: Indexing) -> Self {
        Self { indexing, table: VecDeque::new(), size: 0 }
    }

    /// Bytes of the block of these fields, in their order; names in lower case. The table is after
    /// it as the encoder leaves it.
    pub fn encode<'f>(&mut self, fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> u64 {
        fields.into_iter().map(|(name, value)| self.encode_field(name, value) as u64).sum()
    }

    fn encode_field(&mut self, name: &str, value: &str) -> usize {
        let found = self.find(name, value);
        // Representations and their prefixes: RFC 7541, section 6.
        match found {
            Found::Whole(index) => integer_len(index, 7),
            _ if self.inserts(name, value) => {
                let len = match found {
                    Found::Name(index) => integer_len(index, 6),
                    Found::Whole(_) | Found::Nothing => 1 + self.string_len(name),
                };
                self.insert(name, value);
                len + self.string_len(value)
            }
            Found::Name(index) => integer_len(index, 4) + self.string_len(value),
            Found::Nothing => 1 + self.string_len(name) + self.string_len(value),
        }
    }

    fn find(&self, name: &str, value: &str) -> Found {
        let in_static = |matches: &dyn Fn(&(&str, &str)) -> bool| {
            STATIC.iter().position(matches).map(|place| place + 1)
        };
        if let Some(index) = in_static(&|known| *known == (name, value) && !value.is_empty()) {
            return Found::Whole(index);
        }
        let dynamic = |place| STATIC.len() + 1 + place;
        if let Some(place) = self.table.iter().position(|(n, v)| n == name && v == value) {
            return Found::Whole(dynamic(place));
        }
        let by_name = in_static(&|(known, _)| *known == name)
            .or_else(|| self.table.iter().position(|(known, _)| known == name).map(dynamic));
        by_name.map_or(Found::Nothing, Found::Name)
    }

    fn inserts(&self, name: &str, value: &str) -> bool {
        let size = name.len() + value.len() + ENTRY_EXTRA;
        match self.indexing {
            // A larger one would only empty the table.
            Indexing::Everything => size <= TABLE_SIZE,
            Indexing::LikeH2 => !NOT_INDEXED_BY_H2.contains(&name) && size * 4 <= TABLE_SIZE * 3,
        }
    }

    /// Puts an entry in front and lets the oldest go until it fits (RFC 7541, section 4.4).
    fn insert(&mut self, name: &str, value: &str) {
        self.table.push_front((name.to_owned(), value.to_owned()));
        self.size += name.len() + value.len() + ENTRY_EXTRA;
        while self.size > TABLE_SIZE {
            let (name, value) = self.table.pop_back().expect("what has a size has an entry");
            self.size -= name.len() + value.len() + ENTRY_EXTRA;
        }
    }

    /// Bytes of a string with its length (RFC 7541, section 5.2).
    fn string_len(&self, text: &str) -> usize {
        let coded = huffman_len(text);
        let len = match self.indexing {
            // The crate always codes.
            Indexing::LikeH2 => coded,
            Indexing::Everything => coded.min(text.len()),
        };
        integer_len(len, 7) + len
    }
}

/// Bytes of an integer behind a prefix of so many bits (RFC 7541, section 5.1).
fn integer_len(value: usize, prefix_bits: u32) -> usize {
    let largest = (1 << prefix_bits) - 1;
    if value < largest {
        return 1;
    }
    let mut left = value - largest;
    let mut len = 2;
    while left >= 128 {
        left >>= 7;
        len += 1;
    }
    len
}

/// Bytes of a text in the Huffman code, filled up to whole bytes (RFC 7541, section 5.2).
fn huffman_len(text: &str) -> usize {
    let bits: usize = text.bytes().map(|byte| usize::from(HUFFMAN_BITS[usize::from(byte)])).sum();
    bits.div_ceil(8)
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::headers::{AnswerMark, AnswerStatus, FieldList, HeadTarget};
    use pushbench_protocol::{Cursor, RequestProfile, ResponseProfile};

    use super::*;

    fn everything<const N: usize>(requests: [&[(&str, &str)]; N]) -> [u64; N] {
        let mut encoder = Encoder::new(Indexing::Everything);
        requests.map(|fields| encoder.encode(fields.iter().copied()))
    }

    /// Source: RFC 7541, appendices C.4 and C.6: requests and answers in Huffman code.
    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let get: [(&str, &str); 4] = [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "www.example.com"),
        ];
        let cached: Vec<_> = get.into_iter().chain([("cache-control", "no-cache")]).collect();
        let other = [
            (":method", "GET"),
            (":scheme", "https"),
            (":path", "/index.html"),
            (":authority", "www.example.com"),
            ("custom-key", "custom-value"),
        ];
        assert_eq!(everything([&get, &cached, &other]), [17, 12, 24]);
    }

    /// Source: RFC 7541, appendix C.5 and C.6 hold an integer's and a string's length; 1,337 is of
    /// appendix C.1.2.
    #[test]
    fn an_integer_takes_a_byte_more_where_its_prefix_is_full() {
        for (value, prefix_bits, len) in [
            (10, 5, 1),
            (30, 5, 1),
            (31, 5, 2),
            (1_337, 5, 3),
            (126, 7, 1),
            (127, 7, 2),
            (255, 7, 3),
        ] {
            assert_eq!(integer_len(value, prefix_bits), len, "{value} in {prefix_bits} bits");
        }
    }

    #[test]
    fn the_code_is_complete() {
        // Kraft's sum with the 30 bits of the end of a string, in units of 2^-30.
        let sum: u64 = HUFFMAN_BITS.iter().map(|&bits| 1 << (30 - u32::from(bits))).sum();
        assert_eq!(sum + 1, 1 << 30);
    }

    #[test]
    fn every_cursor_takes_ten_bytes() {
        for position in (0..1_000).chain([999_999_999_999]) {
            let cursor = Cursor { epoch: (position % 9_999) as u16, position };
            assert_eq!(huffman_len(&cursor.to_string()), 10, "{cursor}");
        }
    }

    #[test]
    fn the_oldest_go_when_the_table_is_full_and_come_back_as_new() {
        let mut encoder = Encoder::new(Indexing::LikeH2);
        let first = encoder.encode([("server", "a")]);
        assert_eq!((first, encoder.encode([("server", "a")])), (3, 1));
        // 54 bytes each.
        for number in 0..76 {
            encoder.encode([("cursor", format!("{number:016}").as_str())]);
        }
        assert!(encoder.size <= TABLE_SIZE && encoder.size + 54 > TABLE_SIZE, "{}", encoder.size);
        assert_eq!(encoder.encode([("server", "a")]), 3);
    }

    #[test]
    fn the_crate_leaves_out_cookies_paths_and_what_is_large() {
        let large = "x".repeat(3_072 - 32 - 1);
        let larger = "x".repeat(3_072 - 32);
        for (name, value, indexes) in [
            (":path", "/topics", false),
            ("cookie", "a=b", false),
            ("referer", "a=b", true),
            ("x", large.as_str(), true),
            ("x", larger.as_str(), false),
        ] {
            let mut encoder = Encoder::new(Indexing::LikeH2);
            let (first, again) = (encoder.encode([(name, value)]), encoder.encode([(name, value)]));
            assert_eq!(again < first, indexes, "{name}");
        }
    }

    /// Blocks of the 2009 sample, first and warm, request and answer; the answer's date is new each
    /// time, as it is a second later.
    fn sample(indexing: Indexing) -> ([u64; 2], [u64; 2]) {
        let target = HeadTarget { path: "", host: "", secure: false, cookie_bytes: 0 };
        let profile = RequestProfile::built_in("kaazing-2009").expect("built in");
        let request = FieldList::of_request(profile.poll(target, false).bytes(), "http");
        let mut encoder = Encoder::new(indexing);
        let requests = [(); 2].map(|()| encoder.encode(request.iter()));
        let profile = ResponseProfile::built_in("kaazing-2009").expect("built in");
        let mut encoder = Encoder::new(indexing);
        let answers = ["46", "47"].map(|second| {
            let date = format!("Sat, 07 Nov 2009 00:32:{second} GMT");
            let mark = AnswerMark::default();
            let answer = profile.answer_list(AnswerStatus::Messages, 21, &date, mark);
            encoder.encode(answer.iter())
        });
        (requests, answers)
    }

    /// Source: `published-figures.md`, section 4.1, made with a reference encoder.
    #[test]
    fn the_sample_takes_what_was_published() {
        assert_eq!(sample(Indexing::Everything), ([426, 11], [100, 29]));
        assert_eq!(sample(Indexing::LikeH2), ([427, 231], [101, 33]));
    }
}
