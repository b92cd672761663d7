//! The paths there are, and the methods that each takes.

use http::Method;
use pushbench_protocol::ConnectionClass;
use pushbench_protocol::headers::StreamKind;
use pushbench_protocol::paths::{ENDS, HEALTHZ, KAAZING_POLL, METRICS, STATS};

/// What a path is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Route {
    Publish,
    Poll,
    LongPoll,
    /// The path of the published sample, which knows one topic.
    SamplePoll,
    Stream(StreamKind),
    WebSocket,
    Stats,
    Metrics,
    Ends,
    Healthz,
    Index,
}

impl Route {
    /// What a path is for, as it stands: escapes are not undone, and a slash more is another path.
    pub(super) fn of(path: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix("/topics/") {
            return match rest.split_once('/')?.1 {
                "poll" => Some(Self::Poll),
                "long-poll" => Some(Self::LongPoll),
                "events" => Some(Self::Stream(StreamKind::Events)),
                "stream" => Some(Self::Stream(StreamKind::Lines)),
                "ws" => Some(Self::WebSocket),
                "messages" => Some(Self::Publish),
                _ => None,
            };
        }
        match path {
            KAAZING_POLL => Some(Self::SamplePoll),
            STATS => Some(Self::Stats),
            METRICS => Some(Self::Metrics),
            ENDS => Some(Self::Ends),
            HEALTHZ => Some(Self::Healthz),
            "/" => Some(Self::Index),
            _ => None,
        }
    }

    /// Whether a request with this method is looked at. HEAD is a GET whose content is not sent
    /// (RFC 9110, section 9.3.2), but a handshake is a GET and nothing else (RFC 6455, section 4.1).
    pub(super) fn takes(self, method: &Method) -> bool {
        self.methods().split(',').any(|taken| taken == method.as_str())
    }

    /// The methods that it takes, as `Allow` lists them (RFC 9110, section 10.2.1).
    pub(super) fn methods(self) -> &'static str {
        match self {
            Self::Publish => "POST",
            Self::WebSocket => "GET,CONNECT",
            Self::Poll
            | Self::LongPoll
            | Self::SamplePoll
            | Self::Stream(_)
            | Self::Stats
            | Self::Metrics
            | Self::Ends
            | Self::Healthz
            | Self::Index => "GET,HEAD",
        }
    }

    /// What a connection is for that asks for this; `None` where it depends on the outcome.
    pub(super) fn class(self) -> Option<ConnectionClass> {
        match self {
            Self::Publish => Some(ConnectionClass::Publish),
            Self::Poll | Self::SamplePoll => Some(ConnectionClass::ShortPoll),
            Self::LongPoll => Some(ConnectionClass::LongPoll),
            // A connection that could not subscribe has never been a subscriber's.
            Self::Stream(_) | Self::WebSocket => None,
            Self::Stats | Self::Metrics | Self::Ends | Self::Healthz | Self::Index => {
                Some(ConnectionClass::Control)
            }
        }
    }
}
