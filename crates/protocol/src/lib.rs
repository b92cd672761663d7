//! What the push server and the load generator must agree on, and nothing else.
//!
//! The two meet over a socket as strangers would; this crate is the paper between them: the
//! envelope inside a payload, the paths, the cursor, the names of transports, of kinds of bytes
//! and of reported figures, and the one clock. It is pure but for [`clock`], the only place in the
//! workspace that reads the host's time.
//!
//! Start with [`envelope`] (what travels; `cargo run -p pushbench-protocol --example envelope`) and
//! [`books`] (what every byte is booked as).

pub mod accept_encoding;
pub mod announcement;
pub mod authority;
pub mod books;
pub mod carrier;
pub mod clock;
pub mod coder_memory;
pub mod compression;
pub mod counted;
pub mod cursor;
pub mod duration;
pub mod envelope;
pub mod figure;
pub mod headers;
pub mod hold;
pub mod kind;
pub mod link_shape;
pub mod logs;
pub mod number;
pub mod over_rounds;
pub mod paths;
pub mod publish;
pub mod server_document;
pub mod server_stats;
pub mod stream_coding;
pub mod transport;
pub mod unsaid;

pub use accept_encoding::accepts_coding;
pub use announcement::Announcement;
pub use authority::{AllowedHosts, Authority};
pub use books::{ByteKind, Direction, Layer, Phase};
pub use carrier::{Carrier, HttpVersion};
pub use clock::Timestamp;
pub use compression::DeflateTerms;
pub use counted::counted;
pub use cursor::Cursor;
pub use duration::{format_duration, parse_duration};
pub use envelope::{Envelope, PublishNumber};
pub use figure::Figure;
pub use headers::{RequestHead, RequestProfile, ResponseProfile};
pub use hold::Hold;
pub use kind::{Arrival, Brings, HeadForm, Opening, TransportKind};
pub use link_shape::{LinkShape, PathShape};
pub use over_rounds::{OverRounds, Statistic};
pub use paths::{TopicName, TopicNames};
pub use publish::publish_head;
pub use server_document::{ResponseHeaders, ServerDocument};
pub use server_stats::{ClassStats, ConnectionClass, HandshakeStats, ServerStats};
pub use stream_coding::{StreamCoding, StreamWindows};
pub use transport::{
    ClientProgram, Compression, ConnectionUse, Deliver, Pace, PollTiming, ServerEngine, SlowPolicy,
    TlsUse, Unchanged,
};
pub use unsaid::{unsaid_option, unsaid_setting};
