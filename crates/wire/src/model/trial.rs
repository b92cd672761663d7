//! The figures of a trial, predicted.

use std::collections::BTreeMap;

use pushbench_protocol::figure::{SECONDS_PER_HOUR, bytes_per};
use pushbench_protocol::{ByteKind, ConnectionUse, Deliver, Direction, Layer, Unchanged};

use super::{Conflation, Exchange, Link, News, TlsLink, arrivals, waiting};

/// What all transports of a scenario have in common. Rates are a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Subscribers.
    pub clients: f64,
    /// Messages a second in the topic of each subscriber; 0 if there are none in the measure phase.
    pub rate: f64,
    /// Whether their arrivals are Poisson; otherwise evenly spaced.
    pub poisson: bool,
    /// Bytes of a payload.
    pub payload: u64,
    /// Every message, or the newest only.
    pub deliver: Deliver,
    /// The link.
    pub link: Link,
}

/// What a short poller does.
#[derive(Clone, Copy)]
pub struct PollWork<'a> {
    /// Seconds between polls.
    pub interval: f64,
    /// Whether the phase of a client's polls is independent of the messages; otherwise nothing is
    /// predicted about waiting.
    pub random_phase: bool,
    /// What a poll without news is answered.
    pub unchanged: Unchanged,
    /// How long a connection lives.
    pub connection: ConnectionUse,
    /// Bytes of the request's head.
    pub request_head: u64,
    /// Bytes of an answer's head, by the length of its body; `None` is an answer without news.
    pub answer_head: &'a dyn Fn(Option<u64>) -> u64,
    /// How answers are compressed.
    pub coded: Coded<'a>,
}

/// How answers are compressed.
#[derive(Clone, Copy)]
pub struct Coded<'a> {
    /// Bytes of a compressed body by how many messages it holds, at least one; `None` where it is
    /// left as it is.
    pub body: &'a dyn Fn(u64) -> Option<u64>,
    /// Bytes of the head before a compressed body, by the length of that.
    pub head: &'a dyn Fn(u64) -> u64,
}

impl Coded<'_> {
    /// No answer is compressed.
    pub const NOT: Coded<'static> = Coded { body: &|_| None, head: &|_| 0 };
}

/// What a long poller does.
#[derive(Clone, Copy)]
pub struct LongPollWork<'a> {
    /// Seconds that a poll is held.
    pub hold: f64,
    /// How long a connection lives.
    pub connection: ConnectionUse,
    /// Bytes of the request's head.
    pub request_head: u64,
    /// Bytes of an answer's head, by the length of its body; `None` is an answer without news.
    pub answer_head: &'a dyn Fn(Option<u64>) -> u64,
    /// How answers are compressed.
    pub coded: Coded<'a>,
}

/// What a subscriber does to whom messages are pushed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PushWork {
    /// Bytes of the request that begins it: for a stream, or the upgrade.
    pub request_head: u64,
    /// Bytes of the answer's head: the stream's, or the 101.
    pub answer_head: u64,
    /// Seconds between the server's heartbeats, if it has any.
    pub heartbeat: Option<f64>,
    /// Least seconds between two messages to one client, if they are conflated.
    pub conflate: Option<f64>,
}

/// What a subscriber does who is told that there is news and fetches it.
#[derive(Clone, Copy)]
pub struct NudgeWork<'a> {
    /// The WebSocket that tells.
    pub push: PushWork,
    /// Bytes of the head of a request that fetches.
    pub request_head: u64,
    /// Bytes of its answer's head, by the length of its body.
    pub answer_head: &'a dyn Fn(Option<u64>) -> u64,
}

/// Quantiles that are predicted.
const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];

/// Predicted figures, by the names of the catalogue.
pub type Figures = BTreeMap<String, f64>;

/// Mean bytes of each kind per client and second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    up: [f64; ByteKind::ALL.len()],
    down: [f64; ByteKind::ALL.len()],
}

impl std::ops::AddAssign for Flow {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.up.iter_mut().zip(other.up) {
            *sum += more;
        }
        for (sum, more) in self.down.iter_mut().zip(other.down) {
            *sum += more;
        }
    }
}

impl Flow {
    /// One exchange.
    fn of(exchange: &Exchange) -> Self {
        let mut flow = Self::default();
        flow.add(exchange, 1.0);
        flow
    }

