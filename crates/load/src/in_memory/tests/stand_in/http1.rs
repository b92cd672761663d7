//! HTTP/1.1 as the stand-in speaks it.

use std::io;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::request::{Asked, Body, cursor};
use super::{Manners, StandIn, Stream};
use crate::carrier::http1::upgraded::accept_key;

/// Responds to requests until the client ends the connection.
pub(super) async fn serve(server: &Rc<StandIn>, mut stream: impl Stream) -> io::Result<()> {
    let mut read = Vec::new();
    while let Some(head) = head(&mut stream, &mut read).await? {
        let path = head.split(' ').nth(1).expect("a request line has a path");
        let len = server.log.borrow().len();
        match Asked::of(path, len) {
            Asked::Poll(place, hold) => {
                tokio::select! {
                    _ = tokio::time::timeout(hold, server.more_than(place)) => {}
                    _ = stream.read_u8() => break,
                }
                let response = response(&server.log.borrow(), place);
                if server.is_cut(server.log.borrow().len()) {
                    stream.write_all(&response.as_bytes()[..response.len() / 2]).await?;
                    break;
                }
                stream.write_all(response.as_bytes()).await?;
            }
            Asked::Stream(body, place) => return say(server, stream, body, place).await,
            Asked::Publish => {
                let len = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
                let len = len.expect("a publish has a length").parse().expect("a length");
                while read.len() < len {
                    read.push(stream.read_u8().await?);
                }
                server.publish(read.drain(..len).collect());
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
            }
            Asked::Socket(form, place) => {
                let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
                let accept = accept_key(key.expect("an upgrade has a key"));
                let response = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                stream.write_all(response.as_bytes()).await?;
                return server.frames(stream, form, place).await;
            }
        }
    }
    stream.shutdown().await
}

/// The head of the next request, taken off what was `read`; `None` if the client has ended the
/// connection.
async fn head(stream: &mut impl Stream, read: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(at) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = read.drain(..at + 4).collect();
            return Ok(Some(String::from_utf8(head).expect("heads are ASCII")));
        }
        let mut bytes = [0; 1_024];
        match stream.read(&mut bytes).await? {
            0 => return Ok(None),
            len => read.extend_from_slice(&bytes[..len]),
        }
    }
}

fn response(log: &[String], place: usize) -> String {
    let cursor = cursor(log.len());
    let body: String = log[place..].iter().map(|message| format!("{message}\n")).collect();
    match body.len() {
        0 => format!("HTTP/1.1 204 No Content\r\nCursor: {cursor}\r\n\r\n"),
        len => {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\nCursor: {cursor}\r\n\r\n{body}")
        }
    }
}

/// Says what there is, in chunks, until the client ends the connection.
async fn say(
    server: &Rc<StandIn>,
    mut stream: impl Stream,
    body: Body,
    mut place: usize,
) -> io::Result<()> {
    let coding = match server.manners {
        Manners::Good | Manners::CutsOff => "",
        Manners::Codes => "Content-Encoding: gzip, br\r\n",
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{coding}Transfer-Encoding: chunked\r\n\r\n",
        body.content_type()
    );
    stream.write_all(head.as_bytes()).await?;
    loop {
        tokio::select! {
            (item, is_cut) = server.next_item(body, place) => {
                let chunk = format!("{:x}\r\n{item}\r\n", item.len());
                stream.write_all(chunk.as_bytes()).await?;
                if is_cut {
                    return stream.shutdown().await;
                }
                place += 1;
            }
            _ = stream.read_u8() => return stream.shutdown().await,
        }
    }
}
