//! What the reader of requests makes of bytes, wherever reads end, for the fuzz targets.

use super::body::Body;
use super::request::{Malformed, Room, read};

/// Bytes that are looked at: fewer than a head may have, so that no bound is met.
const MOST: usize = 8 * 1024;

/// A request: its method, its path and query, and the body that followed.
type Found = (String, String, Vec<u8>);

/// The requests in `bytes`, read in steps, and the status that what follows them is refused with.
pub(crate) fn requests(bytes: &[u8], step: usize) -> (Vec<Found>, Option<u16>) {
    let bytes = &bytes[..bytes.len().min(MOST)];
    let (mut found, mut input, mut body) = (Vec::new(), Vec::new(), Body::of(0));
    for piece in bytes.chunks(step.max(1)) {
        input.extend_from_slice(piece);
        if let Err(malformed) = take(&mut input, &mut body, &mut found) {
            return (found, Some(malformed.booked().as_u16()));
        }
    }
    (found, None)
}

/// Takes whole requests, and bodies as far as they are there, off the front.
fn take(input: &mut Vec<u8>, body: &mut Body, found: &mut Vec<Found>) -> Result<(), Malformed> {
    let mut left = &input[..];
    loop {
        while let Some(data) = body.next(&mut left).map_err(|_| Malformed::BAD)? {
            if let Some((_, _, whole)) = found.last_mut() {
                whole.extend_from_slice(data);
            }
        }
        if !body.is_over() || left.is_empty() {
            break;
        }
        let mut room = Room::new();
        let Some(head) = read(left, &mut room, 2 * MOST)? else { break };
        assert!(head.len > 0 && head.len <= left.len(), "a head is some of the bytes");
        let target = format!("{}?{}", head.target.path(), head.target.query());
        found.push((head.method.to_string(), target, Vec::new()));
        left = &left[head.len..];
        *body = head.body;
    }
    let kept = left.len();
    input.drain(..input.len() - kept);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARTS: [&str; 12] = [
        "GET /topics/t0000/poll?after=x HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "3\r\nabc\r\n",
        "0\r\nT: t\r\n\r\n",
        "0\r\n\r\n",
        "abcde",
        "\r\n",
        "GET /\r\n\r\n",
        "GET * HTTP/1.0\nA: b\n\n",
        "X : y\r\n",
        "\0",
    ];

    proptest! {
        #[test]
        fn requests_and_bodies_are_the_same_wherever_reads_end(
            parts in prop::collection::vec(0..PARTS.len(), 0..8),
        ) {
            let bytes: String = parts.into_iter().map(|part| PARTS[part]).collect();
            let whole = requests(bytes.as_bytes(), bytes.len());
            for step in 1..bytes.len() {
                prop_assert_eq!(&requests(bytes.as_bytes(), step), &whole, "in steps of {}", step);
            }
        }
    }
}
