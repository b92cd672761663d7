//! What the hot paths of this crate do, for the benches that time it and those that count its
//! instructions.

use std::hint::black_box;

use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_wire::Ledger;
use pushbench_wire::frame::{FrameCounter, FrameCounts, Opcode, encode_header};
use pushbench_wire::head::{HeadError, RequestHead, ResponseHead};

/// A poll as a browser sends it.
pub(crate) const REQUEST: &[u8] = b"GET /poll?topic=t0&after=7.0.41 HTTP/1.1\r\n\
    Host: 127.0.0.1:8080\r\nConnection: keep-alive\r\nsec-ch-ua-platform: \"Linux\"\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 \
    Safari/537.36\r\nsec-ch-ua: \"Chromium\";v=\"143\", \"Not A(Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n\
    Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n\
    Referer: http://127.0.0.1:8080/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef\r\n\r\n";

/// What it is answered.
pub(crate) const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Cache-Control: no-store\r\nX-Cursor: 7.0.42\r\nContent-Length: 28\r\n\
    Date: Mon, 30 Nov 2026 12:00:00 GMT\r\n\r\nAAAAAAAAAAAAAAAA and an update";

/// A hundred frames of one payload size, as a server sends them.
pub(crate) fn frames(payload_len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(100 * (payload_len + 10));
    for _ in 0..100 {
        encode_header(&mut bytes, true, Opcode::Text, payload_len as u64, None);
        bytes.resize(bytes.len() + payload_len, b'x');
    }
    bytes
}

/// Counts the frames of a stream.
pub(crate) fn count(bytes: &[u8]) -> FrameCounts {
    let mut counter = FrameCounter::default();
    counter.observe(black_box(bytes));
    counter.counts
}

/// Reads a request as far as a server needs it.
pub(crate) fn read_request(bytes: &[u8]) -> usize {
    let read = RequestHead::read(black_box(bytes), |head| {
        black_box((head.method, head.target, head.fields.value("Host")));
        Ok::<_, HeadError>(head.len)
    });
    read.expect("a request").expect("all of it")
}

/// Reads a response as far as a client needs it.
pub(crate) fn read_response(bytes: &[u8]) -> usize {
    let read = ResponseHead::read(black_box(bytes), |head| {
        black_box((head.status, head.body_end()?, head.fields.value("X-Cursor")));
        Ok::<_, HeadError>(head.len)
    });
    read.expect("a response").expect("all of it")
}

/// Books what one poll and its response are.
pub(crate) fn book(ledger: &mut Ledger) {
    for (direction, kind) in [
        (Direction::Up, ByteKind::Header),
        (Direction::Down, ByteKind::Header),
        (Direction::Down, ByteKind::Payload),
    ] {
        black_box(&mut *ledger).book(Phase::Measure, direction, black_box(kind), black_box(600));
    }
}
