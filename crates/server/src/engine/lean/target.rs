//! The target of a request, as far as it decides anything (RFC 9112, section 3.2).

use http::Uri;
use http::uri::Authority;

/// A target as it was sent, without its fragment.
#[derive(Debug)]
pub(super) enum Target<'b> {
    /// Origin form, of nothing but characters that every target may have.
    Origin { path: &'b str, query: &'b str },
    /// Any other form, and what needs a closer look.
    Other(Uri),
}

/// Characters that a path and a query may have wherever they stand.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric()
            || matches!(
                byte as u8,
                b'/' | b'-' | b'.' | b'_' | b'~' | b'%' | b'=' | b'&' | b',' | b':'
            );
        byte += 1;
    }
    plain
};

impl<'b> Target<'b> {
    /// Reads a target; `None` if it is none.
    pub(super) fn read(target: &'b str) -> Option<Self> {
        let is_plain = |part: &str| part.bytes().all(|byte| PLAIN[usize::from(byte)]);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path.starts_with('/') && is_plain(path) && is_plain(query) {
            return Some(Self::Origin { path, query });
        }
        target.parse().ok().map(Self::Other)
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::Origin { path, .. } => path,
            Self::Other(uri) => uri.path(),
        }
    }

    /// The query without its question mark; empty if there is none.
    pub(super) fn query(&self) -> &str {
        match self {
            Self::Origin { query, .. } => query,
            Self::Other(uri) => uri.query().unwrap_or_default(),
        }
    }

    /// The authority, of the forms that have one.
    pub(super) fn authority(&self) -> Option<&str> {
        match self {
            Self::Origin { .. } => None,
            Self::Other(uri) => uri.authority().map(Authority::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_means_the_same_as_to_the_library_whichever_way_it_is_read() {
        for target in [
            "/",
            "/topics/t0000/poll?after=1234567890123456",
            "/topics/t0000/poll?",
            "/a?b?c",
            "/PollingStock//PollingStock",
            "/a%20b?x=1&y=2,3",
            "/a#fragment",
            "/a?b#fragment",
            "/ü?ö",
            "/'a'(b)!;*+@$",
            "/\"{}",
            "*",
            "h:80",
            "http://h/healthz?x",
            "http://h",
        ] {
            let uri: Uri = target.parse().expect(target);
            let read = Target::read(target).expect(target);
            assert_eq!(read.path(), uri.path(), "{target}");
            assert_eq!(read.query(), uri.query().unwrap_or_default(), "{target}");
            assert_eq!(read.authority(), uri.authority().map(Authority::as_str), "{target}");
        }
        for target in ["", "a b", "/<", "/a^", "/\u{7f}", "/?\\"] {
            assert_eq!(Target::read(target).is_none(), target.parse::<Uri>().is_err(), "{target}");
        }
    }

    #[test]
    fn no_character_is_plain_that_the_library_would_refuse() {
        let is_plain = |byte: &u8| PLAIN[usize::from(*byte)];
        for byte in (0..=u8::MAX).filter(is_plain).map(char::from) {
            for target in [format!("/a{byte}b"), format!("/?a{byte}b"), format!("/{byte}{byte}")] {
                let uri: Uri = target.parse().expect("a target");
                assert_eq!(
                    uri.path_and_query().map(http::uri::PathAndQuery::as_str),
                    Some(&*target)
                );
            }
        }
    }
}
