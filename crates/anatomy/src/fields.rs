//! Why each known field of an HTTP head is sent: a table, and nothing but a table.

/// What is known of a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Field {
    /// Its name as its document writes it.
    pub name: &'static str,
    /// Why it is sent; on requests and answers alike.
    pub why: &'static str,
    /// The document that defines it.
    pub source: &'static str,
}

/// What is known of the field of this name, in whatever case it is written.
pub fn known(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
}

const fn field(name: &'static str, why: &'static str, source: &'static str) -> Field {
    Field { name, why, source }
}

/// Every field that an explanation is known of, in the order of the alphabet.
pub const FIELDS: &[Field] = &[
    field(
        "Accept",
        "which media types the client accepts; a script that knows what it requests does not need it",
        "RFC 9110, section 12.5.1",
    ),
    field(
        "Accept-Charset",
        "which character sets the client accepts; browsers no longer send it",
        "RFC 9110, section 12.5.2",
    ),
    field(
        "Accept-Encoding",
        "which content codings the client can decode",
        "RFC 9110, section 12.5.3",
    ),
    field(
        "Accept-Language",
        "which languages the reader prefers; sent even with polls for numbers",
        "RFC 9110, section 12.5.4",
    ),
    field("Authorization", "the credentials of the client", "RFC 9110, section 11.6.2"),
    field(
        "Cache-Control",
        "what caches on the way may do with this message",
        "RFC 9111, section 5.2",
    ),
    field(
        "Connection",
        "what holds for this connection alone: that it stays open, or that it is to be upgraded",
        "RFC 9110, section 7.6.1",
    ),
    field("Content-Encoding", "how the body is compressed", "RFC 9110, section 8.4"),
    field(
        "Content-Length",
        "where the body ends, and so where the next response begins on the same connection",
        "RFC 9110, section 8.6",
    ),
    field("Content-Type", "what the body is", "RFC 9110, section 8.3"),
    field(
        "Cookie",
        "what the server once set with Set-Cookie; every request sends all of it back",
        "RFC 6265, section 5.4",
    ),
    field(
        "Cursor",
        "Pushbench's own: the client's position in the log, for its next `?after=`",
        "",
    ),
    field("Date", "when the response was made", "RFC 9110, section 6.6.1"),
    field(
        "ETag",
        "an identifier of this version of the response, for If-None-Match",
        "RFC 9110, section 8.8.3",
    ),
    field("Gap", "Pushbench's own: how many messages the log no longer held", ""),
    field(
        "Host",
        "which of the sites at one address is meant; the only field that HTTP/1.1 requires",
        "RFC 9110, section 7.2",
    ),
    field(
        "If-None-Match",
        "the version the client has: if it is still the newest, 304 and no body",
        "RFC 9110, section 13.1.2",
    ),
    field(
        "Keep-Alive",
        "how many seconds an idle connection may stay open; a remnant of HTTP/1.0",
        "RFC 2068, section 19.7.1.1",
    ),
    field(
        "Last-Event-ID",
        "the last event that the client received, so that a new stream continues after it",
        "HTML, section 9.2.4",
    ),
    field(
        "Origin",
        "the site of the page that sends the request, so that a server can refuse others",
        "RFC 6454, section 7",
    ),
    field(
        "Pragma",
        "no-cache, for HTTP/1.0 caches, which do not know Cache-Control",
        "RFC 9111, section 5.4",
    ),
    field("Priority", "how urgent the response is to the page", "RFC 9218, section 5"),
    field("Referer", "the page that sends the request", "RFC 9110, section 10.1.3"),
    field(
        "Sec-CH-UA",
        "brand and version of the browser, for programs",
        "User-Agent Client Hints, section 3.1",
    ),
    field(
        "Sec-CH-UA-Mobile",
        "whether the browser runs on a mobile device",
        "User-Agent Client Hints, section 3.5",
    ),
    field("Sec-CH-UA-Platform", "the operating system", "User-Agent Client Hints, section 3.7"),
    field(
        "Sec-Fetch-Dest",
        "what the response is for; `empty` is a script's fetch",
        "Fetch Metadata, section 2.1",
    ),
    field(
        "Sec-Fetch-Mode",
        "how it is fetched: across origins (cors), as a WebSocket",
        "Fetch Metadata, section 2.2",
    ),
    field(
        "Sec-Fetch-Site",
        "how far the page is from the server: the same origin, or another site",
        "Fetch Metadata, section 2.3",
    ),
    field(
        "Sec-WebSocket-Accept",
        "proof that the server has read this key and speaks WebSocket; computed from the key",
        "RFC 6455, section 4.2.2",
    ),
    field(
        "Sec-WebSocket-Extensions",
        "extensions of frames, such as compression; a server that accepts none leaves it out",
        "RFC 6455, section 9.1",
    ),
    field(
        "Sec-WebSocket-Key",
        "16 random bytes in base64, new for every connection; not secret, only to be proved in the response",
        "RFC 6455, section 4.1",
    ),
    field("Sec-WebSocket-Protocol", "which protocol the messages use", "RFC 6455, section 1.9"),
    field(
        "Sec-WebSocket-Version",
        "the version of the protocol; 13 is the only one there is",
        "RFC 6455, section 4.4",
    ),
    field("Server", "the program that responds", "RFC 9110, section 10.2.4"),
    field("Set-Cookie", "what the client is to store and to send back", "RFC 6265, section 4.1"),
    field(
        "Transfer-Encoding",
        "the body is sent in chunks that carry their own size, since its length is not known yet",
        "RFC 9112, section 6.1",
    ),
    field("Upgrade", "the protocol that this connection is to switch to", "RFC 9110, section 7.8"),
    field(
        "User-Agent",
        "which program sends the request; long, since every browser claims to be all of its predecessors",
        "RFC 9110, section 10.1.5",
    ),
    field(
        "Vary",
        "which request fields the response depends on, for caches",
        "RFC 9110, section 12.5.5",
    ),
    field("Via", "the intermediaries that passed the message on", "RFC 9110, section 7.6.3"),
    field(
        "X-Content-Type-Options",
        "forbids browsers to guess the media type of the body",
        "Fetch, section 3.6",
    ),
    field("X-Powered-By", "the framework behind the server; nothing needs it", ""),
];

