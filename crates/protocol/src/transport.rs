//! Names of the choices that a transport has.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants list themselves and know their label.
macro_rules! labelled {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $label:literal,)+ }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
            schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $label)] $variant,)+
        }

        impl $name {
            /// Every variant, in the order reports show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in scenario files, results and reports.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// The variant of that name.
            pub fn from_label(label: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|variant| variant.label() == label)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.label())
            }
        }
    };
}
pub(crate) use labelled;

labelled! {
    /// The work every transport of a trial must do.
    Deliver {
        /// Each message must reach each subscriber (chat, feed).
        Every = "every",
        /// Only the newest value matters (ticker, price).
        Latest = "latest",
    }
}

labelled! {
    /// What the server answers to a poll when nothing is new to the client.
    Unchanged {
        /// 200 with the same body again.
        Resend = "resend",
        /// 204, no body.
        Empty = "empty",
        /// The client sends `If-None-Match`, the server 304 (RFC 9110, section 13.1.2).
        NotModified = "not-modified",
    }
}

labelled! {
    /// What makes a client poll.
    Pace {
        /// A timer, however long the responses take.
        Open = "open",
        /// The response to the poll before: a closed loop, as fast as the server lets it be.
        Closed = "closed",
    }
}

labelled! {
    /// When a client polls whose pace is open.
    PollTiming {
        /// Every interval by the clock from a seeded random phase, as `setInterval` does.
        Schedule = "schedule",
        /// An interval after the last answer, as `setTimeout` does.
        AfterAnswer = "after-answer",
        /// All clients at the same moments: the thundering herd.
        Aligned = "aligned",
    }
}

labelled! {
    /// What happens to a subscriber that falls further behind than its queue is long.
    SlowPolicy {
        /// The oldest waiting messages are dropped; the subscriber is told how many.
        DropOldest = "drop-oldest",
        /// All but the newest waiting message are dropped; the subscriber is told how many.
        Conflate = "conflate",
        /// The connection ends with close code 1013.
        Disconnect = "disconnect",
    }
}

labelled! {
    /// What the server reads requests and delivers messages with. Bytes do not depend on it.
    ServerEngine {
        /// The HTTP library that most would take: axum on hyper.
        Axum = "axum",
        /// Nothing that is not needed: requests read where they lie, headers kept as bytes.
        Lean = "lean",
    }
}

labelled! {
    /// Whether a transport's connections are encrypted, and how they begin.
    TlsUse {
        /// Clear text.
        None = "none",
        /// TLS 1.3 with a full handshake each time (RFC 8446).
        Full = "full",
        /// TLS 1.3, resuming an earlier session of the same client (RFC 8446, section 2.2).
        Resumed = "resumed",
    }
}

labelled! {
    /// The program that a subscriber is.
    ClientProgram {
        /// The load generator's own, which sends the bytes of a header profile and nothing else.
        Exact = "exact",
        /// The HTTP client reqwest, as applications use it.
        Reqwest = "reqwest",
        /// The WebSocket client tungstenite, likewise.
        Tungstenite = "tungstenite",
    }
}

impl ClientProgram {
    /// The built-in header profile with what it writes by itself; `None` where it sends whichever
    /// profile it is told.
    pub const fn profile(self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::Reqwest | Self::Tungstenite => Some("rust"),
        }
    }

    /// Whether it is a library whose sockets are its own, so that no stream of ours is below it.
    pub const fn has_own_sockets(self) -> bool {
        match self {
            Self::Exact | Self::Tungstenite => false,
            Self::Reqwest => true,
        }
    }
}

labelled! {
    /// How long the connection of a poller lives.
    ConnectionUse {
        /// One connection for all polls.
        KeepAlive = "keep-alive",
        /// A new connection for each poll.
        PerPoll = "per-poll",
    }
}

labelled! {
    /// How bodies or messages are compressed.
    Compression {
        /// Not at all.
        None = "none",
        /// HTTP bodies with `Content-Encoding: gzip` (RFC 1952).
        Gzip = "gzip",
        /// HTTP bodies with `Content-Encoding: br` (RFC 7932).
        Brotli = "br",
        /// WebSocket messages with permessage-deflate (RFC 7692).
        Deflate = "deflate",
    }
}
