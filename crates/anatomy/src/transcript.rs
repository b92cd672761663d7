//! What went over the connections of one client, before it is taken apart.

use std::net::SocketAddr;

use pushbench_protocol::TransportKind;
use pushbench_wire::segments::SegmentHeaders;

/// Everything that one client's connections carried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transcript {
    /// The transport.
    pub transport: TransportKind,
    /// Name of the request's header profile.
    pub request_headers: String,
    /// `http://host:port` of the server.
    pub server: String,
    /// The connections, in the order they were opened.
    pub connections: Vec<Connection>,
    /// The exchanges, in the order they happened.
    pub exchanges: Vec<Exchange>,
}

/// One connection and what was counted of it by those who know nothing of its meaning.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Connection {
    /// The client's end.
    pub client: SocketAddr,
    /// The server's end.
    pub server: SocketAddr,
    /// Headers of each of its segments.
    pub headers: SegmentHeaders,
    /// `TCP_MAXSEG` of both sides.
    pub mss: u16,
    /// What the client's counting stream counted.
    pub socket: Counted,
    /// What the kernel counted, retransmissions left out.
    pub kernel: Counted,
    /// What the server's own books say; `None` where they cannot be asked about one connection.
    pub server_books: Option<Counted>,
}

/// Bytes in each direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counted {
    /// Client to server.
    pub up: u64,
    /// Server to client.
    pub down: u64,
}

/// What was done, and what went over the connection for it: first up, then down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// What was done.
    pub act: Act,
    /// Over which connection, from 0.
    pub connection: usize,
    /// What the client said.
    pub up: Vec<u8>,
    /// What the server said after it, or unasked.
    pub down: Vec<u8>,
    /// Segments that left the client meanwhile, acknowledgements included.
    pub segments_up: u64,
    /// Segments that came.
    pub segments_down: u64,
    /// Bytes that the client's kernel sent again.
    pub retransmitted: u64,
}

/// What an exchange is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// The TCP handshake.
    Connect,
    /// A request answered at once.
    Poll,
    /// A request that was held until there was news.
    HeldPoll,
    /// A poll after a notice.
    Fetch,
    /// The request for an answer that does not end, and its head.
    BeginStream,
    /// The upgrade to a WebSocket.
    Upgrade,
    /// News in the stream of events.
    Event,
    /// News in the stream of lines.
    Line,
    /// News in a frame.
    Frame,
    /// A frame that says that there is news.
    Notice,
    /// A message that the client publishes in a frame, and which comes back to it as a subscriber.
    Publish,
    /// The closing handshake of a WebSocket.
    Close,
}
