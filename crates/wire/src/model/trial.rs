//! The figures of a trial, predicted.

use std::collections::BTreeMap;

use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{ByteKind, Deliver, Direction, Layer, Unchanged};

use super::{Exchange, Link, News, arrivals, waiting};

/// What all transports of a scenario have in common. Rates are a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Subscribers.
    pub clients: f64,
    /// Messages a second in the topic of each subscriber.
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

/// Predicted figures, by the names of the catalogue.
type Figures = BTreeMap<String, f64>;

/// Mean bytes of each kind per client and second.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    up: [f64; ByteKind::ALL.len()],
    down: [f64; ByteKind::ALL.len()],
}

impl Flow {
    fn add(&mut self, exchange: &Exchange, per_second: f64) {
        for &kind in ByteKind::ALL {
            self.up[kind as usize] += exchange.up[kind] as f64 * per_second;
            self.down[kind as usize] += exchange.down[kind] as f64 * per_second;
        }
    }

    fn kind(&self, direction: Direction, kind: ByteKind) -> f64 {
        match direction {
            Direction::Up => self.up[kind as usize],
            Direction::Down => self.down[kind as usize],
        }
    }

    fn layer(&self, direction: Direction, layer: Layer) -> f64 {
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
        put("versions_seen", if newest_only { news.versions_seen() } else { 1.0 });
        put("messages_per_response", deliveries / polls / (1.0 - news.empty()));
        per_poll_figures(&mut figures, &per_poll);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        if work.random_phase {
            let wait = waiting::PollWait::new(work.interval, self.rate, self.poisson, newest_only);
            put("latency.mean", wait.mean());
            for (name, quantile) in [
                ("p50", 0.5),
                ("p90", 0.9),
                ("p95", 0.95),
                ("p99", 0.99),
                ("p999", 0.999),
                ("max", 1.0),
            ] {
                put(&format!("latency.{name}"), wait.quantile(quantile));
            }
            let interval = Some(work.interval);
            put("age_mean", waiting::mean_age(self.rate, self.poisson, interval));
            put("version_age_mean", waiting::mean_version_age(self.rate, interval));
        }
        let connect = Exchange::tcp_connect(self.link);
        self.connect_figures(&mut figures, &[connect]);
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
        let news = Exchange::long_poll(work.request_head, head, payload, framing, self.link);
        let head = (work.answer_head)(None);
        let empty = Exchange::long_poll(work.request_head, head, 0, 0, self.link);
        let empties = arrivals::holds_without_news(self.rate, self.poisson, work.hold);
        let polls = self.rate * (1.0 + empties);
        let mut flow = Flow::default();
        flow.add(&news, self.rate);
        flow.add(&empty, self.rate * empties);
        let mut per_poll = Flow::default();
        per_poll.add(&news, self.rate / polls);
        per_poll.add(&empty, self.rate * empties / polls);

        let mut figures = self.push_figures(&flow);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls);
        put("empty_polls", empties / (1.0 + empties));
        put("messages_per_response", 1.0);
        per_poll_figures(&mut figures, &per_poll);
        let connect = Exchange::tcp_connect(self.link);
        let begin = Exchange::long_poll_begin(work.request_head, self.link);
        self.connect_figures(&mut figures, &[connect, begin]);
        figures
    }

    /// The figures of server-sent events, without the network's delay and without queueing.
    pub fn sse(&self, work: PushWork) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        self.pushed(&Exchange::event_push(self.payload, self.link), begin)
    }

    /// The figures of a stream of lines, in the same way.
    pub fn stream(&self, work: PushWork) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        self.pushed(&Exchange::line_push(self.payload, self.link), begin)
    }

    /// The figures of WebSocket, in the same way.
    pub fn websocket(&self, work: PushWork) -> Figures {
        let begin = Exchange::websocket_upgrade(work.request_head, work.answer_head, self.link);
        self.pushed(&Exchange::websocket_push(self.payload, self.link), begin)
    }

    /// The figures of nudging, in the same way. Each message is fetched by itself: the next is
    /// further away than a fetch takes.
    pub fn nudge(&self, work: NudgeWork<'_>) -> Figures {
        let fetch = self.poll_exchange(
            PollWork {
                interval: 1.0 / self.rate,
                random_phase: false,
                unchanged: Unchanged::Empty,
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
        let mut figures = self.push_figures(&flow);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * self.rate);
        put("empty_polls", 0.0);
        put("messages_per_response", 1.0);
        per_poll_figures(&mut figures, &once);
        let connect = Exchange::tcp_connect(self.link);
        let PushWork { request_head, answer_head } = work.push;
        let upgrade = Exchange::websocket_upgrade(request_head, answer_head, self.link);
        self.connect_figures(&mut figures, &[connect, connect, upgrade]);
        figures
    }

    fn pushed(&self, message: &Exchange, begin: Exchange) -> Figures {
        let mut flow = Flow::default();
        flow.add(message, self.rate);
        let mut figures = self.push_figures(&flow);
        let connect = Exchange::tcp_connect(self.link);
        self.connect_figures(&mut figures, &[connect, begin]);
        figures
    }

    /// The figures of a transport that brings each message as it comes.
    fn push_figures(&self, flow: &Flow) -> Figures {
        let mut figures = self.flow_figures(flow, self.rate);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("versions_seen", 1.0);
        put("age_mean", waiting::mean_age(self.rate, self.poisson, None));
        put("version_age_mean", waiting::mean_version_age(self.rate, None));
        figures
    }

    /// The exchange of a poll that finds this many messages.
    pub fn poll_exchange(&self, work: PollWork<'_>, found: u64) -> Exchange {
        let answered = match self.deliver {
            Deliver::Latest => found.min(1),
            Deliver::Every => found,
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
            return Exchange::poll(work.request_head, head, payload, repeat, 0, self.link);
        }
        // In `every` a line break ends each message of an answer.
        let framing = if self.deliver == Deliver::Every { answered } else { 0 };
        let (payload, repeat, body) = match (answered, work.unchanged) {
            (0, Unchanged::Resend) => (0, self.payload, Some(self.payload)),
            (0, Unchanged::Empty | Unchanged::NotModified) => (0, 0, None),
            _ => (answered * self.payload, 0, Some(answered * self.payload + framing)),
        };
        let head = (work.answer_head)(body);
        Exchange::poll(work.request_head, head, payload, repeat, framing, self.link)
    }

    fn flow_figures(&self, flow: &Flow, deliveries: f64) -> Figures {
        let mut figures = Figures::new();
        let mut put_sum = |name: &str, up: f64, down: f64| {
            for (direction, bytes) in
                [(None, up + down), (Some(Direction::Up), up), (Some(Direction::Down), down)]
            {
                figures.insert(bytes_per(name, direction, "client_second"), bytes);
                figures.insert(bytes_per(name, direction, "delivery"), bytes / deliveries);
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
        figures
    }

    fn connect_figures(&self, figures: &mut Figures, exchanges: &[Exchange]) {
        let sum = |layer| {
            exchanges.iter().map(|e| e.up.layer(layer) + e.down.layer(layer)).sum::<u64>() as f64
        };
        figures.insert("connect_stream_bytes_per_connection".to_owned(), sum(Layer::Stream));
        figures.insert("connect_wire_bytes_per_connection".to_owned(), sum(Layer::Wire));
    }
}

fn per_poll_figures(figures: &mut Figures, per_poll: &Flow) {
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
    use crate::segments::SegmentHeaders;

    const KAAZING: Situation = Situation {
        clients: 1_000.0,
        rate: 1.0,
        poisson: false,
        payload: 21,
        deliver: Deliver::Latest,
        link: Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460 },
    };

    #[test]
    fn the_published_case_a_comes_out() {
        let figures = KAAZING.short_poll(PollWork {
            interval: 1.0,
            random_phase: true,
            unchanged: Unchanged::Resend,
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
    fn a_batch_shares_one_head() {
        let every = Situation { deliver: Deliver::Every, rate: 20.0, ..KAAZING };
        let figures = every.short_poll(PollWork {
            interval: 2.0,
            random_phase: true,
            unchanged: Unchanged::Empty,
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
            let work =
                LongPollWork { hold, request_head: 716, answer_head: &|_| 193, coded: Coded::NOT };
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
        let figures = KAAZING.nudge(NudgeWork {
            push: PushWork { request_head: 200, answer_head: 129 },
            request_head: 716,
            answer_head: &|_| 193,
        });
        assert_eq!(figures["wire_bytes_per_delivery"], 1_086.0 + 7.0 + 104.0);
        assert_eq!(figures["connect_stream_bytes_per_connection"], 329.0);
    }

    #[test]
    fn every_predicted_figure_is_in_the_catalogue() {
        let poll = KAAZING.short_poll(PollWork {
            interval: 1.0,
            random_phase: true,
            unchanged: Unchanged::Resend,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        let long = KAAZING.long_poll(LongPollWork {
            hold: 25.0,
            request_head: 716,
            answer_head: &|_| 193,
            coded: Coded::NOT,
        });
        let work = PushWork { request_head: 200, answer_head: 129 };
        let nudge =
            KAAZING.nudge(NudgeWork { push: work, request_head: 716, answer_head: &|_| 193 });
        let pushes = [KAAZING.sse(work), KAAZING.stream(work), KAAZING.websocket(work)];
        for name in [poll, long, nudge].iter().chain(&pushes).flat_map(Figures::keys) {
            assert!(pushbench_protocol::figure::find(name).is_some(), "{name}");
        }
    }
}
