//! Where a unit of an exchange ends, wherever reads do.

use pushbench_protocol::number::hex_digits;
use pushbench_wire::frame::HeaderParser;
use pushbench_wire::head::{BodyEnd, HeadError, ResponseHead};

/// What is being read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// The headers of a response, empty line included.
    Head,
    /// A response with the body whose length it announces.
    Answer,
    /// A chunk with its size and its end.
    Chunk,
    /// A WebSocket frame.
    Frame,
}

impl Unit {
    /// Bytes of the first such unit in `bytes`; `None` while it is not whole, or is none.
    ///
    /// # Errors
    ///
    /// What is wrong with the headers of a response.
    pub fn extent(self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        let len = match self {
            Self::Head => ResponseHead::read(bytes, |head| Ok::<_, HeadError>(head.len))?,
            Self::Answer => ResponseHead::read(bytes, |head| {
                Ok::<_, HeadError>(match head.body_end()? {
                    BodyEnd::Length(len) => {
                        usize::try_from(len).ok().and_then(|len| head.len.checked_add(len))
                    }
                    // The end is found by other means than a length.
                    BodyEnd::Chunks | BodyEnd::Close => None,
                })
            })?
            .flatten(),
            Self::Chunk => chunk(bytes),
            Self::Frame => frame(bytes),
        };
        Ok(len.filter(|len| *len <= bytes.len()))
    }
}

fn chunk(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|window| window == b"\r\n")?;
    let len = usize::try_from(hex_digits(&bytes[..line])?).ok()?;
    line.checked_add(len)?.checked_add(4)
}

fn frame(bytes: &[u8]) -> Option<usize> {
    let mut parser = HeaderParser::default();
    let header = bytes.iter().find_map(|&byte| parser.push(byte))?;
    usize::try_from(header.header_len.checked_add(header.payload_len)?).ok()
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
                assert_eq!(unit.extent(&bytes[..cut]), Ok(None), "{unit:?} cut at {cut}");
            }
            assert_eq!(unit.extent(bytes), Ok(Some(bytes.len())), "{unit:?}");
            let more = [bytes, b"more"].concat();
            assert_eq!(unit.extent(&more), Ok(Some(bytes.len())), "{unit:?}");
        }
        assert_eq!(Unit::Chunk.extent(b"ffffffffffffffff\r\n"), Ok(None));
    }

    #[test]
    fn what_is_no_response_is_told_and_not_waited_for() {
        for bytes in [&b"SSH-2.0-OpenSSH\r\n"[..], b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
        {
            assert!(Unit::Answer.extent(bytes).is_err(), "{}", bytes.escape_ascii());
        }
    }
}
