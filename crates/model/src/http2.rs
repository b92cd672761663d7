//! HTTP/2: an exchange is what it is on HTTP/1.1, but its heads are field blocks, whose length
//! depends on what the connection has carried before.
//!
//! So a connection is played: a [`Player`] has the encoders of both sides and is told, exchange by
//! exchange, what a trial's schedule has in store for it. A `Date` field is new with each second
//! of the schedule, which is when a server's is: a poll a second has a new date each time, ten polls
//! a second share one. Against the wall's seconds that is off by at most one date a connection.

use std::collections::BTreeMap;

use pushbench_protocol::heads::FieldList;
use pushbench_protocol::{ByteKind, Deliver, Direction, Layer};

use super::burst::{Burst, Pause};
use super::flow::{Figures, Flow};
use super::{Conflated, Exchange, Finds, Link, Situation};
use pushbench_wire::Kinds;
use pushbench_wire::frame::{Sender, frame_header_len};
use pushbench_wire::hpack::{Encoder, Indexing};
use pushbench_wire::http2::{FRAME_HEADER_LEN, MAX_FRAME_SIZE, PREFACE};

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

/// What polls of connections have carried, by how many messages they found, and what the first polls
/// took.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Polls and their bytes, by the number of messages that they found.
    found: BTreeMap<u64, (u64, Flow)>,
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

/// Bytes of data in so many bytes of DATA frames, of which all but the last are full.
const fn data_in(frames: u64) -> u64 {
    frames - FRAME_HEADER_LEN * frames.div_ceil(MAX_FRAME_SIZE + FRAME_HEADER_LEN)
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
        let answer = self.answer(answer, ByteKind::Header, content);
        exchange += answer;
        let answered = self.carry(&mut exchange, &[answer.down]);
        let headers = self.link.headers.len();
        let is_acknowledged_before = exchange.up[ByteKind::TcpIp] > headers;
        exchange.up[ByteKind::TcpIp] += answered.acknowledgements(Pause::Long) * headers;
        exchange.down[ByteKind::TcpIp] += u64::from(is_acknowledged_before) * headers;
        exchange
    }

    /// A request and an answer that begins and does not end, on a connection that has just opened:
    /// either side acknowledges with a segment of its own.
    pub fn begin(&mut self, request: &FieldList, answer: &FieldList, kind: ByteKind) -> Exchange {
        let mut exchange = self.request(request, kind);
        let answer = self.answer(answer, kind, Content::default());
        exchange += answer;
        self.carry(&mut exchange, &[answer.down]);
        exchange.up[ByteKind::TcpIp] += self.link.headers.len();
        exchange.down[ByteKind::TcpIp] += self.link.headers.len();
        exchange
    }

    /// Answers to held polls and the requests after them, all of one moment: the answers leave in
    /// one write but for long data, and so do the requests, which acknowledge them and are
    /// acknowledged by a segment of their own.
    pub fn held(&self, exchanges: &[Exchange]) -> Exchange {
        let mut all = Exchange::default();
        exchanges.iter().for_each(|exchange| all += *exchange);
        let answers: Vec<_> = exchanges.iter().map(|exchange| exchange.down).collect();
        let answered = self.carry(&mut all, &answers);
        let headers = self.link.headers.len();
        all.up[ByteKind::TcpIp] += answered.acknowledged_before() * headers;
        all.down[ByteKind::TcpIp] += headers;
        all
    }

    /// Books what is below the stream of answers and requests of one moment: the requests leave in
    /// one write, of the answers the fields together with the first data. Gives how the answers
    /// leave.
    fn carry(&self, exchange: &mut Exchange, answers: &[Kinds]) -> Burst {
        let (mut fields, mut data) = (0, Vec::new());
        for answer in answers {
            let block = answer[ByteKind::Header] + answer[ByteKind::Handshake];
            let block = if block > 0 { block + block_frames(block) } else { 0 };
            fields += block;
            data.push(data_in(answer.layer(Layer::Stream) - block));
        }
        let down = Burst::of_http2(fields, data, self.link);
        down.book(&mut exchange.down);
        Burst::of_write(exchange.up.layer(Layer::Stream), self.link).book(&mut exchange.up);
        down
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

    /// One message pushed to `subscribers` that share a connection, each in DATA of its own, and the
    /// acknowledgements.
    fn http2_push(payload: u64, marks: u64, subscribers: u64, link: Link, pause: Pause) -> Self {
        let mut all = Self::default();
        all.down[ByteKind::Payload] = subscribers * payload;
        all.down[ByteKind::Framing] = subscribers * (marks + data_frames(payload + marks));
        let data = (0..subscribers).map(|_| payload + marks);
        let burst = Burst::of_http2(0, data, link);
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
            Burst::of_http2(0, (0..subscribers).map(|_| bytes), link).book(kinds);
        }
        let last = if sign.up > 0 { &mut all.down } else { &mut all.up };
        last[ByteKind::TcpIp] += link.headers.len();
        all
    }
}

impl Played {
    /// Adds a poll of the measure phase that found so many messages.
    pub fn add(&mut self, found: u64, exchange: &Exchange) {
        self.add_flow(found, Flow::of(exchange));
    }