#[cfg(test)]
mod tests {
    use pushbench_protocol::headers::{AnswerMark, AnswerStatus, HeadTarget, StreamKind};
    use pushbench_protocol::{Cursor, RequestProfile, ResponseProfile};

    use super::*;

    #[test]
    fn the_table_is_in_order_and_says_each_field_once() {
        for pair in FIELDS.windows(2) {
            let [a, b] = pair else { unreachable!("windows of two") };
            assert!(a.name.to_ascii_lowercase() < b.name.to_ascii_lowercase(), "{}", b.name);
        }
        assert!(known("hOST").is_some());
        assert_eq!(known("X-Banana"), None);
    }

    #[test]
    fn every_field_of_every_built_in_profile_is_explained() {
        let target = HeadTarget { path: "/", host: "h", secure: false, cookie_bytes: 3 };
        let mut headers = Vec::new();
        for name in RequestProfile::names() {
            let profile = RequestProfile::built_in(name).expect("built in");
            headers.push(profile.poll(target, true).bytes().to_vec());
            headers.push(profile.upgrade(target, "k").bytes);
        }
        let mark = AnswerMark { cursor: Some(Cursor::OLDEST), tag: Some(Cursor::OLDEST), gap: 1 };
        for name in ResponseProfile::names() {
            let profile = ResponseProfile::built_in(name).expect("built in");
            headers.push(profile.head(AnswerStatus::Messages, 1, "now", mark).into_bytes());
            headers.push(profile.stream_head(StreamKind::Events, "now", mark).into_bytes());
        }
        for head in headers {
            let text = String::from_utf8(head).expect("ASCII");
            for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
                let (name, _) = line.split_once(':').expect("a field");
                assert!(known(name).is_some(), "{line}");
            }
        }
    }
}