    pub(super) fn add(&mut self, exchange: &Exchange, per_second: f64) {
        for &kind in ByteKind::ALL {
            self.up[kind as usize] += exchange.up[kind] as f64 * per_second;
            self.down[kind as usize] += exchange.down[kind] as f64 * per_second;
        }
    }

    /// The same so many times.
    pub(super) fn times(mut self, factor: f64) -> Self {
        for bytes in self.up.iter_mut().chain(&mut self.down) {
            *bytes *= factor;
        }
        self
    }

    pub(super) fn kind(&self, direction: Direction, kind: ByteKind) -> f64 {
        match direction {
            Direction::Up => self.up[kind as usize],
            Direction::Down => self.down[kind as usize],
        }
    }

    pub(super) fn layer(&self, direction: Direction, layer: Layer) -> f64 {
        ByteKind::ALL
            .iter()
            .filter(|kind| kind.is_in(layer))
            .map(|&kind| self.kind(direction, kind))
            .sum()
    }
}

impl Situation {
    /// The figures of short polling.
    pub fn short_poll(&self, work: PollWork<'_>) -> Figures {
        let news = News { mean: self.rate * work.interval, poisson: self.poisson };
        let polls = 1.0 / work.interval;
        let mut flow = Flow::default();
        let mut per_poll = Flow::default();
        for (found, probability) in (0_u64..).zip(news.counts()) {
            let exchange = self.poll_exchange(work, found);
            flow.add(&exchange, probability * polls);
            per_poll.add(&exchange, probability);
        }
        let newest_only = self.deliver == Deliver::Latest;
        let deliveries =
            polls * if newest_only { 1.0 - news.empty() } else { news.expect(|n| n as f64) };

        let mut figures = self.flow_figures(&flow, deliveries);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls);
        put("empty_polls", news.empty());
        if deliveries > 0.0 {
            put("versions_seen", if newest_only { news.versions_seen() } else { 1.0 });
            put("messages_per_response", deliveries / polls / (1.0 - news.empty()));
        }
        per_poll_figures(&mut figures, &per_poll);
        if work.random_phase && deliveries > 0.0 {
            self.poll_waiting(&mut figures, work.interval);
        }
        match work.connection {
            ConnectionUse::KeepAlive => {
                let connect = Exchange::connect(self.link);
                self.connect_figures(&mut figures, &[connect, Exchange::silence(self.link)]);
            }
            ConnectionUse::PerPoll => {
                self.connect_figures(&mut figures, &[Exchange::default()]);
            }
        }
        self.per_poll_connects(&mut figures, work.connection, polls);
        figures
    }

    /// The figures of long polling, without the network's delay and without queueing.
    ///
    /// Each message has an answer of its own: no other comes on the way back to the server. For the
    /// share that meets a delayed link see [`waiting::LongPollWait`].
    pub fn long_poll(&self, work: LongPollWork<'_>) -> Figures {
        let (payload, framing, head) = match (work.coded.body)(1) {
            Some(body) => (body, 0, (work.coded.head)(body)),
            None => {
                let framing = if self.deliver == Deliver::Every { 1 } else { 0 };
                let head = (work.answer_head)(Some(self.payload + framing));
                (self.payload, framing, head)
            }
        };
        let exchange = |head, payload, framing| match work.connection {
            ConnectionUse::KeepAlive => {
                Exchange::long_poll(work.request_head, head, payload, framing, self.link)
            }
            ConnectionUse::PerPoll => {
                Exchange::poll_alone(work.request_head, head, payload, 0, framing, self.link)
            }
        };
        let news = exchange(head, payload, framing);
        let empty = exchange((work.answer_head)(None), 0, 0);
        let empties = match self.rate {
            0.0 => 1.0 / work.hold,
            rate => rate * arrivals::holds_without_news(rate, self.poisson, work.hold),
        };
        let polls = self.rate + empties;
        let mut flow = Flow::default();
        flow.add(&news, self.rate);
        flow.add(&empty, empties);
        let mut per_poll = Flow::default();
        per_poll.add(&news, self.rate / polls);
        per_poll.add(&empty, empties / polls);

        let mut figures = self.push_figures(&flow);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls);
        put("empty_polls", empties / polls);
        if self.rate > 0.0 {
            put("messages_per_response", 1.0);
        }
        per_poll_figures(&mut figures, &per_poll);
        let connect = Exchange::connect(self.link);
        let begin = Exchange::long_poll_begin(work.request_head, self.link);
        self.connect_figures(&mut figures, &[connect, begin]);
        self.per_poll_connects(&mut figures, work.connection, polls);
        figures
    }

    /// The figures of server-sent events, without the network's delay and without queueing.
    pub fn sse(&self, work: PushWork) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        let message = Exchange::event_push(self.payload, self.link);
        self.pushed(&message, &Exchange::comment(self.link), work, begin)
    }

    /// The figures of a stream of lines, in the same way.
    pub fn stream(&self, work: PushWork) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        let message = Exchange::line_push(self.payload, self.link);
        // Lines have no comments, so no heartbeat either.
        self.pushed(&message, &Exchange::default(), work, begin)
    }

    /// The figures of WebSocket, in the same way.
    pub fn websocket(&self, work: PushWork) -> Figures {
        let begin = Exchange::websocket_upgrade(work.request_head, work.answer_head, self.link);
        let message = Exchange::websocket_push(self.payload, self.link);
        self.pushed(&message, &Exchange::ping(self.link), work, begin)
    }

    /// The figures of nudging, in the same way. Each message is fetched by itself: the next is
    /// further away than a fetch takes.
    pub fn nudge(&self, work: NudgeWork<'_>) -> Figures {
        let fetch = self.poll_exchange(
            PollWork {
                interval: 1.0 / self.rate,
                random_phase: false,
                unchanged: Unchanged::Empty,
                connection: ConnectionUse::KeepAlive,
                request_head: work.request_head,
                answer_head: work.answer_head,
                coded: Coded::NOT,
            },
            1,
        );
        let mut once = Flow::default();
        once.add(&Exchange::nudge(self.link), 1.0);
        once.add(&fetch, 1.0);
        let mut flow = Flow::default();
        flow.add(&Exchange::nudge(self.link), self.rate);
        flow.add(&fetch, self.rate);
        flow.add(&Exchange::ping(self.link), self.signs_per_second(work.push.heartbeat));
        let mut figures = self.push_figures(&flow);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * self.rate);
        if self.rate > 0.0 {
            put("empty_polls", 0.0);
            put("messages_per_response", 1.0);
            per_poll_figures(&mut figures, &once);
        }
        let connect = Exchange::connect(self.link);
        let PushWork { request_head, answer_head, .. } = work.push;
        let upgrade = Exchange::websocket_upgrade(request_head, answer_head, self.link);
        let silence = Exchange::silence(self.link);
        self.connect_figures(&mut figures, &[connect, silence, connect, upgrade]);
        figures
    }

    /// The figures of a push of messages, and of signs of life where there are none.
    fn pushed(
        &self,
        message: &Exchange,
        sign: &Exchange,
        work: PushWork,
        begin: Exchange,
    ) -> Figures {
        let PushWork { heartbeat, conflate, .. } = work;
        let (message, sign) = (Flow::of(message), Flow::of(sign));
        let mut figures = self.told(message, sign, heartbeat, conflate);
        let connect = Exchange::connect(self.link);
        self.connect_figures(&mut figures, &[connect, begin]);
        figures
    }

    /// The figures of messages and signs of life, each of which costs a client so much.
    pub(super) fn told(
        &self,
        message: Flow,
        sign: Flow,
        heartbeat: Option<f64>,
        conflate: Option<f64>,
    ) -> Figures {
        let mut flow = sign.times(self.signs_per_second(heartbeat));
        match conflate.filter(|_| self.rate > 0.0) {
            Some(every) => {
                let law = Conflation { every, rate: self.rate, poisson: self.poisson };
                flow += message.times(law.deliveries_per_second());
                self.conflated_figures(&flow, law)
            }
            None => {
                flow += message.times(self.rate);
                self.push_figures(&flow)
            }
        }
    }

    /// Signs of life to one client a second: one for each beat without a message since the last.
    fn signs_per_second(&self, heartbeat: Option<f64>) -> f64 {
        heartbeat.map_or(0.0, |every| {
            News { mean: self.rate * every, poisson: self.poisson }.empty() / every
        })
    }

    /// The laws of waiting where each message is brought as it comes.
    pub fn push_waiting(&self, figures: &mut Figures) {
        let age = waiting::mean_age(self.rate, self.poisson, None);
        figures.insert("age_mean".to_owned(), age);
        let behind = waiting::mean_version_age(self.rate, None);
        figures.insert("version_age_mean".to_owned(), behind);
    }

    /// The laws of waiting for a poll on a schedule.
    pub fn poll_waiting(&self, figures: &mut Figures, interval: f64) {
        let newest_only = self.deliver == Deliver::Latest;
        let wait = waiting::PollWait::new(interval, self.rate, self.poisson, newest_only);
        figures.insert("latency.mean".to_owned(), wait.mean());
        for (name, quantile) in QUANTILES {
            figures.insert(format!("latency.{name}"), wait.quantile(quantile));
        }
        let interval = Some(interval);
        figures.insert("age_mean".to_owned(), waiting::mean_age(self.rate, self.poisson, interval));
        let behind = waiting::mean_version_age(self.rate, interval);
        figures.insert("version_age_mean".to_owned(), behind);
    }

    /// The figures of a transport that brings each message as it comes.
    pub(super) fn push_figures(&self, flow: &Flow) -> Figures {
        let mut figures = self.flow_figures(flow, self.rate);
        if self.rate > 0.0 {
            figures.insert("versions_seen".to_owned(), 1.0);
            self.push_waiting(&mut figures);
        }
        figures
    }

    /// The figures of one that brings the newest when it may.
    fn conflated_figures(&self, flow: &Flow, law: Conflation) -> Figures {
        let deliveries = law.deliveries_per_second();
        let mut figures = self.flow_figures(flow, deliveries);
        let mut put = |name: &str, value: Option<f64>| {
            figures.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("versions_seen", Some(deliveries / self.rate));
        put("latency.mean", law.mean());
        for (name, quantile) in QUANTILES {
            put(&format!("latency.{name}"), law.quantile(quantile));
        }
        figures
    }

    /// The exchange of a poll that finds this many messages.
    pub fn poll_exchange(&self, work: PollWork<'_>, found: u64) -> Exchange {
        let answered = match self.deliver {
            Deliver::Latest => found.min(1),
            Deliver::Every => found,
        };
        let exchange = match work.connection {
            ConnectionUse::KeepAlive => Exchange::poll,
            ConnectionUse::PerPoll => Exchange::poll_alone,
        };
        let in_body = match (answered, work.unchanged) {
            (0, Unchanged::Empty | Unchanged::NotModified) => 0,
            (0, Unchanged::Resend) => 1,
            _ => answered,
        };
        if in_body > 0
            && let Some(body) = (work.coded.body)(in_body)
        {
            let head = (work.coded.head)(body);
            let (payload, repeat) = if answered == 0 { (0, body) } else { (body, 0) };
            return exchange(work.request_head, head, payload, repeat, 0, self.link);
        }
        // In `every` a line break ends each message of an answer.
        let framing = if self.deliver == Deliver::Every { answered } else { 0 };
        let (payload, repeat, body) = match (answered, work.unchanged) {
            (0, Unchanged::Resend) => (0, self.payload, Some(self.payload)),
            (0, Unchanged::Empty | Unchanged::NotModified) => (0, 0, None),
            _ => (answered * self.payload, 0, Some(answered * self.payload + framing)),
        };
        let head = (work.answer_head)(body);
        exchange(work.request_head, head, payload, repeat, framing, self.link)
    }

    /// What opening and closing connections costs where each of so many polls a second has its own.
    fn per_poll_connects(&self, figures: &mut Figures, connection: ConnectionUse, polls: f64) {
        if connection == ConnectionUse::PerPoll {
            let connecting = Exchange::connecting(self.link);
            let wire = connecting.up.layer(Layer::Wire) + connecting.down.layer(Layer::Wire);
            figures.insert("connect_wire_bytes_per_poll".to_owned(), wire as f64);
            figures.insert("connects_per_second".to_owned(), self.clients * polls);
        }
    }

    pub(super) fn flow_figures(&self, flow: &Flow, deliveries: f64) -> Figures {
        let mut figures = Figures::new();
        let mut put_sum = |name: &str, up: f64, down: f64| {
            for (direction, bytes) in
                [(None, up + down), (Some(Direction::Up), up), (Some(Direction::Down), down)]
            {
                figures.insert(bytes_per(name, direction, "client_second"), bytes);
                if deliveries > 0.0 {
                    figures.insert(bytes_per(name, direction, "delivery"), bytes / deliveries);
                }
            }
        };
        for &kind in ByteKind::ALL {
            put_sum(kind.label(), flow.kind(Direction::Up, kind), flow.kind(Direction::Down, kind));
        }
        for &layer in Layer::ALL {
            put_sum(
                layer.label(),
                flow.layer(Direction::Up, layer),
                flow.layer(Direction::Down, layer),
            );
        }
        let both = |layer| flow.layer(Direction::Up, layer) + flow.layer(Direction::Down, layer);
        let bits = 8.0 * self.clients;
        let header = flow.kind(Direction::Up, ByteKind::Header)
            + flow.kind(Direction::Down, ByteKind::Header);
        for (name, value) in [
            ("wire_bits_per_second", both(Layer::Wire) * bits),
            ("stream_bits_per_second", both(Layer::Stream) * bits),
            ("header_bits_per_second", header * bits),
            ("goodput", deliveries * self.payload as f64 * bits),
            ("deliveries_per_second", deliveries * self.clients),
        ] {
            figures.insert(name.to_owned(), value);
        }
        if self.rate == 0.0 {
            let idle = both(Layer::Wire) * SECONDS_PER_HOUR;
            figures.insert("idle_wire_bytes_per_client_hour".to_owned(), idle);
        }
        figures
    }

    pub(super) fn connect_figures(&self, figures: &mut Figures, exchanges: &[Exchange]) {
        let sum = |layer| {
            exchanges.iter().map(|e| e.up.layer(layer) + e.down.layer(layer)).sum::<u64>() as f64
        };
        figures.insert("connect_stream_bytes_per_connection".to_owned(), sum(Layer::Stream));
        match self.link.tls {
            // How long the handshake of another's server is nobody knows before.
            Some(TlsLink { handshake: None }) => return,
            Some(TlsLink { handshake: Some(_) }) => {
                let tls = sum(Layer::Socket) - sum(Layer::Stream);
                figures.insert("connect_tls_bytes_per_connection".to_owned(), tls);
            }
            None => {}
        }
        figures.insert("connect_wire_bytes_per_connection".to_owned(), sum(Layer::Wire));
    }
}

