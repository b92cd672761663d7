//! What each side said in an exchange, in parts.

use pushbench_protocol::{ByteKind, Direction};

use crate::chunked::{Within, chunks, lines};
use crate::frame::frames;
use crate::head::{Head, head};
use crate::part::{Part, Passage};
use crate::payload::payload;
use crate::transcript::{Act, Exchange};
use crate::{AnatomyError, accept_key, coded, malformed};

/// What one side said in an exchange, of a stream in this coding if it is of one.
pub(crate) fn said(
    exchange: &Exchange,
    direction: Direction,
    coding: Option<&str>,
) -> Result<Option<Passage>, AnatomyError> {
    let bytes = match direction {
        Direction::Up => &exchange.up,
        Direction::Down => &exchange.down,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let (title, parts) = match (exchange.act, direction) {
        (Act::Connect, _) => {
            return Err(malformed("connecting", bytes, "no byte above TCP"));
        }
        (Act::Poll | Act::HeldPoll | Act::Fetch | Act::BeginStream, Direction::Up) => {
            ("the request", whole(bytes, head(bytes, ByteKind::Header, true)?)?)
        }
        (Act::Poll | Act::HeldPoll | Act::Fetch, Direction::Down) => {
            ("the response", answer(bytes)?)
        }
        (Act::BeginStream, Direction::Down) => {
            let head = head(bytes, ByteKind::Header, false)?;
            ("the headers of a response that does not end", whole(bytes, head)?)
        }
        (Act::Upgrade, Direction::Up) => {
            ("the request to upgrade", whole(bytes, head(bytes, ByteKind::Handshake, true)?)?)
        }
        (Act::Upgrade, Direction::Down) => ("101, and no HTTP from here on", accepted(exchange)?),
        (Act::Event, _) => {
            ("a chunk with an event", chunks(bytes, coding.map_or(Within::Events, Within::Coded))?)
        }
        (Act::Line, _) => {
            ("a chunk with a line", chunks(bytes, coding.map_or(Within::Lines, Within::Coded))?)
        }
        (Act::Frame, _) => ("a frame from the server", frames(bytes)?),
        (Act::Notice, _) => ("a frame that notifies of a message", frames(bytes)?),
        (Act::Publish, Direction::Up) => ("a frame from the client", frames(bytes)?),
        (Act::Publish, Direction::Down) => ("and back, pushed to every subscriber", frames(bytes)?),
        (Act::Close, Direction::Up) => ("the client's close frame", frames(bytes)?),
        (Act::Close, Direction::Down) => ("the server's close frame", frames(bytes)?),
    };
    Ok(Some(Passage { title: title.to_owned(), direction, parts }))
}

/// The content coding of the answer that begins a stream; `None` for one that is as it is, and for what
/// begins none.
pub(crate) fn coding_of(exchange: &Exchange) -> Result<Option<String>, AnatomyError> {
    if exchange.act != Act::BeginStream {
        return Ok(None);
    }
    let head = head(&exchange.down, ByteKind::Header, false)?;
    Ok(coded::named(head.value("content-encoding")).map(str::to_owned))
}

/// The parts of a head that nothing may follow.
fn whole(bytes: &[u8], head: Head) -> Result<Vec<Part>, AnatomyError> {
    match bytes.get(head.len..) {
        None | Some([]) => Ok(head.parts),
        Some(rest) => Err(malformed("behind a head", rest, "nothing")),
    }
}

/// Head and body of an answer to a poll.
fn answer(bytes: &[u8]) -> Result<Vec<Part>, AnatomyError> {
    let head = head(bytes, ByteKind::Header, false)?;
    let body = &bytes[head.len..];
    let announced = head.value("content-length").map_or(Ok(0), str::parse);
    if announced != Ok(body.len()) {
        let expected = "a body as long as its Content-Length says";
        return Err(malformed("the body of the response", body, expected));
    }
    let coding = coded::named(head.value("content-encoding")).map(str::to_owned);
    let mut parts = head.parts;
    match (coding, body.last()) {
        (_, None) => {}
        (Some(coding), _) => parts.extend(coded::body(body, &coding)),
        (None, Some(b'\n')) => parts.extend(lines(body)),
        (None, Some(_)) => parts.push(payload(body)),
    }
    Ok(parts)
}

/// The 101, with the proof that it is the answer to our key.
fn accepted(exchange: &Exchange) -> Result<Vec<Part>, AnatomyError> {
    let asked = head(&exchange.up, ByteKind::Handshake, true)?;
    let key = asked.value("sec-websocket-key").unwrap_or_default();
    let expected = accept_key(key);
    let mut head = head(&exchange.down, ByteKind::Handshake, false)?;
    let found = head.value("sec-websocket-accept").unwrap_or_default();
    if found != expected.accept {
        return Err(AnatomyError::Accept {
            key: key.to_owned(),
            found: found.to_owned(),
            expected: expected.accept,
        });
    }
    head.explain_accept(&expected);
    whole(&exchange.down, head)
}
