//! The body of a request, off the front of the bytes that came (RFC 9112, section 6). Pure.

use pushbench_wire::chunk::{ChunkedReader, NotChunked, Piece};

/// What is left of a body.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// So many bytes; 0 once it is over.
    Length(u64),
    /// Chunks.
    Chunked(ChunkedReader),
}

impl Body {
    /// A body of so many bytes.
    pub(super) const fn of(length: u64) -> Self {
        Self::Length(length)
    }

    /// A body in chunks.
    pub(super) fn chunked() -> Self {
        Self::Chunked(ChunkedReader::default())
    }

    /// Whether nothing of it is to come.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_over(),
        }
    }

    /// The least number of bytes that are to come.
    pub(super) const fn announced(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Chunked(_) => 0,
        }
    }

    /// Takes data off the front of `input`; `None` once it is over, or where `input` has no more.
    ///
    /// # Errors
    ///
    /// If it is no body.
    pub(super) fn next<'b>(
        &mut self,
        input: &mut &'b [u8],
    ) -> Result<Option<&'b [u8]>, NotChunked> {
        match self {
            Self::Length(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                let (data, rest) = input.split_at(here);
                *left -= here as u64;
                *input = rest;
                Ok((!data.is_empty()).then_some(data))
            }
            Self::Chunked(chunks) if chunks.is_over() => Ok(None),
            Self::Chunked(chunks) => match chunks.next(input)? {
                Some(Piece::Data(data)) => Ok(Some(data)),
                Some(Piece::End) | None => Ok(None),
            },
        }
    }

    /// All of it in one piece, taken off the front of `input`; `None` where it is not there so.
    pub(super) fn whole<'b>(&mut self, input: &mut &'b [u8]) -> Option<&'b [u8]> {
        let Self::Length(left) = self else { return None };
        let (data, rest) = input.split_at_checked(usize::try_from(*left).ok()?)?;
        *left = 0;
        *input = rest;
        Some(data)
    }

    /// Passes over what there is of it; whether that was all.
    pub(super) fn skip(&mut self, input: &mut &[u8]) -> bool {
        while let Ok(Some(_)) = self.next(input) {}
        self.is_over()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Body, bytes: &[u8], step: usize) -> (Vec<u8>, bool, usize) {
        let (mut body, mut data, mut over) = (body.clone(), Vec::new(), 0);
        for mut input in bytes.chunks(step) {
            while let Some(found) = body.next(&mut input).expect("a body") {
                data.extend_from_slice(found);
            }
            over += input.len();
        }
        (data, body.is_over(), over)
    }

    #[test]
    fn a_body_ends_where_it_says_wherever_reads_end() {
        let chunks = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\nGET /";
        for step in 1..chunks.len() {
            let of_length = read(&Body::of(5), b"abcdeGET /", step);
            assert_eq!(of_length, (b"abcde".to_vec(), true, 5), "{step}");
            let chunked = read(&Body::chunked(), chunks, step);
            assert_eq!(chunked, (b"abcde".to_vec(), true, 5), "{step}");
        }
        assert_eq!(read(&Body::of(5), b"abc", 2), (b"abc".to_vec(), false, 0));
        assert_eq!(read(&Body::chunked(), b"3\r\nab", 2), (b"ab".to_vec(), false, 0));
        assert!(Body::of(0).is_over());
    }

    #[test]
    fn a_body_is_passed_over_only_if_all_of_it_is_there() {
        let mut input = &b"abcde"[..];
        assert!(Body::of(3).skip(&mut input));
        assert_eq!(input, b"de");
        assert!(!Body::of(3).skip(&mut input));
        assert!(!Body::chunked().skip(&mut &b"no chunks"[..]));
        assert!(Body::chunked().skip(&mut &b"1\r\na\r\n0\r\n\r\n"[..]));
        input = b"de";
        assert_eq!(Body::of(3).whole(&mut input), None);
        assert_eq!(Body::of(2).whole(&mut input), Some(&b"de"[..]));
        assert_eq!(Body::of(0).whole(&mut input), Some(&b""[..]));
    }
}
