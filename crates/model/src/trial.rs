//! The figures of a trial, predicted.

mod waits;

use pushbench_protocol::{ConnectionUse, Deliver, Layer, Unchanged};

use super::burst::Pause;
use super::flow::{Figures, Flow, per_poll_figures};
use super::{
    Coded, Conflated, Conflation, Exchange, Finds, LongPollWork, MessageCounts, NudgeWork,
    PollWork, PushWork, Situation,
};

impl Situation {
    /// The figures of short polling.
    pub fn short_poll(&self, work: PollWork<'_>) -> Figures {
        let polls = work.finds.per_second();
        let mut per_poll = Flow::default();
        for (found, share) in work.finds.shares() {
            per_poll.add(&self.poll_exchange(work, found), share);
        }
        let mut figures = self.polled_figures(per_poll, work.finds);
        if let Some(interval) = work.random_interval.filter(|_| self.rate > 0.0) {
            self.poll_waiting(&mut figures, interval);
        }
        match work.connection {
            ConnectionUse::KeepAlive => {
                let connect = Exchange::connect(self.link);
                let then = match work.first_poll {
                    None => Exchange::silence(self.link),
                    Some([up, down]) => Exchange::first_poll(up, down, self.link),
                };
                self.connect_figures(&mut figures, &[connect, then]);
            }
            ConnectionUse::PerPoll => {
                self.connect_figures(&mut figures, &[Exchange::default()]);
            }
        }
        self.per_poll_connects(&mut figures, work.connection, polls);
        figures
    }

