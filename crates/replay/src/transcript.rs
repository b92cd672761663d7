//! A transcript: who says what, line by line.
//!
//! A line is
//!
//! - `> METHOD URL | Name: value; ... | body`: a request of the client;
//! - `< STATUS | Name: value; ... | body`: the response to it. A request without one opens the
//!   connection;
//! - `>> text`, `<< text`: a message, or part of a stream, over the connection;
//! - `= message TEXT`, `= heartbeat`, ...: what the client makes of what came last;
//! - `publish TEXT`, `keep-alive`, `close`: what the client is told to do, and says next;
//! - `again`: the server says the next line now and then for as long as there is a connection;
//! - `publisher`: from here on another client speaks, who publishes over a connection of its own.
//!
//! Lines that begin with `#` are comments, the first of which says where all this is from.

use crate::text::Text;

/// A line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// `>`
    Request(Request),
    /// `<`
    Response(Response),
    /// `>>`
    Client(Text),
    /// `<<`
    Server(Text),
    /// `=`, with its first word.
    Made(String),
    /// `publish`
    Publish,
    /// `keep-alive` and `close`
    Told,
    /// `again`
    Again,
    /// `publisher`
    Publisher,
}

/// A request of the client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// As in `POST`.
    pub method: String,
    /// Its path and query.
    pub url: Text,
    /// Headers that it has; there may be others.
    pub headers: Vec<(String, Text)>,
    /// Its body.
    pub body: Text,
}

/// A response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// Its status code.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, Text)>,
    /// Its body.
    pub body: Text,
}

/// The lines of a transcript.
///
/// # Errors
///
/// The number of the first that is none.
pub fn lines(transcript: &str) -> Result<Vec<Line>, usize> {
    let numbered = transcript.lines().enumerate();
    let lines = numbered.filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    lines.map(|(number, line)| one(line).ok_or(number + 1)).collect()
}

fn one(line: &str) -> Option<Line> {
    Some(match line.split_once(' ').unwrap_or((line, "")) {
        (">", request) => {
            let (begin, headers, body) = parts(request);
            let (method, url) = begin.split_once(' ')?;
            let url = Text::parse(url.trim());
            Line::Request(Request { method: method.to_owned(), url, headers, body })
        }
        ("<", response) => {
            let (status, headers, body) = parts(response);
            Line::Response(Response { status: status.trim().parse().ok()?, headers, body })
        }
        (">>", text) => Line::Client(Text::parse(text)),
        ("<<", text) => Line::Server(Text::parse(text)),
        ("=", made) => Line::Made(made.split(' ').next()?.to_owned()),
        ("publish", _) => Line::Publish,
        ("keep-alive" | "close", "") => Line::Told,
        ("again", "") => Line::Again,
        ("publisher", "") => Line::Publisher,
        _ => return None,
    })
}

/// What stands before the headers, the headers, and the body.
fn parts(line: &str) -> (&str, Vec<(String, Text)>, Text) {
    let mut parts = line.splitn(3, " |");
    let begin = parts.next().unwrap_or_default();
    let headers = parts.next().unwrap_or_default().trim().split("; ");
    let headers = headers.filter_map(|header| header.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), Text::parse(value))).collect();
    let body = parts.next().unwrap_or_default();
    (begin, headers, Text::parse(body.strip_prefix(' ').unwrap_or(body)))
}
