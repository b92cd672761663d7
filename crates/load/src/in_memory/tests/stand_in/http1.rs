//! HTTP/1.1 as the stand-in speaks it.

use std::io;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::request::{Asked, Body, cursor};
use super::{COMMENT, CUT, Manners, StandIn, Stream};
use crate::carrier::http1::upgraded::accept_key;

/// Responds to requests until the client, or these manners, end the connection.
pub(super) async fn serve(
    server: &Rc<StandIn>,
    manners: Manners,
    mut stream: impl Stream,
) -> io::Result<()> {
    let (mut read, mut taken) = (Vec::new(), 0);
    while let Some(head) = manners.next(head(&mut stream, &mut read)).await {
        let Some(head) = head? else { break };
        taken += 1;
        if manners.is_too_many(taken) {
            break;
        }
        let path = head.split(' ').nth(1).expect("a request line has a path");
        let len = server.log.borrow().len();
        match (Asked::of(path, len), manners) {
            (Asked::Poll(place, _), Manners::BeginsEarly { before, behind }) => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCursor: {}\r\n\r\n{}",
                    cursor(place + 1),
                    chunk(before)
                );
                stream.write_all(head.as_bytes()).await?;
                let last = tokio::select! {
                    last = server.held(place, behind) => chunk(&last) + "0\r\n\r\n",
                    _ = stream.read_u8() => break,
                };
                stream.write_all(last.as_bytes()).await?;
            }
            (Asked::Poll(place, hold), _) => {
                tokio::select! {
                    () = server.hold(hold, place) => {}
                    _ = stream.read_u8() => {
                        server.received.borrow_mut().push(CUT.to_owned());
                        break;
                    }
                }
                let is_last = manners.is_last(taken);
                let len = server.log.borrow().len();
                let response = response(&server.polled(place), len, is_last);
                if server.is_cut(server.log.borrow().len()) {
                    stream.write_all(&response.as_bytes()[..response.len() / 2]).await?;
                    if manners == Manners::Stalls {
                        let _ = stream.read_u8().await;
                    }
                    break;
                }
                stream.write_all(response.as_bytes()).await?;
                if is_last {
                    break;
                }
            }
            (Asked::Stream(body, place), _) => return say(server, stream, body, place).await,
            (Asked::Publish, _) => {
                server.publish(body(&head, &mut stream, &mut read).await?);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
            }
            (Asked::Say, _) => {
                let reply = server.receives(&body(&head, &mut stream, &mut read).await?);
                let len = reply.len();
                let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{reply}");
                stream.write_all(response.as_bytes()).await?;
            }
            (Asked::Socket(form, place), _) => {
                let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
                let accept = accept_key(key.expect("an upgrade has a key"));
                // With the largest window; no frame has to be compressed for that.
                let offer = head.lines().find(|line| line.starts_with("Sec-WebSocket-Extensions"));
                let agreed = offer.filter(|_| server.deflates).map_or(String::new(), |offer| {
                    format!("{}\r\n", offer.trim_end_matches("; client_max_window_bits"))
                });
                let response = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{agreed}\r\n"
                );
                stream.write_all(response.as_bytes()).await?;
                return server.frames(stream, form, place).await;
            }
        }
    }
    end(stream).await
}

/// Ends a connection, and reads what the client says until it ends its side.
async fn end(mut stream: impl Stream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.map(|_| ())
}

/// The head of the next request, taken off what was `read`; `None` if the client has ended the
/// connection.
async fn head(stream: &mut impl Stream, read: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(at) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = read.drain(..at + 4).collect();
            return Ok(Some(String::from_utf8(head).expect("headers are ASCII")));
        }
        let mut bytes = [0; 1_024];
        match stream.read(&mut bytes).await? {
            0 => return Ok(None),
            len => read.extend_from_slice(&bytes[..len]),
        }
    }
}

/// The body behind a head, taken off what was `read`; nothing where the head says no length.
async fn body(head: &str, stream: &mut impl Stream, read: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let len = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let len = len.map_or(0, |len| len.parse().expect("a length"));
    while read.len() < len {
        read.push(stream.read_u8().await?);
    }
    Ok(read.drain(..len).collect())
}

/// The response to a poll with this body, after so many messages.
fn response(body: &str, len: usize, is_last: bool) -> String {
    let cursor = cursor(len);
    let more = if is_last { "Connection: close\r\n" } else { "" };
    match body.len() {
        0 => format!("HTTP/1.1 204 No Content\r\n{more}Cursor: {cursor}\r\n\r\n"),
        len => {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n{more}Cursor: {cursor}\r\n\r\n{body}"
            )
        }
    }
}

/// A chunk of this, if there is anything.
fn chunk(piece: &str) -> String {
    match piece.len() {
        0 => String::new(),
        len => format!("{len:x}\r\n{piece}\r\n"),
    }
}

/// Says what there is, in chunks, until the client ends the connection.
async fn say(
    server: &Rc<StandIn>,
    mut stream: impl Stream,
    body: Body,
    mut place: usize,
) -> io::Result<()> {
    let coding = server.manners.stream_codings();
    let coding = coding.map_or(String::new(), |coding| format!("Content-Encoding: {coding}\r\n"));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{coding}Transfer-Encoding: chunked\r\n\r\n",
        body.content_type()
    );
    stream.write_all(head.as_bytes()).await?;
    loop {
        tokio::select! {
            (pieces, is_cut) = server.next_item(body, place) => {
                for piece in pieces {
                    stream.write_all(chunk(&piece).as_bytes()).await?;
                    // So that whoever reads has each by itself.
                    tokio::task::yield_now().await;
                }
                if is_cut {
                    return stream.shutdown().await;
                }
                place += 1;
            }
            () = server.manners.rambling() => {
                for _ in 0..2 {
                    stream.write_all(chunk(COMMENT).as_bytes()).await?;
                }
            }
            _ = stream.read_u8() => return stream.shutdown().await,
        }
    }
}