    /// The figures of polls of a timer, each of which costs so much in the mean.
    pub(super) fn polled_figures(&self, per_poll: Flow, finds: &Finds) -> Figures {
        let polls = finds.per_second();
        let newest_only = self.deliver == Deliver::Latest;
        let deliveries = finds.deliveries(newest_only);
        let mut figures = self.flow_figures(&per_poll.times(polls), deliveries);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls);
        put("empty_polls", finds.empty());
        if let Some(seen) = finds.versions_seen() {
            put("versions_seen", if newest_only { seen } else { 1.0 });
        }
        if deliveries > 0.0 {
            put("messages_per_response", deliveries / finds.deliveries(true));
        }
        per_poll_figures(&mut figures, &per_poll);
        figures
    }

    /// The figures of long polling, without the network's delay and without queueing.
    ///
    /// By law and schedule each message has an answer of its own: no other comes on the way back to the
    /// server. Where polls were seen to find more, each carries them. For the share that meets a delayed
    /// link see [`crate::waiting::LongPollWait`].
    pub fn long_poll(&self, work: LongPollWork<'_>) -> Figures {
        let polls = work.finds.per_second();
        let mut per_poll = Flow::default();
        for (found, share) in work.finds.shares() {
            per_poll.add(&self.held_exchange(&work, found), share);
        }
        let mut figures = self.held_figures(per_poll, work.finds);
        let connect = Exchange::connect(self.link);
        let begin = Exchange::long_poll_begin(work.request_head, self.link);
        self.connect_figures(&mut figures, &[connect, begin]);
        self.per_poll_connects(&mut figures, work.connection, polls);
        figures
    }

    /// The response to a held poll that found so many messages, and the request that belongs with it.
    fn held_exchange(&self, work: &LongPollWork<'_>, found: u64) -> Exchange {
        let exchange = |head, payload, framing| match work.connection {
            ConnectionUse::KeepAlive => {
                Exchange::long_poll(work.request_head, head, payload, framing, self.link)
            }
            ConnectionUse::PerPoll => {
                Exchange::poll_alone(work.request_head, head, payload, 0, framing, self.link)
            }
        };
        let (messages, framing) = match self.deliver {
            Deliver::Latest => (found.min(1), 0),
            Deliver::Every => (found, found),
        };
        if messages == 0 {
            return exchange((work.answer_head)(None), 0, 0);
        }
        if let Some(body) = (work.coded.body)(messages) {
            return exchange((work.coded.head)(body), body, 0);
        }
        let payload = messages * self.payload;
        exchange((work.answer_head)(Some(payload + framing)), payload, framing)
    }

    /// The figures of polls that are held, each of which costs so much in the mean.
    pub(super) fn held_figures(&self, per_poll: Flow, finds: &Finds) -> Figures {
        let polls = finds.per_second();
        let deliveries = finds.deliveries(self.deliver == Deliver::Latest);
        let mut figures = self.flow_figures(&per_poll.times(polls), deliveries);
        if self.rate > 0.0 {
            self.push_waiting(&mut figures);
        }
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls);
        put("empty_polls", finds.empty());
        if deliveries > 0.0 {
            put("versions_seen", 1.0);
            put("messages_per_response", deliveries / finds.deliveries(true));
        }
        per_poll_figures(&mut figures, &per_poll);
        figures
    }

    /// The figures of server-sent events, without the network's delay and without queueing.
    pub fn sse(&self, work: PushWork) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        let message = |pause| Exchange::event_push(self.payload, self.link, pause);
        self.pushed(&message, &Exchange::comment(self.link), work, begin)
    }

    /// The figures of a stream of lines, in the same way.
    pub fn stream(&self, work: PushWork) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        let message = |pause| Exchange::line_push(self.payload, self.link, pause);
        // Lines have no comments, so no heartbeat either.
        self.pushed(&message, &Exchange::default(), work, begin)
    }

    /// The figures of a stream that is compressed, in the same way: a payload is then as long as its
    /// message is once compressed, with all that marks it off there; `sign` is the same of a sign of
    /// life, absent where there is none.
    pub fn coded_stream(&self, work: PushWork, sign: Option<u64>) -> Figures {
        let begin = Exchange::stream_begin(work.request_head, work.answer_head, self.link);
        let message = |pause| Exchange::flush_push(self.payload, self.link, pause);
        let sign = sign.map_or(Exchange::default(), |len| Exchange::sign(len, self.link));
        self.pushed(&message, &sign, work, begin)
    }

    /// The figures of WebSocket, in the same way.
    pub fn websocket(&self, work: PushWork) -> Figures {
        let begin = Exchange::websocket_upgrade(work.request_head, work.answer_head, self.link);
        let message = |pause| Exchange::websocket_push(self.payload, self.link, pause);
        self.pushed(&message, &Exchange::ping(self.link), work, begin)
    }

    /// The figures of nudging, in the same way.
    pub fn nudge(&self, work: NudgeWork<'_>) -> Figures {
        let NudgeWork { notices, finds, .. } = work;
        let fetch = PollWork {
            finds,
            random_interval: None,
            unchanged: Unchanged::Empty,
            connection: ConnectionUse::KeepAlive,
            request_head: work.request_head,
            answer_head: work.answer_head,
            coded: Coded::NOT,
            first_poll: None,
        };
        let polls = finds.per_second();
        let (mut flow, mut once) = (Flow::default(), Flow::default());
        flow.add(&Exchange::nudge(self.link), notices);
        once.add(&Exchange::nudge(self.link), notices / polls);
        for (found, share) in finds.shares() {
            let fetch = self.poll_exchange(fetch, found);
            flow.add(&fetch, share * polls);
            once.add(&fetch, share);
        }
        flow.add(&Exchange::ping(self.link), self.signs_per_second(work.push.heartbeat));
        let mut figures = self.push_figures(&flow);
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("requests_per_second", self.clients * polls);
        if polls > 0.0 {
            put("empty_polls", finds.empty());
            put("messages_per_response", self.rate / finds.deliveries(true));
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
        message: &dyn Fn(Pause) -> Exchange,
        sign: &Exchange,
        work: PushWork,
        begin: Exchange,
    ) -> Figures {
        let PushWork { heartbeat, conflated, .. } = work;
        let message = |pause| Flow::of(&message(pause));
        let mut figures = self.told(&message, Flow::of(sign), heartbeat, conflated);
        let connect = Exchange::connect(self.link);
        self.connect_figures(&mut figures, &[connect, begin]);
        figures
    }

    /// The figures of messages and signs of life, each of which costs a client so much; a message by
    /// the pause before it.
    pub(super) fn told(
        &self,
        message: &dyn Fn(Pause) -> Flow,
        sign: Flow,
        heartbeat: Option<f64>,
        conflated: Option<Conflated>,
    ) -> Figures {
        let messages = |per_second: f64| {
            let long = Pause::share_of_long(per_second, self.poisson);
            let of = |pause, share: f64| message(pause).times(share * per_second);
            of(Pause::Long, long).plus(of(Pause::Short, 1.0 - long))
        };
        let mut flow = sign.times(self.signs_per_second(heartbeat));
        match conflated.filter(|_| self.rate > 0.0) {
            Some(Conflated { every, sent }) => {
                let law = Conflation { every, rate: self.rate, poisson: self.poisson };
                let sent = sent.unwrap_or_else(|| law.deliveries_per_second());
                flow += messages(sent);
                self.conflated_figures(&flow, law, sent)
            }
            None => {
                flow += messages(self.rate);
                self.push_figures(&flow)
            }
        }
    }

    /// Signs of life to one client a second: one for each beat without a message since the last.
    fn signs_per_second(&self, heartbeat: Option<f64>) -> f64 {
        heartbeat.map_or(0.0, |every| {
            MessageCounts { mean: self.rate * every, poisson: self.poisson }.empty() / every
        })
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
}

#[cfg(test)]
mod tests;
