//! What the RFCs oblige a client to, a row for each, on raw bytes. The server's side stands in
//! `crates/server/tests`.
//!
//! Rows of RFC 9113 are the `h2` library's to keep and are not repeated; those of RFC 7692 stand
//! with the terms in `agreed`.

use pushbench_protocol::DeflateTerms;
use pushbench_wire::head::{HeadError, ResponseHead};

use crate::Fault;
use crate::carrier::http1::reader::AnswerReader;
use crate::carrier::http1::upgraded;
use crate::carrier::opening::UpgradeRequest;
use crate::content_coding::{ContentCoding, Offer};
use crate::transport::item::{Codec, Said};
use crate::transport::sse::Events;

/// A response, and what a client makes of it: its status and body, or a fault. `ended` is whether the
/// connection ends behind the bytes.
struct Row {
    source: &'static str,
    obliges: &'static str,
    bytes: &'static str,
    ended: bool,
    expected: Result<(u16, &'static str), Fault>,
}

const fn row(
    source: &'static str,
    obliges: &'static str,
    bytes: &'static str,
    expected: Result<(u16, &'static str), Fault>,
) -> Row {
    Row { source, obliges, bytes, ended: false, expected }
}

const RESPONSES: [Row; 22] = [
    row(
        "RFC 9110, 15.2",
        "a client MUST be able to parse one or more 1xx responses before the final one",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9110, 15.2",
        "HTTP/1.0 has no 1xx, and a server MUST NOT send one there",
        "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Err(Fault::Malformed),
    ),
    row(
        "RFC 9110, 15",
        "a client MUST treat an unknown status as the x00 of its class",
        "HTTP/1.1 299 Whatever\r\nContent-Length: 2\r\n\r\nok",
        Ok((299, "ok")),
    ),
    row(
        "RFC 9110, 15",
        "a status outside 100 to 599 is no HTTP or to be taken for a 5xx",
        "HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok",
        Err(Fault::Malformed),
    ),
    row(
        "RFC 9110, 15.3.5",
        "a 204 has no content, whatever its fields say",
        "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
        Ok((204, "")),
    ),
    row(
        "RFC 9110, 15.4.5",
        "a 304 has no content, whatever its fields say",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        Ok((304, "")),
    ),
    row(
        "RFC 9110, 5.1",
        "field names are case-insensitive",
        "HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh: 2\r\n\r\nok",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9110, 5.5",
        "blanks around a field's value are no part of it",
        "HTTP/1.1 200 OK\r\nContent-Length: \t 2 \t\r\n\r\nok",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9110, 8.6",
        "a length is digits; a recipient MUST anticipate large ones and prevent overflow",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok",
        Err(Fault::Malformed),
    ),
    row(
        "RFC 9112, 6.3",
        "an invalid length MUST be treated as an unrecoverable error",
        "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
        Err(Fault::Malformed),
    ),
    row(
        "RFC 9112, 6.3",
        "lengths that differ MUST be treated as an unrecoverable error",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        Err(Fault::Malformed),
    ),
    row(
        "RFC 9112, 6.3",
        "lengths that are the same may be taken for one",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9112, 6.3",
        "Transfer-Encoding overrides Content-Length",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        Ok((200, "ok")),
    ),
    Row {
        source: "RFC 9112, 6.3",
        obliges: "without either the body ends with the connection",
        bytes: "HTTP/1.1 200 OK\r\n\r\nok",
        ended: true,
        expected: Ok((200, "ok")),
    },
    Row {
        source: "RFC 9112, 8",
        obliges: "a body shorter than its length MUST be considered incomplete",
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        ended: true,
        expected: Err(Fault::Closed),
    },
    Row {
        source: "RFC 9112, 8",
        obliges: "a chunked body without its last chunk is incomplete",
        bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        ended: true,
        expected: Err(Fault::Closed),
    },
    row(
        "RFC 9112, 7.1",
        "a recipient MUST be able to parse the chunked coding; hexadecimal in either case",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n0000A\r\n0123456789\r\n0\r\n\r\n",
        Ok((200, "0123456789")),
    ),
    row(
        "RFC 9112, 7.1.1",
        "a recipient MUST ignore chunk extensions that it does not know",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 ;a;b=\"c\"\r\nok\r\n0;d\r\n\r\n",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9112, 7.1.2",
        "a recipient may discard trailer fields",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9112, 7.1",
        "a chunk size that does not fit is an error and no wrap-around",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\nok\r\n0\r\n\r\n",
        Err(Fault::Malformed),
    ),
    row(
        "RFC 9112, 5.2",
        "a user agent MUST read an obsolete line folding as a blank",
        "HTTP/1.1 200 OK\r\nX: one\r\n\ttwo\r\nContent-Length: 2\r\n\r\nok",
        Ok((200, "ok")),
    ),
    row(
        "RFC 9112, 9.2",
        "what comes on a connection without a request MUST NOT be taken for a response",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        Err(Fault::Malformed),
    ),
];

fn read(bytes: &[u8], step: usize, ended: bool) -> Result<(u16, String), Fault> {
    let mut reader = AnswerReader::default();
    let mut seen = None;
    for bytes in bytes.chunks(step) {
        // A read after the response is one that nothing was asked for.
        if seen.is_some() {
            return Err(Fault::Malformed);
        }
        seen = reader.push(bytes, |a| (a.status, String::from_utf8_lossy(a.body).into_owned()))?;
    }
    if ended {
        let end = reader.end(|a| (a.status, String::from_utf8_lossy(a.body).into_owned()))?;
        seen = seen.or(end);
    }
    seen.ok_or(Fault::AnswerTimeout)
}

#[test]
fn a_client_takes_responses_as_rfc_9110_and_9112_oblige_it_to() {
    for Row { source, obliges, bytes, ended, expected } in &RESPONSES {
        let expected = expected.map(|(status, body)| (status, body.to_owned()));
        for step in [1, 2, 3, 7, bytes.len()] {
            let found = read(bytes.as_bytes(), step, *ended);
            assert_eq!(found, expected, "{source}: {obliges}; reads of {step}");
        }
    }
}

#[test]
fn a_client_closes_a_connection_where_rfc_9112_obliges_it_to() {
    for (source, head, closes) in [
        ("9.3: `close` ends it", "1.1 200 OK\r\nConnection: close", true),
        ("9.3: in any case, in a list", "1.1 200 OK\r\nConnection: a, Close", true),
        ("9.3: HTTP/1.1 persists", "1.1 200 OK", false),
        ("9.3: HTTP/1.0 does not", "1.0 200 OK", true),
        ("9.3: unless it says so", "1.0 200 OK\r\nConnection: keep-alive", false),
        (
            "6.1: chunked from HTTP/1.0 is faulty framing",
            "1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked",
            true,
        ),
    ] {
        let bytes = format!("HTTP/{head}\r\n\r\n");
        let read = ResponseHead::read(bytes.as_bytes(), |head| Ok::<_, HeadError>(head.closes()));
        assert_eq!(read, Ok(Some(closes)), "RFC 9112, {source}");
    }
}

#[test]
fn a_client_takes_the_codings_that_rfc_9110_section_12_5_3_allows_it_to_be_sent() {
    for (head, coding, is_taken) in [
        ("", ContentCoding::Brotli, true),
        ("Accept-Encoding: gzip\r\n", ContentCoding::Gzip, true),
        ("Accept-Encoding: gzip\r\n", ContentCoding::Brotli, false),
        ("Accept-Encoding: gzip;q=0\r\n", ContentCoding::Gzip, false),
        ("Accept-Encoding: gzip\r\n", ContentCoding::Identity, true),
    ] {
        let request = format!("GET / HTTP/1.1\r\n{head}\r\n");
        assert_eq!(
            Offer::of_head(request.as_bytes()).takes(coding),
            is_taken,
            "{head:?} {coding:?}"
        );
    }
}

#[test]
fn a_client_fails_an_upgrade_where_rfc_6455_section_4_1_obliges_it_to() {
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let good = format!("Upgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPT}");
    let refused = Err(Fault::Upgrade);
    for (obliges, status, fields, expected) in [
        ("as it must be", 101, good.clone(), Ok(())),
        (
            "names in any case, in a list",
            101,
            format!("upgrade: WebSocket\r\nconnection: keep-alive, uPGRADE\r\n{ACCEPT}"),
            Ok(()),
        ),
        ("1: another status is no upgrade", 200, good.clone(), refused),
        ("2: Upgrade is missing", 101, format!("Connection: Upgrade\r\n{ACCEPT}"), refused),
        ("2: Upgrade is another", 101, good.replace("websocket", "h2c"), refused),
        ("2: Upgrade is two", 101, good.replace("websocket", "websocket, h2c"), refused),
        ("3: Connection is missing", 101, format!("Upgrade: websocket\r\n{ACCEPT}"), refused),
        ("3: Connection has no such token", 101, good.replace(": Upgrade", ": close"), refused),
        (
            "4: the accept is missing",
            101,
            "Upgrade: websocket\r\nConnection: Upgrade\r\n".to_owned(),
            refused,
        ),
        ("4: the accept is another", 101, good.replace("s3pP", "S3pP"), refused),
        ("4: blanks around it are ignored", 101, good.replace("Accept: ", "Accept:  \t"), Ok(())),
        (
            "5: an extension that was not asked for",
            101,
            format!("{good}Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            Err(Fault::Extension),
        ),
        (
            "6: a subprotocol that was not asked for",
            101,
            format!("{good}Sec-WebSocket-Protocol: mqtt\r\n"),
            refused,
        ),
    ] {
        let bytes = format!("HTTP/1.1 {status} x\r\n{fields}\r\n");
        let terms: Option<DeflateTerms> = None;
        let asked =
            UpgradeRequest { head: b"GET / HTTP/1.1\r\n\r\n".to_vec(), key: key.to_owned(), terms };
        let check = |bytes: &str| {
            ResponseHead::read(bytes.as_bytes(), |head| {
                Ok::<_, HeadError>(upgraded::check(head, &asked))
            })
        };
        assert_eq!(check(&bytes), Ok(Some(expected)), "RFC 6455, section 4.1, step {obliges}");
        // HTTP/1.0 has no 1xx (RFC 9110, section 15.2).
        let old = check(&bytes.replace("HTTP/1.1", "HTTP/1.0"));
        assert_eq!(old, Ok(Some(refused)), "HTTP/1.0: {obliges}");
    }
}

#[test]
fn a_client_reads_events_as_html_section_9_2_obliges_it_to() {
    for (obliges, bytes, expected) in [
        ("LF ends a line", "data: a\n\n", &["a"][..]),
        ("CR LF ends a line", "data: a\r\n\r\n", &["a"]),
        ("CR ends a line", "data: a\r\r", &["a"]),
        ("one byte order mark is stripped", "\u{feff}data: a\n\n", &["a"]),
        ("a comment is ignored", ": hello\ndata: a\n\n", &["a"]),
        ("one blank behind the colon is stripped", "data:a\n\ndata:  b\n\n", &["a", " b"]),
        ("a field without a colon is empty", "data\n\n", &[""]),
        ("lines of data are joined by LF", "data: a\ndata: b\n\n", &["a\nb"]),
        ("a field that is unknown is ignored", "foo: bar\ndata: a\n\n", &["a"]),
        ("field names count as they are written", "DATA: x\ndata: a\n\n", &["a"]),
        ("retry and id are no data", "retry: 10\nid: 1\ndata: a\n\n", &["a"]),
        ("an event without data is not dispatched", "id: 1\n\nevent: x\n\n", &[]),
        ("an event without its empty line is not dispatched", "data: a\n", &[]),
    ] {
        for step in 1..=bytes.len() {
            let mut events = Events::default();
            let mut seen = Vec::new();
            for bytes in bytes.as_bytes().chunks(step) {
                let pushed = events.push(bytes, &mut |item| {
                    if let Said::Message(data) = item.said {
                        seen.push(String::from_utf8_lossy(data).into_owned());
                    }
                });
                assert_eq!(pushed, Ok(()));
            }
            assert_eq!(seen, expected, "HTML, section 9.2: {obliges}; reads of {step}");
        }
    }
}