pub(super) fn per_poll_figures(figures: &mut Figures, per_poll: &Flow) {
    let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
    let header = |d| per_poll.kind(d, ByteKind::Header);
    put("header_bytes_up_per_poll", header(Direction::Up));
    put("header_bytes_down_per_poll", header(Direction::Down));
    put("header_bytes_per_poll", header(Direction::Up) + header(Direction::Down));
    for layer in [Layer::Stream, Layer::Wire] {
        let both = per_poll.layer(Direction::Up, layer) + per_poll.layer(Direction::Down, layer);
        put(&format!("{layer}_bytes_per_poll"), both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Handshake, HandshakeKind};
    use crate::segments::SegmentHeaders;

    const KAAZING: Situation = Situation {
        clients: 1_000.0,
        rate: 1.0,
        poisson: false,
        payload: 21,
        deliver: Deliver::Latest,
        link: Link {
            headers: SegmentHeaders { ipv6: false, timestamps: true },
            mss: 1460,
            tls: None,
        },
    };

    const KEEP_ALIVE: ConnectionUse = ConnectionUse::KeepAlive;
    const PUSH: PushWork =
        PushWork { request_head: 200, answer_head: 129, heartbeat: None, conflate: None };

    #[test]
    fn the_published_case_a_comes_out() {
        let figures = KAAZING.short_poll(PollWork {
            interval: 1.0,
            random_phase: true,
            unchanged: Unchanged::Resend,
            connection: KEEP_ALIVE,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        assert_eq!(figures["wire_bytes_per_delivery"], 1_086.0);
        assert_eq!(figures["header_bytes_per_poll"], 909.0);
        assert_eq!(figures["header_bits_per_second"], 7_272_000.0);
        assert_eq!(figures["latency.mean"], 0.5);
    }

    #[test]
    fn a_poll_with_a_connection_of_its_own_pays_for_it() {
        let figures = KAAZING.short_poll(PollWork {
            interval: 2.0,
            random_phase: true,
            unchanged: Unchanged::Resend,
            connection: ConnectionUse::PerPoll,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        assert_eq!(figures["wire_bytes_per_poll"], 1_466.0);
        assert_eq!(figures["connect_wire_bytes_per_poll"], 328.0);
        assert_eq!(figures["connects_per_second"], 500.0);
        assert_eq!(figures["connect_wire_bytes_per_connection"], 0.0);
        let held = KAAZING.long_poll(LongPollWork {
            hold: 25.0,
            connection: ConnectionUse::PerPoll,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        assert_eq!(held["wire_bytes_per_delivery"], 1_466.0);
    }

    #[test]
    fn a_handshake_is_part_of_connecting_unless_it_is_anothers() {
        let handshake =
            Handshake { kind: HandshakeKind::Resumed, server_name: None, protocol: 8, tickets: 2 };
        let figures = |tls| {
            let link = Link { tls: Some(tls), ..KAAZING.link };
            let work =
                PushWork { request_head: 200, answer_head: 129, heartbeat: None, conflate: None };
            Situation { link, ..KAAZING }.websocket(work)
        };
        let ours = figures(TlsLink { handshake: Some(handshake) });
        let tls = handshake.client_hello()
            + handshake.server_flight()
            + handshake.client_finished()
            + handshake.new_tickets();
        // And the records of the upgrade.
        assert_eq!(ours["connect_tls_bytes_per_connection"], (tls + 44) as f64);
        let theirs = figures(TlsLink { handshake: None });
        assert!(!theirs.contains_key("connect_tls_bytes_per_connection"));
        assert!(!theirs.contains_key("connect_wire_bytes_per_connection"));
        assert_eq!(theirs["wire_bytes_per_delivery"], ours["wire_bytes_per_delivery"]);
        assert_eq!(theirs["tls_bytes_per_delivery"], 22.0);
    }

    #[test]
    fn a_batch_shares_one_head() {
        let every = Situation { deliver: Deliver::Every, rate: 20.0, ..KAAZING };
        let figures = every.short_poll(PollWork {
            interval: 2.0,
            random_phase: true,
            unchanged: Unchanged::Empty,
            connection: KEEP_ALIVE,
            request_head: 100,
            answer_head: &|_| 100,
            coded: Coded::NOT,
        });
        assert!((figures["header_bytes_per_delivery"] - 5.0).abs() < 1e-9);
        assert!((figures["messages_per_response"] - 40.0).abs() < 1e-9);
        assert!((figures["framing_bytes_per_delivery"] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_compressed_answer_has_its_own_body_and_head_and_no_framing() {
        let every = Situation { deliver: Deliver::Every, ..KAAZING };
        let work = |interval| PollWork {
            interval,
            random_phase: true,
            connection: KEEP_ALIVE,
            unchanged: Unchanged::Empty,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded {
                body: &|messages| (messages > 1).then_some(10 * messages),
                head: &|body| 200 + body,
            },
        };
        // One message stays as it is: a head of 193, a line feed.
        let one = every.short_poll(work(1.0));
        assert_eq!(
            (one["header_bytes_down_per_poll"], one["framing_bytes_per_delivery"]),
            (193.0, 1.0)
        );
        let two = every.short_poll(work(2.0));
        assert_eq!(
            (two["header_bytes_down_per_poll"], two["payload_bytes_per_delivery"]),
            (220.0, 10.0)
        );
        assert_eq!(two["framing_bytes_per_delivery"], 0.0);
    }

    #[test]
    fn a_long_poll_pays_a_head_for_each_message_and_for_each_hold_without() {
        let held = |hold, poisson| {
            let situation = Situation { poisson, rate: 0.125, ..KAAZING };
            let work = LongPollWork {
                hold,
                connection: KEEP_ALIVE,
                request_head: 716,
                answer_head: &|_| 193,
                coded: Coded::NOT,
            };
            situation.long_poll(work)
        };
        let often = held(25.0, false);
        assert_eq!(often["wire_bytes_per_delivery"], 1_086.0);
        assert_eq!((often["empty_polls"], often["requests_per_second"]), (0.0, 125.0));
        // News each 8 s, a hold of 3 s: two end without news.
        let seldom = held(3.0, false);
        assert!((seldom["empty_polls"] - 2.0 / 3.0).abs() < 1e-9);
        assert!((seldom["header_bytes_per_delivery"] - 3.0 * 909.0).abs() < 1e-9);
        // Poisson: e^(-LH) of all polls.
        let random = held(8.0, true);
        assert!((random["empty_polls"] - (-1.0_f64).exp()).abs() < 1e-9);
    }

    #[test]
    fn a_nudge_costs_a_frame_and_a_poll() {
        let figures =
            KAAZING.nudge(NudgeWork { push: PUSH, request_head: 716, answer_head: &|_| 193 });
        assert_eq!(figures["wire_bytes_per_delivery"], 1_086.0 + 7.0 + 104.0);
        assert_eq!(figures["connect_stream_bytes_per_connection"], 329.0);
    }

    #[test]
    fn a_sign_of_life_is_sent_for_each_beat_without_a_message() {
        let work = PushWork { heartbeat: Some(25.0), ..PUSH };
        let figures = |rate, poisson| Situation { rate, poisson, ..KAAZING }.websocket(work);
        let control = |rate, poisson| figures(rate, poisson)["control_bytes_per_client_second"];
        assert_eq!(control(1.0, false), 0.0);
        assert!((control(0.01, false) - 0.75 * 8.0 / 25.0).abs() < 1e-9);
        assert!((control(0.04, true) - (-1.0_f64).exp() * 8.0 / 25.0).abs() < 1e-9);
        // 144 an hour, 164 bytes each.
        let idle = figures(0.0, false);
        assert!((idle["idle_wire_bytes_per_client_hour"] - 144.0 * 164.0).abs() < 1e-6);
        assert!(!figures(0.04, true).contains_key("idle_wire_bytes_per_client_hour"));
    }

    #[test]
    fn an_idle_client_costs_what_its_clock_does_and_nothing_is_divided_by_no_news() {
        let idle = Situation { rate: 0.0, ..KAAZING };
        let poll = idle.short_poll(PollWork {
            interval: 60.0,
            random_phase: true,
            unchanged: Unchanged::Empty,
            connection: KEEP_ALIVE,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        let held = idle.long_poll(LongPollWork {
            hold: 25.0,
            connection: KEEP_ALIVE,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        let work = PushWork { heartbeat: Some(25.0), conflate: Some(1.0), ..PUSH };
        let nudge = idle.nudge(NudgeWork { push: work, request_head: 1, answer_head: &|_| 1 });
        let per_hour = |figures: &Figures| figures["idle_wire_bytes_per_client_hour"];
        let one = f64::from(716 + 193 + 3 * 52);
        for (figures, expected) in [
            (poll, 60.0 * one),
            (held, 144.0 * one),
            (idle.sse(work), 144.0 * 112.0),
            (idle.stream(work), 0.0),
            (nudge, 144.0 * 164.0),
        ] {
            assert!((per_hour(&figures) - expected).abs() < 1e-6, "{expected}: {figures:?}");
            assert!(figures.values().all(|value| value.is_finite()), "{figures:?}");
            assert!(!figures.contains_key("latency.mean"), "{figures:?}");
        }
    }

    #[test]
    fn conflation_changes_how_many_and_not_how_large() {
        let work = PushWork { conflate: Some(1.0), ..PUSH };
        let busy = Situation { rate: 20.0, ..KAAZING };
        let figures = busy.websocket(work);
        assert_eq!(figures["wire_bytes_per_delivery"], 127.0);
        assert_eq!(figures["deliveries_per_second"], 1_000.0);
        assert_eq!(figures["versions_seen"], 0.05);
    }

    #[test]
    fn every_predicted_figure_is_in_the_catalogue() {
        let poll = KAAZING.short_poll(PollWork {
            interval: 1.0,
            random_phase: true,
            unchanged: Unchanged::Resend,
            connection: KEEP_ALIVE,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        let long = KAAZING.long_poll(LongPollWork {
            hold: 25.0,
            connection: KEEP_ALIVE,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        let work = PUSH;
        let nudge =
            KAAZING.nudge(NudgeWork { push: work, request_head: 716, answer_head: &|_| 193 });
        let pushes = [KAAZING.sse(work), KAAZING.stream(work), KAAZING.websocket(work)];
        for name in [poll, long, nudge].iter().chain(&pushes).flat_map(Figures::keys) {
            assert!(pushbench_protocol::figure::find(name).is_some(), "{name}");
        }
    }
}
