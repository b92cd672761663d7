//! Chunks of the chunked transfer coding (RFC 9112, section 7.1): their length, their bytes, their
//! reader.

mod reader;

pub use reader::{ChunkedReader, NotChunked, Piece};

use bytes::Bytes;

/// What ends a chunked body: the last chunk and no trailer fields.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

const LINE_END: &[u8] = b"\r\n";

/// Bytes that a chunk adds to its `data_len` bytes of data: the size in hexadecimal, and two line
/// ends. At least one byte of data: an empty chunk would be the last.
///
/// ```
/// // RFC 9112, section 7.1: `14`, CR LF, twenty bytes, CR LF.
/// assert_eq!(pushbench_wire::chunk::chunk_overhead(20), 6);
/// ```
pub const fn chunk_overhead(data_len: u64) -> u64 {
    let digits = match data_len {
        0 => 1,
        _ => data_len.ilog2() as u64 / 4 + 1,
    };
    digits + 2 * LINE_END.len() as u64
}

/// One chunk around these parts, in their order.
pub fn encode_chunk(parts: &[&[u8]]) -> Vec<u8> {
    let data_len: usize = parts.iter().map(|part| part.len()).sum();
    let mut chunk = Vec::with_capacity(data_len + chunk_overhead(data_len as u64) as usize);
    chunk.extend_from_slice(format!("{data_len:x}").as_bytes());
    chunk.extend_from_slice(LINE_END);
    for part in parts {
        chunk.extend_from_slice(part);
    }
    chunk.extend_from_slice(LINE_END);
    chunk
}

/// The data of a chunk that is whole; empty for the last.
///
/// # Panics
///
/// If `chunk` has no size line, which [`encode_chunk`] and [`LAST_CHUNK`] have.
pub fn chunk_data(chunk: &Bytes) -> Bytes {
    let line_end = chunk.iter().position(|&byte| byte == b'\n').expect("a chunk has a size line");
    chunk.slice(line_end + 1..chunk.len() - LINE_END.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_takes_the_length_that_was_predicted() {
        for data_len in [1, 9, 15, 16, 255, 256, 4_095, 4_096, 70_000] {
            let data = vec![b'x'; data_len];
            let (first, rest) = data.split_at(data_len / 2);
            let chunk = encode_chunk(&[first, rest]);
            assert_eq!(chunk.len() as u64, data_len as u64 + chunk_overhead(data_len as u64));
        }
        assert_eq!(encode_chunk(&[b"hello", b"\n"]), b"6\r\nhello\n\r\n");
    }

    #[test]
    fn the_data_of_a_chunk_is_what_was_put_in() {
        for data in [&b"x"[..], b"two\nlines\n", &[b'y'; 70_000]] {
            assert_eq!(chunk_data(&Bytes::from(encode_chunk(&[data]))), data);
        }
        assert!(chunk_data(&Bytes::from_static(LAST_CHUNK)).is_empty());
    }
}
