//! HAR, the HTTP Archive format 1.2, as the developer tools of Chrome, Firefox and Safari save it.
//!
//! Only what is used is read. The crate `har` 0.9 reads the whole of the format and refuses what does
//! not keep to it, which exports of browsers do not always; and it has no `_webSocketMessages`, which
//! is where Chrome saves what a WebSocket carried.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::captured::{Captured, SavedAs, parse_url};

/// The longest file in bytes: with contents, an hour of a page has a few of these.
const MOST_BYTES: usize = 64 << 20;
/// The most requests.
const MOST_ENTRIES: usize = 100_000;

/// Why a file is no HAR file that can be imported.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HarError {
    /// It is too long.
    #[error("the file has {found} bytes, expected at most 64 MiB: save a shorter recording")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// It is no JSON, or lacks what HAR has.
    #[error("{at}: {why}, expected a HAR file with `log.entries`")]
    Malformed {
        /// Where: a path of members, or the place in the text.
        at: String,
        /// What is wrong there.
        why: String,
    },
    /// It has too many requests.
    #[error("the file has {found} requests, expected at most 100,000")]
    TooMany {
        /// Its requests.
        found: usize,
    },
}

/// A request with what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recorded {
    /// The request.
    pub captured: Captured,
    /// When it began, as far as the file says.
    pub started: Option<Timestamp>,
    /// How long it took until all of the response was there.
    pub took: Duration,
    /// Status of the response; 0 where there was none.
    pub status: u16,
    /// Headers of the response.
    pub response_headers: Vec<(String, String)>,
    /// Body of the response, where it was saved and is text.
    pub response_body: Option<String>,
    /// What the browser calls the resource, as in `fetch` or `websocket`.
    pub resource: Option<String>,
    /// Texts that went over a WebSocket.
    pub messages: Vec<Text>,
}

/// A text that went over a WebSocket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text {
    /// Whether the browser sent it.
    pub is_sent: bool,
    /// The text.
    pub text: String,
    /// When, since 1970; zero where the file does not say.
    pub at: Duration,
}

impl Recorded {
    /// A request of which nothing else was saved.
    pub fn alone(captured: Captured) -> Self {
        Self {
            captured,
            started: None,
            took: Duration::ZERO,
            status: 0,
            response_headers: Vec::new(),
            response_body: None,
            resource: None,
            messages: Vec::new(),
        }
    }

    /// The value of the first header of the response of this name, whatever its case.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        let found =
            self.response_headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads the requests of a HAR file in the order in which they began. What is no request over HTTP
/// (`data:`, `blob:`, an extension's) is left out.
///
/// # Errors
///
/// If the text is too long, no JSON, or no HAR.
pub fn read_har(text: &str) -> Result<Vec<Recorded>, HarError> {
    if text.len() > MOST_BYTES {
        return Err(HarError::TooLong { found: text.len() });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = &mut serde_json::Deserializer::from_str(text);
    let file: File = serde_path_to_error::deserialize(reader).map_err(|error| {
        let at = match error.path().to_string() {
            path if path == "." => "the file".to_owned(),
            path => path,
        };
        HarError::Malformed { at, why: error.inner().to_string() }
    })?;
    if file.log.entries.len() > MOST_ENTRIES {
        return Err(HarError::TooMany { found: file.log.entries.len() });
    }
    let mut all: Vec<_> = file.log.entries.into_iter().filter_map(recorded).collect();
    all.sort_by_key(|recorded| recorded.started);
    Ok(all)
}

fn recorded(entry: Entry) -> Option<Recorded> {
    let (url, user) = parse_url(&entry.request.url).ok()?;
    let pairs = |fields: Vec<Field>| {
        let own = fields.into_iter().filter(|field| !field.name.starts_with(':'));
        own.map(|field| (field.name, field.value.trim().to_owned())).collect::<Vec<_>>()
    };
    let mut headers = pairs(entry.request.headers);
    headers.extend(user.map(|user| ("Authorization".to_owned(), user)));
    let content = entry.response.content.unwrap_or_default();
    let messages = entry.messages.unwrap_or_default();
    let texts = messages.into_iter().filter(|message| message.opcode == 1);
    Some(Recorded {
        captured: Captured {
            method: entry.request.method,
            url,
            headers,
            body: entry.request.body.and_then(|body| body.text).filter(|text| !text.is_empty()),
            saved_as: SavedAs::Har,
        },
        started: entry.started.and_then(|started| started.parse().ok()),
        took: Duration::try_from_secs_f64(entry.time.unwrap_or(0.0) / 1e3).unwrap_or_default(),
        status: u16::try_from(entry.response.status).unwrap_or(0),
        response_headers: pairs(entry.response.headers),
        response_body: content.text.filter(|_| content.encoding.is_none()),
        resource: entry.resource,
        messages: texts.map(text_of).collect(),
    })
}

fn text_of(message: Message) -> Text {
    let at = Duration::try_from_secs_f64(message.time.unwrap_or(0.0)).unwrap_or_default();
    Text { is_sent: message.kind == "send", text: message.data, at }
}

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "startedDateTime")]
    started: Option<String>,
    time: Option<f64>,
    request: Request,
    #[serde(default)]
    response: Response,
    #[serde(rename = "_resourceType")]
    resource: Option<String>,
    #[serde(rename = "_webSocketMessages")]
    messages: Option<Vec<Message>>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Field>,
    #[serde(rename = "postData")]
    body: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    text: Option<String>,
}

/// Of a request that failed browsers save -1, null or nothing.
#[derive(Default, Deserialize)]
struct Response {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<Field>,
    content: Option<Content>,
}

#[derive(Default, Deserialize)]
struct Content {
    text: Option<String>,
    /// `base64`, of what is no text.
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    opcode: i64,
    time: Option<f64>,
    data: String,
}
