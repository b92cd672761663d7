//! HTTP/2: an exchange is what it is on HTTP/1.1, but its heads are field blocks, whose length
//! depends on what the connection has carried before.
//!
//! So a connection is played: a [`Player`] has the encoders of both sides and is told, exchange by
//! exchange, what a trial's schedule has in store for it. A `Date` field is new with each second
//! of the schedule, which is when a server's is: a poll a second has a new date each time, ten polls
//! a second share one. Against the wall's seconds that is off by at most one date a connection.

use pushbench_protocol::heads::FieldList;
use pushbench_protocol::{ByteKind, Direction, Layer};

use super::flow::{Figures, Flow};
use super::{Exchange, Link, Situation};
use crate::frame::{Sender, frame_header_len};
use crate::hpack::{Encoder, Indexing};
use crate::http2::{FRAME_HEADER_LEN, MAX_FRAME_SIZE, PREFACE};

/// Bytes of a setting (RFC 9113, section 6.5.1).
const SETTING_LEN: u64 = 6;
/// Bytes of a WINDOW_UPDATE with its header (RFC 9113, section 6.9).
const WINDOW_UPDATE_LEN: u64 = FRAME_HEADER_LEN + 4;

/// How one side begins a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opening {
    /// Settings that it tells.
    pub settings: u64,
    /// Whether it opens the connection's window beyond the 65,535 bytes that it begins with.
    pub opens_window: bool,
}

/// What an answer's body is made of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Content {
    /// Payload that is new to the client.
    pub payload: u64,
    /// Payload that it had.
    pub repeat: u64,
    /// What stands between messages.
    pub separators: u64,
}

/// One connection as it is played.
#[derive(Clone, Debug)]
pub struct Player {
    up: Encoder,
    down: Encoder,
    link: Link,
}

/// What connections have carried in the measure phase, and what their first polls took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Played {
    sum: Flow,
    /// Polls.
    pub polls: u64,
    /// Of those, the ones that brought nothing.
    pub empty: u64,
    /// Messages new to a client.
    pub deliveries: u64,
    /// Clients times seconds.
    pub client_seconds: f64,
    /// Connections whose first poll is in `first`.
    firsts: u64,
    first: [u64; 2],
    /// The part of both that lies in the measure phase.
    firsts_in_measure: u64,
    first_in_measure: [u64; 2],
    uncompressed: [u64; 2],
}

/// Bytes of the frames that carry a field block: HEADERS, and CONTINUATION where it is longer than a
/// frame.
const fn block_frames(block: u64) -> u64 {
    let frames = block.div_ceil(MAX_FRAME_SIZE);
    FRAME_HEADER_LEN * if frames == 0 { 1 } else { frames }
}

/// Bytes of the headers of the DATA frames that carry so much; no data has none.
const fn data_frames(len: u64) -> u64 {
    FRAME_HEADER_LEN * len.div_ceil(MAX_FRAME_SIZE)
}

impl Player {
    /// A connection whose both sides index alike.
    pub fn new(indexing: Indexing, link: Link) -> Self {
        Self { up: Encoder::new(indexing), down: Encoder::new(indexing), link }
    }

    /// A request without a body, its segments left out.
    pub fn request(&mut self, fields: &FieldList, kind: ByteKind) -> Exchange {
        let block = self.up.encode(fields.iter());
        let mut exchange = Exchange::default();
        exchange.up[kind] = block;
        exchange.up[ByteKind::Framing] = block_frames(block);
        exchange
    }

