//! Content codings: which a request offers, and which a response has (RFC 9110, sections 8.4 and
//! 12.5.3).

use pushbench_protocol::Compression;

/// What a body is coded in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum ContentCoding {
    /// As it is.
    #[default]
    Identity,
    Gzip,
    Brotli,
    /// zlib's format.
    Deflate,
    /// Known by its name, so that it can be named; not decoded.
    Zstd,
    /// One that nobody here knows, or several on top of one another. Only whoever needs the body is
    /// in need of its coding.
    Unknown,
}

/// Names in `Content-Encoding` and `Accept-Encoding`; `x-gzip` is gzip (section 8.4.1.3). `none` is no
/// registered name: servers of events send it so that nothing in between compresses them, as
/// graphql-sse does, and browsers take the body as it is.
const NAMES: [(&str, ContentCoding); 7] = [
    ("identity", ContentCoding::Identity),
    ("none", ContentCoding::Identity),
    ("gzip", ContentCoding::Gzip),
    ("x-gzip", ContentCoding::Gzip),
    ("br", ContentCoding::Brotli),
    ("deflate", ContentCoding::Deflate),
    ("zstd", ContentCoding::Zstd),
];

impl ContentCoding {
    /// The coding of that name, in whatever case.
    pub(crate) fn named(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let found = NAMES.iter().find(|(name, _)| value.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, coding)| *coding)
    }

    /// The coding of a response whose field says this; without the field it is the identity.
    pub(crate) fn of_response(field: Option<&[u8]>) -> Self {
        field.map_or(Self::Identity, |value| Self::named(value).unwrap_or(Self::Unknown))
    }

    /// What a transport's setting asks for bodies in.
    pub(crate) const fn of(compression: Compression) -> Self {
        match compression {
            Compression::None | Compression::Deflate => Self::Identity,
            Compression::Gzip => Self::Gzip,
            Compression::Brotli => Self::Brotli,
        }
    }
}

/// The codings that a request's head offers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Offer(Option<Vec<(Offered, bool)>>);

/// What a member of the field offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Offered {
    This(ContentCoding),
    /// `*`: whatever no other member names.
    Any,
}

impl Offer {
    /// What the `Accept-Encoding` fields of a head say.
    pub(crate) fn of_head(head: &[u8]) -> Self {
        let mut offer = None;
        for line in head.split(|&byte| byte == b'\n') {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
            let (name, value) = (&line[..colon], &line[colon + 1..]);
            if name.eq_ignore_ascii_case(b"accept-encoding") {
                let offers = offer.get_or_insert_with(Vec::new);
                offers.extend(value.split(|&byte| byte == b',').filter_map(offered));
            }
        }
        Self(offer)
    }

    /// Whether a response in the second coding is what a transport that asks for the first may get:
    /// that one, or any that is offered where it asks for none.
    pub(crate) fn is_met(&self, asked: ContentCoding, found: ContentCoding) -> bool {
        match asked {
            ContentCoding::Identity => self.takes(found),
            asked => found == asked,
        }
    }

    /// Whether a response may be in this coding. Without the field any may (section 12.5.3).
    pub(crate) fn takes(&self, coding: ContentCoding) -> bool {
        let Some(offers) = &self.0 else { return true };
        let of = |which| offers.iter().find(|(offered, _)| *offered == which);
        let said = of(Offered::This(coding)).or_else(|| of(Offered::Any));
        said.map(|(_, is_taken)| *is_taken).unwrap_or(coding == ContentCoding::Identity)
    }
}

/// What a member of the field offers that has a meaning here, and whether its quality is more than 0.
fn offered(member: &[u8]) -> Option<(Offered, bool)> {
    let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let offered = match parts.next()? {
        b"*" => Offered::Any,
        name => Offered::This(ContentCoding::named(name)?),
    };
    let quality =
        parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    let is_taken = quality.is_none_or(|text| text.iter().any(|byte| matches!(byte, b'1'..=b'9')));
    Some((offered, is_taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_coded_in_none_is_read_as_it_is() {
        for (name, coding) in [
            ("none", ContentCoding::Identity),
            ("Identity", ContentCoding::Identity),
            ("nothing", ContentCoding::Unknown),
        ] {
            assert_eq!(ContentCoding::of_response(Some(name.as_bytes())), coding, "{name}");
        }
    }

    #[test]
    fn a_coding_is_taken_if_the_request_offers_it() {
        use ContentCoding::{Brotli, Deflate, Gzip, Identity, Zstd};
        let all = [Identity, Gzip, Brotli, Deflate, Zstd];
        for (head, expected) in [
            ("Host: h\r\n", &all[..]),
            ("Accept-Encoding: gzip, deflate, br, zstd\r\n", &all),
            ("accept-encoding:GZIP\r\n", &[Identity, Gzip]),
            ("Accept-Encoding: gzip;q=0, *\r\n", &[Identity, Brotli, Deflate, Zstd]),
            ("Accept-Encoding: x-gzip;q=0.5\r\nAccept-Encoding: br;q=0.000\r\n", &[Identity, Gzip]),
            ("Accept-Encoding: *;q=0\r\n", &[]),
            ("Accept-Encoding:\r\n", &[Identity]),
        ] {
            let offer = Offer::of_head(format!("GET / HTTP/1.1\r\n{head}\r\n").as_bytes());
            let taken: Vec<_> = all.into_iter().filter(|coding| offer.takes(*coding)).collect();
            assert_eq!(taken, expected, "{head}");
        }
    }

    #[test]
    fn a_name_counts_in_any_case_and_a_list_is_no_name() {
        assert_eq!(ContentCoding::named(b"BR"), Some(ContentCoding::Brotli));
        assert_eq!(ContentCoding::named(b" x-gzip "), Some(ContentCoding::Gzip));
        assert_eq!(ContentCoding::named(b"gzip, br"), None);
        assert_eq!(ContentCoding::named(b"compress"), None);
    }
}
