//! Where a request goes, by its path alone.

use pushbench_protocol::ConnectionClass;
use pushbench_protocol::paths::{HEALTHZ, KAAZING_POLL, METRICS, STATS};

/// What begins the topic of a session; its id follows.
pub(crate) const TOPIC_PREFIX: &str = "lab-";

/// Who responds to a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target<'path> {
    /// The push server.
    Server {
        /// As the server classes a connection that asks for this first.
        class: ConnectionClass,
        /// The session whose topic it is, if it is one's.
        session: Option<&'path str>,
    },
    /// The page.
    Page,
}

impl<'path> Target<'path> {
    /// Whose a path is; `path` may have a query.
    pub(crate) fn of(path: &'path str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let server = |class, session| Self::Server { class, session };
        match path {
            STATS | HEALTHZ | METRICS => return server(ConnectionClass::Control, None),
            KAAZING_POLL => return server(ConnectionClass::ShortPoll, None),
            _ => {}
        }
        let Some((topic, what)) =
            path.strip_prefix("/topics/").and_then(|rest| rest.split_once('/'))
        else {
            return Self::Page;
        };
        let class = match what {
            "messages" => ConnectionClass::Publish,
            "poll" => ConnectionClass::ShortPoll,
            "long-poll" => ConnectionClass::LongPoll,
            "events" => ConnectionClass::Sse,
            "stream" => ConnectionClass::Stream,
            "ws" => ConnectionClass::WebSocket,
            _ => ConnectionClass::Other,
        };
        server(class, topic.strip_prefix(TOPIC_PREFIX))
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{Cursor, Hold, TopicName};

    use super::*;

    #[test]
    fn every_path_of_the_server_goes_to_it_and_all_else_to_the_page() {
        let topic = TopicName::new("lab-abc").expect("a name");
        let server = |class, session| Target::Server { class, session };
        use ConnectionClass as Class;
        let after = Cursor::NOW;
        for (path, class) in [
            (topic.messages_path(), Class::Publish),
            (topic.poll_path(after), Class::ShortPoll),
            (topic.long_poll_path(after, Hold::USUAL), Class::LongPoll),
            (topic.events_path(), Class::Sse),
            (topic.stream_path(after), Class::Stream),
            (topic.websocket_path(after), Class::WebSocket),
            (topic.nudge_path(after), Class::WebSocket),
        ] {
            assert_eq!(Target::of(&path), server(class, Some("abc")), "{path}");
        }
        assert_eq!(Target::of("/topics/prices/poll"), server(Class::ShortPoll, None));
        assert_eq!(Target::of("/topics/prices/nothing"), server(Class::Other, None));
        assert_eq!(Target::of(STATS), server(Class::Control, None));
        for path in ["/", "/lab/main.js", "/favicon.ico", "/topics", "", "*"] {
            assert_eq!(Target::of(path), Target::Page, "{path}");
        }
    }
}