    /// An answer, its segments left out.
    pub fn answer(&mut self, fields: &FieldList, kind: ByteKind, content: Content) -> Exchange {
        let block = self.down.encode(fields.iter());
        let Content { payload, repeat, separators } = content;
        let mut exchange = Exchange::default();
        exchange.down[kind] = block;
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Repeat] = repeat;
        exchange.down[ByteKind::Framing] =
            separators + block_frames(block) + data_frames(payload + repeat + separators);
        exchange
    }

    /// A poll: a request and its answer, acknowledged as on HTTP/1.1.
    pub fn poll(&mut self, request: &FieldList, answer: &FieldList, content: Content) -> Exchange {
        let mut exchange = self.request(request, ByteKind::Header);
        exchange += self.answer(answer, ByteKind::Header, content);
        self.carry(&mut exchange);
        let headers = self.link.headers.len();
        let is_acknowledged_before = exchange.up[ByteKind::TcpIp] > headers;
        exchange.up[ByteKind::TcpIp] += headers;
        exchange.down[ByteKind::TcpIp] += u64::from(is_acknowledged_before) * headers;
        exchange
    }

    /// A request and an answer that begins and does not end, on a connection that has just opened:
    /// either side acknowledges with a segment of its own.
    pub fn begin(&mut self, request: &FieldList, answer: &FieldList, kind: ByteKind) -> Exchange {
        let mut exchange = self.request(request, kind);
        exchange += self.answer(answer, kind, Content::default());
        self.carry(&mut exchange);
        exchange.up[ByteKind::TcpIp] += self.link.headers.len();
        exchange.down[ByteKind::TcpIp] += self.link.headers.len();
        exchange
    }

    /// Answers to held polls and the requests after them, all of one moment: the answers leave in
    /// one write, and so do the requests, which acknowledge them and are acknowledged by a segment
    /// of their own.
    pub fn held(&self, mut exchanges: Exchange) -> Exchange {
        self.carry(&mut exchanges);
        exchanges.down[ByteKind::TcpIp] += self.link.headers.len();
        exchanges
    }

    /// Books what is below the stream: one write each way, but data beyond a frame is written frame
    /// by frame.
    fn carry(&self, exchange: &mut Exchange) {
        let frame = MAX_FRAME_SIZE + FRAME_HEADER_LEN;
        let up = exchange.up.layer(Layer::Stream);
        let down = exchange.down.layer(Layer::Stream);
        let heads = exchange.down[ByteKind::Header] + FRAME_HEADER_LEN;
        let mut first = down.min(heads + frame);
        exchange.carry(self.link, up, first);
        while first < down {
            let more = frame.min(down - first);
            exchange.carry(self.link, 0, more);
            first += more;
        }
    }
}

impl Exchange {
    /// The preface, both sides' settings and acknowledgements, and their windows; on a connection
    /// that has just opened.
    ///
    /// The client writes preface, settings and window, then its acknowledgement; the server its
    /// settings, then its acknowledgement and window. Early on a connection the kernel acknowledges
    /// each at once; the last together with the first request if that `follows` directly.
    pub fn http2_open(client: Opening, server: Opening, follows: bool, link: Link) -> Self {
        let settings = |side: Opening| FRAME_HEADER_LEN + side.settings * SETTING_LEN;
        let window = |side: Opening| if side.opens_window { WINDOW_UPDATE_LEN } else { 0 };
        let up = [PREFACE.len() as u64 + settings(client) + window(client), FRAME_HEADER_LEN];
        let down = [settings(server), FRAME_HEADER_LEN + window(server)];
        let mut exchange = Self::default();
        exchange.up[ByteKind::Control] = up.iter().sum();
        exchange.down[ByteKind::Control] = down.iter().sum();
        up.iter().for_each(|&write| exchange.carry(link, write, 0));
        down.iter().for_each(|&write| exchange.carry(link, 0, write));
        exchange.up[ByteKind::TcpIp] += 2 * link.headers.len();
        exchange.down[ByteKind::TcpIp] += if follows { 1 } else { 2 } * link.headers.len();
        exchange
    }

    /// One message pushed to `subscribers` that share a connection, each in DATA of its own, all in
    /// one write, and the acknowledgement.
    fn http2_push(payload: u64, marks: u64, subscribers: u64, link: Link) -> Self {
        let mut all = Self::default();
        all.down[ByteKind::Payload] = subscribers * payload;
        all.down[ByteKind::Framing] = subscribers * (marks + data_frames(payload + marks));
        Player::new(Indexing::LikeH2, link).carry(&mut all);
        all.up[ByteKind::TcpIp] += link.headers.len();
        all
    }
}

impl Exchange {
    /// A sign of life to `subscribers` that share a connection, all in one write, and its
    /// acknowledgement; or the answers, which carry that and are acknowledged themselves.
    fn http2_sign(sign: Sign, subscribers: u64, link: Link) -> Self {
        let mut all = Self::default();
        for (kinds, bytes) in [(&mut all.down, sign.down), (&mut all.up, sign.up)] {
            kinds[ByteKind::Control] = subscribers * bytes;
            kinds[ByteKind::Framing] = subscribers * data_frames(bytes);
        }
        Player::new(Indexing::LikeH2, link).carry(&mut all);
        let last = if sign.up > 0 { &mut all.down } else { &mut all.up };
        last[ByteKind::TcpIp] += link.headers.len();
        all
    }
}

