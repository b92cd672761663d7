//! What a client sends: a poll, what opens a stream, an upgrade.

use pushbench_protocol::{Compression, Cursor, DeflateTerms, RequestProfile};

use super::block::FieldBlock;
use super::extension::{DEFLATE, offer};
use super::field::Field;
use super::message::Message;

/// A client of a scenario: its header file, and what its requests are filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client<'a> {
    /// The header file.
    pub(crate) file: &'a RequestProfile,
    /// The server's name and port.
    pub(crate) host: &'a str,
    /// Whether the server is reached by TLS.
    pub(crate) secure: bool,
    /// Bytes of cookie that are added.
    pub(crate) cookie_bytes: u32,
}

/// A request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    message: Message,
    target: String,
    is_upgrade: bool,
}

impl Client<'_> {
    /// A poll, or what opens a stream of lines.
    ///
    /// With `conditional` it asks for what is newer than a tag, which is weak where bodies may be
    /// compressed (RFC 9110, section 8.8.3.3).
    pub(crate) fn poll(self, path: &str, conditional: bool, coding: Compression) -> Asked {
        let mut asked = self.filled(self.file.written()[0], path, false);
        let message = &mut asked.message;
        if let Some(coding) = coding.content_coding()
            && message.value("Accept-Encoding").is_none()
        {
            message.fields.push(Field::new("Accept-Encoding", coding));
        }
        if conditional {
            let weak = if coding.content_coding().is_some() { "W/" } else { "" };
            let tag = format!("{weak}\"{}\"", Cursor::OLDEST);
            message.fields.push(Field::new("If-None-Match", tag));
        }
        asked
    }

    /// What opens a stream of events: it accepts those, where it says what it accepts (HTML,
    /// section 9.2).
    pub(crate) fn events(self, path: &str, coding: Compression) -> Asked {
        let mut asked = self.poll(path, false, coding);
        if asked.message.value("Accept").is_some() {
            asked.message.set("Accept", "text/event-stream");
        }
        asked
    }

    /// An upgrade, with a key of 16 bytes in base64 (RFC 6455, section 4.1). A browser's own offer
    /// stands where the terms are the usual ones.
    pub(crate) fn upgrade(self, path: &str, terms: Option<DeflateTerms>) -> Asked {
        const FIELD: &str = "Sec-WebSocket-Extensions";
        let mut asked = self.filled(self.file.written()[1], path, true);
        asked.message.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        if let Some(terms) = terms {
            let own = asked.message.value(FIELD);
            let mut offers = own.into_iter().flat_map(|own| own.split([',', ';']));
            let has_own = offers.any(|offered| offered.trim() == DEFLATE);
            if !(has_own && terms == DeflateTerms::DEFAULT) {
                asked.message.set(FIELD, offer(terms));
            }
        }
        asked
    }

    /// Lines of the header file with their holes filled, and the cookie.
    fn filled(self, lines: &str, path: &str, is_upgrade: bool) -> Asked {
        let scheme = if self.secure { "https" } else { "http" };
        let fill = |text: &str| {
            text.replace("{path}", path)
                .replace("{host}", self.host)
                .replace("{origin}", &[scheme, "://", self.host].concat())
        };
        let mut lines = lines.lines();
        let start = fill(lines.next().unwrap_or_default());
        let mut fields: Vec<_> = lines.filter_map(Field::of_line).collect();
        for field in &mut fields {
            field.value = fill(&field.value);
        }
        let mut message = Message { start_len: start.len() + "\r\n".len(), fields };
        if self.cookie_bytes > 0 {
            let cookie = "s=".chars().chain(std::iter::repeat('x'));
            let cookie: String = cookie.take(self.cookie_bytes as usize).collect();
            let cookie = match message.value("Cookie") {
                None | Some("") => cookie,
                Some(own) => format!("{own}; {cookie}"),
            };
            message.set("Cookie", cookie);
        }
        let target = start.split(' ').nth(1).unwrap_or_default().to_owned();
        Asked { message, target, is_upgrade }
    }
}

impl Asked {
    /// Bytes on HTTP/1.1.
    pub(crate) fn len(&self) -> u64 {
        self.message.len() as u64
    }

    /// As HTTP/2 carries it: an upgrade as an extended CONNECT (RFC 8441, section 4). The order of the
    /// pseudo-fields is that of the `h2` library.
    pub(crate) fn block(&self, secure: bool) -> FieldBlock {
        let host = self.message.value("Host").unwrap_or_default();
        let scheme = if secure { "https" } else { "http" };
        let method = if self.is_upgrade { "CONNECT" } else { "GET" };
        let pseudo = [
            (":method", method),
            (":scheme", scheme),
            (":authority", host),
            (":path", &self.target),
        ];
        if self.is_upgrade {
            let [method, scheme, authority, path] = pseudo;
            let pseudo = [method, scheme, authority, path, (":protocol", "websocket")];
            return self.message.block(pseudo, Some(host));
        }
        self.message.block(pseudo, Some(host))
    }
}
