//! Where a unit of an exchange ends, wherever reads do.

use pushbench_protocol::number::{digits, hex_digits};
use pushbench_wire::frame::HeaderParser;

/// What is being read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// A head, empty line included.
    Head,
    /// A head and the body whose length it announces.
    Answer,
    /// A chunk with its size and its end.
    Chunk,
    /// A WebSocket frame.
    Frame,
}

impl Unit {
    /// Bytes of the first such unit in `bytes`; `None` while it is not whole, or is none.
    pub fn extent(self, bytes: &[u8]) -> Option<usize> {
        let len = match self {
            Self::Head => head(bytes)?,
            Self::Answer => {
                let head = head(bytes)?;
                head.checked_add(announced(&bytes[..head]))?
            }
            Self::Chunk => {
                let line = find(bytes, b"\r\n")?;
                let len = usize::try_from(hex_digits(&bytes[..line])?).ok()?;
                line.checked_add(len)?.checked_add(4)?
            }
            Self::Frame => {
                let mut parser = HeaderParser::default();
                let whole = |(at, &byte): (usize, &u8)| Some((at + 1, parser.push(byte)?));
                let (len, header) = bytes.iter().enumerate().find_map(whole)?;
                len.checked_add(usize::try_from(header.payload_len).ok()?)?
            }
        };
        (len <= bytes.len()).then_some(len)
    }
}

fn head(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// Value of `Content-Length`; 0 without one, as 204 and 304 have none.
fn announced(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head);
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length
        .and_then(|(_, value)| usize::try_from(digits(value.trim().as_bytes())?).ok())
        .unwrap_or(0)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_whole_at_its_last_byte_and_not_before() {
        for (unit, bytes) in [
            (Unit::Head, &b"HTTP/1.1 101 x\r\nA: b\r\n\r\n"[..]),
            (Unit::Answer, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
            (Unit::Answer, b"HTTP/1.1 204 No Content\r\n\r\n"),
            (Unit::Chunk, b"1a\r\nabcdefghijklmnopqrstuvwxyz\r\n"),
            (Unit::Frame, &[0x81, 0x85, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (Unit::Frame, &[0x88, 0x00]),
        ] {
            for cut in 0..bytes.len() {
                assert_eq!(unit.extent(&bytes[..cut]), None, "{unit:?} cut at {cut}");
            }
            assert_eq!(unit.extent(bytes), Some(bytes.len()), "{unit:?}");
            let more = [bytes, b"more"].concat();
            assert_eq!(unit.extent(&more), Some(bytes.len()), "{unit:?}");
        }
        assert_eq!(Unit::Chunk.extent(b"ffffffffffffffff\r\n"), None);
    }
}
