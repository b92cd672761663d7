//! HTTP/2 without a library, so that a connection can be ended under a request: which streams a server
//! has looked at is otherwise the library's to say. It knows polls that are not held, and responds
//! with every message that there is.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::request::cursor;
use super::{Manners, StandIn, Stream};

/// Types of frames, and flags (RFC 9113, section 6).
const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const SETTINGS: u8 = 0x4;
const GOAWAY: u8 = 0x7;
const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
/// Fields of the static table (RFC 7541, appendix A), indexed: `:status` 200 and 204.
const OK: u8 = 0x80 | 8;
const NO_CONTENT: u8 = 0x80 | 9;

/// Responds to requests until it has had enough, or the client ends the connection.
pub(super) async fn serve(server: &StandIn, mut stream: impl Stream) -> io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    let (mut taken, mut last) = (0, 0);
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return stream.shutdown().await;
        }
        let [l0, l1, l2, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, l0, l1, l2]) as usize];
        stream.read_exact(&mut payload).await?;
        match kind {
            SETTINGS if flags & ACK == 0 => {
                stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?;
            }
            HEADERS => {
                taken += 1;
                if !server.manners.is_too_many(taken) {
                    last = u32::from_be_bytes(id);
                    let response = response(&server.log.borrow(), last);
                    stream.write_all(&response).await?;
                    continue;
                }
                if server.manners == Manners::RefusesMore {
                    let no_error = [last.to_be_bytes(), [0; 4]].concat();
                    stream.write_all(&frame(GOAWAY, 0, 0, &no_error)).await?;
                }
                stream.shutdown().await?;
                // What the client says until it ends its side is read, and so counted.
                let mut rest = Vec::new();
                return stream.read_to_end(&mut rest).await.map(|_| ());
            }
            _ => {}
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn response(log: &[String], stream: u32) -> Vec<u8> {
    let text = |text: &str| {
        let len = u8::try_from(text.len()).expect("a short text");
        [&[len], text.as_bytes()].concat()
    };
    let is_empty = log.is_empty();
    // A literal field without indexing, with a name of its own (RFC 7541, section 6.2.2).
    let place = [&[0][..], &text("cursor"), &text(&cursor(log.len()).to_string())].concat();
    let status = if is_empty { NO_CONTENT } else { OK };
    let flags = END_HEADERS | if is_empty { END_STREAM } else { 0 };
    let head = frame(HEADERS, flags, stream, &[&[status][..], &place].concat());
    let body: String = log.iter().map(|message| format!("{message}\n")).collect();
    match is_empty {
        true => head,
        false => [head, frame(DATA, END_STREAM, stream, body.as_bytes())].concat(),
    }
}
