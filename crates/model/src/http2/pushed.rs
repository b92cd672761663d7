//! Messages that are pushed on streams of connections, and signs of life.

use pushbench_protocol::ByteKind;
use pushbench_wire::frame::{Sender, frame_header_len};

use crate::burst::{Burst, Pause};
use crate::exchange::Exchange;
use crate::flow::{Figures, Flow};
use crate::http2::frames::data_frames;
use crate::link::Link;
use crate::situation::Situation;
use crate::work::Conflated;

/// What clients pushed to over HTTP/2 get.
#[derive(Clone, Debug, PartialEq)]
pub struct Http2Push {
    /// What marks a message off within its DATA frame.
    pub marks: u64,
    /// Clients of one connection that the same message goes to: for each connection and topic.
    pub together: Vec<u64>,
    /// Whether several clients share a connection. Their requests have followed the responses to
    /// those before, so the kernel takes it for a conversation and acknowledges nothing at once.
    pub is_shared: bool,
    /// What tells a client that the server lives.
    pub sign: Sign,
    /// Seconds between the server's heartbeats, if it has any.
    pub heartbeat: Option<f64>,
    /// What conflation leaves, if messages are conflated.
    pub conflated: Option<Conflated>,
}

/// Bytes of a sign of life and of its answer, each in DATA of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sign {
    down: u64,
    up: u64,
}

impl Sign {
    /// An empty comment in a stream of events, and the line that ends it.
    pub const COMMENT: Self = Self { down: ":\n\n".len() as u64, up: 0 };
    /// Ping and pong of a WebSocket, without a payload.
    pub const PING: Self =
        Self { down: frame_header_len(0, Sender::Server), up: frame_header_len(0, Sender::Client) };
    /// A compressed comment of so many bytes.
    pub const fn flushed(down: u64) -> Self {
        Self { down, up: 0 }
    }

    /// Lines have none.
    pub const NONE: Self = Self { down: 0, up: 0 };
}

impl Http2Push {
    /// The marks of a server-sent event of ours: `id: CURSOR`, `data: ` and an empty line.
    pub const EVENT: u64 =
        ("id: \n".len() + "data: \n\n".len()) as u64 + pushbench_protocol::Cursor::LEN as u64;
    /// The line feed of a line.
    pub const LINE: u64 = 1;
    /// What a compressed stream has: all that marks a message off is compressed with it.
    pub const FLUSH: u64 = 0;

    /// The header of a WebSocket frame.
    pub const fn frame(payload: u64) -> u64 {
        frame_header_len(payload, Sender::Server)
    }
}

impl Exchange {
    /// One message pushed to `subscribers` that share a connection, each in DATA of its own, and the
    /// acknowledgements.
    fn http2_push(payload: u64, marks: u64, subscribers: u64, link: Link, pause: Pause) -> Self {
        let mut all = Self::default();
        all.down[ByteKind::Payload] = subscribers * payload;
        all.down[ByteKind::Framing] = subscribers * (marks + data_frames(payload + marks));
        let data = (0..subscribers).map(|_| payload + marks);
        let burst = Burst::of_frames(0, data, link);
        burst.book(&mut all.down);
        all.up[ByteKind::TcpIp] += burst.acknowledgements(pause) * link.headers.len();
        all
    }

    /// A sign of life to `subscribers` that share a connection, all in one write, and its
    /// acknowledgement; or the answers, which carry that and are acknowledged themselves.
    fn http2_sign(sign: Sign, subscribers: u64, link: Link) -> Self {
        let mut all = Self::default();
        for (kinds, bytes) in [(&mut all.down, sign.down), (&mut all.up, sign.up)] {
            kinds[ByteKind::Control] = subscribers * bytes;
            kinds[ByteKind::Framing] = subscribers * data_frames(bytes);
            Burst::of_frames(0, (0..subscribers).map(|_| bytes), link).book(kinds);
        }
        let last = if sign.up > 0 { &mut all.down } else { &mut all.up };
        last[ByteKind::TcpIp] += link.headers.len();
        all
    }
}

impl Situation {
    /// The figures of messages that are pushed on streams of connections.
    pub fn http2_push(&self, push: &Http2Push) -> Figures {
        let clients: u64 = push.together.iter().sum();
        let mean = |of: &dyn Fn(u64) -> Exchange| {
            let mut mean = Flow::default();
            push.together.iter().for_each(|&each| mean.add(&of(each), 1.0 / clients as f64));
            mean
        };
        let message = |pause| {
            let (payload, marks, link) = (self.payload, push.marks, self.link);
            let pause = if push.is_shared { Pause::Short } else { pause };
            mean(&|together| Exchange::http2_push(payload, marks, together, link, pause))
        };
        let sign = mean(&|together| Exchange::http2_sign(push.sign, together, self.link));
        self.told(&message, sign, push.heartbeat, push.conflated)
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::Layer;
    use pushbench_wire::segments::SegmentHeaders;

    use super::*;
    use crate::link::TlsLink;

    const LINK: Link =
        Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460, tls: None };

    /// Source: the same table: 135 for a WebSocket, 134 for a line of 20 bytes, 141 for an event,
    /// whose 21 bytes of `id:` are ours.
    #[test]
    fn pushes_take_what_the_table_says() {
        for (marks, wire) in
            [(Http2Push::frame(20), 135), (Http2Push::LINE, 134), (Http2Push::EVENT, 141 + 21)]
        {
            let push = |link| {
                let push = Exchange::http2_push(20, marks, 1, link, Pause::Long);
                push.up.layer(Layer::Wire) + push.down.layer(Layer::Wire)
            };
            assert_eq!(push(LINK), wire);
            assert_eq!(push(Link { tls: Some(TlsLink { handshake: None }), ..LINK }), wire + 22);
        }
        assert_eq!(Exchange::http2_push(20, 2, 10, LINK, Pause::Long).down[ByteKind::TcpIp], 52);
    }

    /// Source: RFC 6455, sections 5.5.2 and 5.5.3; RFC 9113, section 4.1; HTML, section 9.2.6.
    #[test]
    fn a_sign_of_life_takes_a_frame_of_data_each_way_that_it_goes() {
        let sign = |sign, subscribers| {
            let sign = Exchange::http2_sign(sign, subscribers, LINK);
            [sign.up, sign.down].map(|kinds| (kinds.layer(Layer::Stream), kinds[ByteKind::TcpIp]))
        };
        assert_eq!(sign(Sign::COMMENT, 1), [(0, 52), (9 + 3, 52)]);
        assert_eq!(sign(Sign::PING, 1), [(9 + 6, 52), (9 + 2, 104)]);
        assert_eq!(sign(Sign::PING, 5), [(5 * 15, 52), (5 * 11, 104)]);
        assert_eq!(sign(Sign::NONE, 5).map(|(stream, _)| stream), [0, 0]);
    }
}