    fn add_flow(&mut self, found: u64, flow: Flow) {
        let (polls, sum) = self.found.entry(found).or_default();
        *polls += 1;
        *sum += flow;
    }

    /// Adds held polls of one moment, each with what it found, that share what is below the stream.
    pub fn add_held(&mut self, polls: &[(u64, Exchange)], player: &Player) {
        let mut all = Exchange::default();
        polls.iter().for_each(|(_, poll)| all += *poll);
        let exchanges: Vec<_> = polls.iter().map(|(_, poll)| *poll).collect();
        let carried = Flow::of(&player.held(&exchanges));
        let share = carried.plus(Flow::of(&all).times(-1.0)).times(1.0 / polls.len() as f64);
        for (found, poll) in polls {
            self.add_flow(*found, Flow::of(poll).plus(share));
        }
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

    fn polls(&self) -> u64 {
        self.found.values().map(|(polls, _)| polls).sum()
    }

    fn sum(&self) -> Flow {
        self.found.values().fold(Flow::default(), |sum, (_, flow)| sum.plus(*flow))
    }

    /// Mean bytes of a poll, where so many messages are found so often.
    ///
    /// A number that was not played costs what the nearest costs that was, and its content more.
    fn per_poll(&self, finds: &Finds, content: &dyn Fn(u64) -> Flow) -> Option<Flow> {
        let mut mean = Flow::default();
        for (found, share) in finds.shares() {
            let (&played, (polls, sum)) = self.nearest(found)?;
            let mut flow = sum.times(1.0 / *polls as f64);
            if played != found && played > 0 && found > 0 {
                flow += content(found).plus(content(played).times(-1.0));
            }
            mean += flow.times(share);
        }
        Some(mean)
    }

    /// What was played that is nearest to this: of polls that find something, one that did.
    fn nearest(&self, found: u64) -> Option<(&u64, &(u64, Flow))> {
        let alike = self.found.iter().filter(|(played, _)| (**played == 0) == (found == 0));
        let nearest = alike.min_by_key(|(played, _)| played.abs_diff(found));
        nearest.or_else(|| self.found.iter().min_by_key(|(played, _)| played.abs_diff(found)))
    }

    fn first_heads(&self) -> [Option<f64>; 2] {
        self.first.map(|sum| (self.firsts > 0).then(|| sum as f64 / self.firsts as f64))
    }

    fn warm_heads(&self) -> [Option<f64>; 2] {
        let warm = (self.polls() - self.firsts_in_measure) as f64;
        let sum = self.sum();
        [Direction::Up, Direction::Down].map(|direction| {
            let first = self.first_in_measure[direction as usize] as f64;
            let header = sum.kind(direction, ByteKind::Header);
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

impl Situation {
    /// The figures of polls of a timer that were played, and find this. `ideal` is the same play with
    /// encoders that index everything.
    pub fn http2_polls(&self, played: &Played, ideal: &Played, finds: &Finds) -> Figures {
        let Some(per_poll) = played.per_poll(finds, &|found| self.poll_content(found)) else {
            return self.polled_figures(Flow::default(), finds);
        };
        let mut figures = self.polled_figures(per_poll, finds);
        self.head_figures(&mut figures, played, ideal, finds);
        figures
    }

    /// The same of polls that are held.
    pub fn http2_held(&self, played: &Played, ideal: &Played, finds: &Finds) -> Figures {
        let Some(per_poll) = played.per_poll(finds, &|found| self.poll_content(found)) else {
            return self.held_figures(Flow::default(), finds);
        };
        let mut figures = self.held_figures(per_poll, finds);
        self.head_figures(&mut figures, played, ideal, finds);
        figures
    }

    /// What the messages of an answer are on the wire, without the fields before them.
    fn poll_content(&self, found: u64) -> Flow {
        let (messages, separators) = match self.deliver {
            Deliver::Latest => (found.min(1), 0),
            Deliver::Every => (found, found),
        };
        let payload = messages.saturating_mul(self.payload);
        let content = Content { payload, repeat: 0, separators };
        let mut exchange = Exchange::default();
        exchange.down[ByteKind::Payload] = content.payload;
        exchange.down[ByteKind::Framing] = separators + data_frames(payload + separators);
        let answer = exchange.down;
        Player::new(Indexing::LikeH2, self.link).carry(&mut exchange, &[answer]);
        Flow::of(&exchange)
    }

    /// What polls' heads take: first, warm, and with another encoder.
    fn head_figures(&self, figures: &mut Figures, played: &Played, ideal: &Played, finds: &Finds) {
        let polls = played.polls() as f64;
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
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
        let deliveries = finds.deliveries(self.deliver == Deliver::Latest);
        let per_poll = ideal.per_poll(finds, &|found| self.poll_content(found));
        if let Some(flow) = per_poll.filter(|_| deliveries > 0.0) {
            let both =
                flow.layer(Direction::Up, Layer::Wire) + flow.layer(Direction::Down, Layer::Wire);
            put("wire_bytes_indexed_per_delivery", both * finds.per_second() / deliveries);
        }
    }

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
    use crate::TlsLink;
    use pushbench_wire::segments::SegmentHeaders;

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