impl Played {
    /// Adds an exchange of polls of the measure phase.
    pub fn add(&mut self, exchange: &Exchange) {
        self.sum.add(exchange, 1.0);
    }

    /// Adds what HTTP/1.1 would have written for a head.
    pub fn add_uncompressed(&mut self, direction: Direction, list: &FieldList) {
        self.uncompressed[direction as usize] += list.uncompressed_len() as u64;
    }

    /// Adds the first poll of a connection.
    pub fn add_first(&mut self, exchange: &Exchange, is_measured: bool) {
        self.firsts += 1;
        self.firsts_in_measure += u64::from(is_measured);
        for &direction in Direction::ALL {
            let header = exchange.kinds(direction)[ByteKind::Header];
            self.first[direction as usize] += header;
            if is_measured {
                self.first_in_measure[direction as usize] += header;
            }
        }
    }

    fn first_heads(&self) -> [Option<f64>; 2] {
        self.first.map(|sum| (self.firsts > 0).then(|| sum as f64 / self.firsts as f64))
    }

    fn warm_heads(&self) -> [Option<f64>; 2] {
        let warm = (self.polls - self.firsts_in_measure) as f64;
        [Direction::Up, Direction::Down].map(|direction| {
            let first = self.first_in_measure[direction as usize] as f64;
            let header = self.sum.kind(direction, ByteKind::Header);
            (warm > 0.0).then(|| (header - first) / warm)
        })
    }
}

/// What clients pushed to over HTTP/2 get.
#[derive(Clone, Debug, PartialEq)]
pub struct Http2Push {
    /// What marks a message off within its DATA frame.
    pub marks: u64,
    /// Clients of one connection that the same message goes to: for each connection and topic.
    pub together: Vec<u64>,
    /// What tells a client that the server lives.
    pub sign: Sign,
    /// Seconds between the server's heartbeats, if it has any.
    pub heartbeat: Option<f64>,
    /// Least seconds between two messages to one client, if they are conflated.
    pub conflate: Option<f64>,
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
    /// Lines have none.
    pub const NONE: Self = Self { down: 0, up: 0 };
}

impl Http2Push {
    /// The marks of a server-sent event of ours: `id: CURSOR`, `data: ` and an empty line.
    pub const EVENT: u64 =
        ("id: \n".len() + "data: \n\n".len()) as u64 + pushbench_protocol::Cursor::LEN as u64;
    /// The line feed of a line.
    pub const LINE: u64 = 1;

    /// The header of a WebSocket frame.
    pub const fn frame(payload: u64) -> u64 {
        frame_header_len(payload, Sender::Server)
    }
}

impl Situation {
    /// The figures of polls that were played, short or held. `ideal` is the same play with encoders
    /// that index everything.
    pub fn http2_polls(&self, played: &Played, ideal: &Played) -> Figures {
        let per_client_second =
            |flow: &Flow, played: &Played| flow.times(1.0 / played.client_seconds);
        let deliveries = played.deliveries as f64 / played.client_seconds;
        let flow = per_client_second(&played.sum, played);
        let mut figures = self.flow_figures(&flow, deliveries);
        let polls = played.polls as f64;
        if played.polls == 0 {
            return figures;
        }
        super::flow::per_poll_figures(&mut figures, &played.sum.times(1.0 / polls));
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls / played.client_seconds);
        put("empty_polls", played.empty as f64 / polls);
        let with_news = polls - played.empty as f64;
        if with_news > 0.0 {
            put("messages_per_response", played.deliveries as f64 / with_news);
        }
        for (name, [up, down]) in [
            ("first_poll", played.first_heads()),
            ("warm_poll", played.warm_heads()),
            ("uncompressed_poll", played.uncompressed.map(|sum| Some(sum as f64 / polls))),
            ("indexed_first_poll", ideal.first_heads()),
            ("indexed_warm_poll", ideal.warm_heads()),
        ] {
            if let (Some(up), Some(down)) = (up, down) {
                put(&format!("header_bytes_{name}"), up + down);
                put(&format!("header_bytes_up_{name}"), up);
                put(&format!("header_bytes_down_{name}"), down);
            }
        }
        if ideal.deliveries > 0 {
            let both = |layer| {
                let flow = &ideal.sum;
                flow.layer(Direction::Up, layer) + flow.layer(Direction::Down, layer)
            };
            let per_delivery = both(Layer::Wire) / ideal.deliveries as f64;
            put("wire_bytes_indexed_per_delivery", per_delivery);
        }
        figures
    }

    /// The figures of messages that are pushed on streams of connections.
    pub fn http2_push(&self, push: &Http2Push) -> Figures {
        let clients: u64 = push.together.iter().sum();
        let (mut message, mut sign) = (Flow::default(), Flow::default());
        for &together in &push.together {
            let all = Exchange::http2_push(self.payload, push.marks, together, self.link);
            message.add(&all, 1.0 / clients as f64);
            let all = Exchange::http2_sign(push.sign, together, self.link);
            sign.add(&all, 1.0 / clients as f64);
        }
        self.told(message, sign, push.heartbeat, push.conflate)
    }

    /// The figures of connecting, as the mean over these connections.
    pub fn http2_connect(&self, figures: &mut Figures, connections: &[Vec<Exchange>]) {
        let mut sums = Figures::new();
        for exchanges in connections {
            let mut one = Figures::new();
            self.connect_figures(&mut one, exchanges);
            for (name, bytes) in one {
                *sums.entry(name).or_default() += bytes / connections.len() as f64;
            }
        }
        figures.extend(sums);
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::heads::{AnswerMark, AnswerStatus, HeadTarget};
    use pushbench_protocol::{RequestProfile, ResponseProfile};

    use super::*;
    use crate::model::TlsLink;
    use crate::segments::SegmentHeaders;

    const LINK: Link =
        Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460, tls: None };

    /// The published poll with a payload of 21 bytes, first and a second later.
    fn sample(indexing: Indexing) -> [u64; 2] {
        let request = RequestProfile::built_in("kaazing-2009").expect("built in");
        let target = HeadTarget { path: "", host: "", secure: false, cookie_bytes: 0 };
        let request = FieldList::of_request(request.poll(target, false).bytes(), "http");
        let profile = ResponseProfile::built_in("kaazing-2009").expect("built in");
        let mut player = Player::new(indexing, LINK);
        ["46", "47"].map(|second| {
            let date = format!("Sat, 07 Nov 2009 00:32:{second} GMT");
            let mark = AnswerMark::default();
            let answer = profile.answer_list(AnswerStatus::Messages, 21, &date, mark);
            let content = Content { payload: 21, ..Content::default() };
            let poll = player.poll(&request, &answer, content);
            poll.up.layer(Layer::Wire) + poll.down.layer(Layer::Wire)
        })
    }

    /// Source: `published-figures.md`, section 4.2: 468 with the `h2` crate, 244 with an ideal
    /// encoder, both with a payload of 20 bytes and a body of 21.
    #[test]
    fn the_published_poll_takes_468_bytes_warm_and_244_where_everything_is_indexed() {
        assert_eq!(sample(Indexing::LikeH2), [427 + 101 + 48 + 156, 231 + 33 + 48 + 156]);
        assert_eq!(sample(Indexing::LikeH2)[1], 468);
        assert_eq!(sample(Indexing::Everything)[1], 244);
    }

    #[test]
    fn frames_begin_where_the_limit_says() {
        for (len, frames) in [(0, 0), (1, 1), (16_384, 1), (16_385, 2), (70_000, 5)] {
            assert_eq!(data_frames(len), 9 * frames, "{len}");
        }
        assert_eq!((block_frames(0), block_frames(16_384), block_frames(16_385)), (9, 9, 18));
    }

    /// Source: the same table: 135 for a WebSocket, 134 for a line of 20 bytes, 141 for an event,
    /// whose 21 bytes of `id:` are ours.
    #[test]
    fn pushes_take_what_the_table_says() {
        for (marks, wire) in
            [(Http2Push::frame(20), 135), (Http2Push::LINE, 134), (Http2Push::EVENT, 141 + 21)]
        {
            let push = |link| {
                let push = Exchange::http2_push(20, marks, 1, link);
                push.up.layer(Layer::Wire) + push.down.layer(Layer::Wire)
            };
            assert_eq!(push(LINK), wire);
            assert_eq!(push(Link { tls: Some(TlsLink { handshake: None }), ..LINK }), wire + 22);
        }
        assert_eq!(Exchange::http2_push(20, 2, 10, LINK).down[ByteKind::TcpIp], 52);
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
