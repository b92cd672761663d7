//! What the model predicts over HTTP/2: the schedule of some connections, played exchange by
//! exchange, since a head's length depends on those before it. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use pushbench_load::Plan;
use pushbench_protocol::heads::{
    AnswerMark, AnswerStatus, EXTENSIONS_FIELD, FieldList, HeadTarget, PollFields, StreamKind,
};
use pushbench_protocol::{
    ByteKind, Compression, Cursor, Deliver, Direction, PollTiming, TlsUse, TopicName, Unchanged,
};
use pushbench_scenario::{
    Deflate, LongPoll, Scenario, ShortPoll, Transport, TransportSettings, due_times, poll_phase,
};
use pushbench_wire::hpack::Indexing;
use pushbench_wire::model::http2::{Content, Http2Push, Opening, Played, Player, Sign};
use pushbench_wire::model::{Exchange, News, Situation};

use crate::compression::Compressed;
use crate::predict::mean_figures;
use crate::sizes::{CodedBodies, deflated_lens};

/// Connections that are played: they differ in their clients' phases and topics, and the last may
/// have fewer clients.
const PLAYED: u32 = 24;
/// Exchanges that are played of one connection, so that a long scenario is not played in full.
const EXCHANGES: usize = 50_000;

/// Settings that each side tells, and the window that each opens; the server is ours.
const CLIENT: Opening = Opening { settings: 5, opens_window: true };
const SERVER: Opening = Opening { settings: 5, opens_window: true };

/// A trial to be predicted.
#[derive(Clone, Copy)]
struct Trial<'a> {
    scenario: &'a Scenario,
    situation: Situation,
    host: &'a str,
    secure: bool,
    /// When each topic's messages are due.
    dues: &'a [Vec<Duration>],
    /// Clients of a connection.
    together: u32,
    /// What the wall's clock said at the start; a date's digits are not all equally long.
    started_at: Timestamp,
    /// What bodies are compressed with, and how long they are then.
    offered: Compression,
    bodies: Option<&'a CodedBodies>,
}

/// The figures of a transport over HTTP/2.
pub(crate) fn predict(
    scenario: &Scenario,
    transport: &Transport,
    host: &str,
    situation: Situation,
    started_at: &str,
) -> BTreeMap<String, f64> {
    let mut dues = vec![Vec::new(); scenario.workload.topics.get() as usize];
    for due in due_times(scenario) {
        dues[due.topic as usize].push(due.at);
    }
    let offered = match Compressed::of(transport.settings) {
        Compressed::Bodies(coding) => coding,
        Compressed::Nothing | Compressed::Messages(_) => Compression::None,
    };
    let bodies = CodedBodies::where_any(scenario, offered);
    let trial = Trial {
        scenario,
        situation,
        host,
        secure: match transport.carriage.tls {
            TlsUse::None => false,
            TlsUse::Full | TlsUse::Resumed => true,
        },
        dues: &dues,
        together: transport.carriage.clients_per_connection.get(),
        started_at: started_at.parse().unwrap_or_default(),
        offered,
        bodies: bodies.as_ref(),
    };
    let plain = BTreeMap::from([(situation.payload, 1)]);
    match transport.settings {
        TransportSettings::ShortPoll(poll) => trial.short_poll(poll),
        TransportSettings::LongPoll(poll) => trial.long_poll(poll),
        TransportSettings::Sse(_) => {
            trial.push(&plain, |_| Http2Push::EVENT, Sign::COMMENT, transport)
        }
        TransportSettings::Stream(_) => {
            trial.push(&plain, |_| Http2Push::LINE, Sign::NONE, transport)
        }
        TransportSettings::WebSocket(socket) => {
            let deflated = |deflate| deflated_lens(scenario, socket, deflate);
            let lens = socket.deflate.map(deflated);
            trial.push(&lens.unwrap_or(plain), Http2Push::frame, Sign::PING, transport)
        }
        // Refused where the scenario is read.
        TransportSettings::Nudge(_) => BTreeMap::new(),
    }
}

/// A client that polls, as it is played.
struct Client {
    topic: usize,
    request: FieldList,
    /// Messages of its topic that it has.
    seen: usize,
}

impl Trial<'_> {
    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    fn head(&self, path: &str, fill: impl FnOnce(HeadTarget<'_>) -> Vec<u8>) -> FieldList {
        let cookie_bytes = self.scenario.headers.cookie_bytes;
        let target = HeadTarget { path, host: self.host, secure: self.secure, cookie_bytes };
        FieldList::of_request(&fill(target), self.scheme())
    }

    /// The clients of a connection.
    fn clients(&self, connection: u32) -> impl Iterator<Item = u32> {
        let clients = self.scenario.workload.clients.get();
        connection * self.together..((connection + 1) * self.together).min(clients)
    }

    fn connections(&self) -> std::ops::Range<u32> {
        0..self.scenario.workload.clients.get().div_ceil(self.together).min(PLAYED)
    }

    fn topic(&self, client: u32) -> (usize, TopicName) {
        let topic = client % self.scenario.workload.topics.get();
        (topic as usize, Plan::topic_name(topic))
    }

    fn is_measured(&self, at: Duration) -> bool {
        at >= self.scenario.workload.warm_up
    }

    fn end(&self) -> Duration {
        self.scenario.workload.warm_up + self.scenario.workload.measure
    }

    /// Messages of a topic that are due by a moment.
    fn due_by(&self, topic: usize, at: Duration) -> usize {
        self.dues[topic].partition_point(|due| *due <= at)
    }

    /// TCP, TLS and HTTP/2 itself, until the first request, which may follow directly.
    fn connect(&self, follows: bool) -> Vec<Exchange> {
        let link = self.situation.link;
        vec![Exchange::connect(link), Exchange::http2_open(CLIENT, SERVER, follows, link)]
    }

    fn short_poll(&self, poll: ShortPoll) -> BTreeMap<String, f64> {
        let conditional = poll.unchanged == Unchanged::NotModified;
        let request = &self.scenario.headers.request;
        let play = |indexing| {
            let mut played = Played::default();
            for connection in self.connections() {
                let mut player = Player::new(indexing, self.situation.link);
                let mut clients: Vec<_> = self
                    .clients(connection)
                    .map(|client| {
                        let (topic, name) = self.topic(client);
                        let path = name.poll_path(Cursor::OLDEST);
                        let fields = PollFields { conditional, compression: poll.compression };
                        let request = self.head(&path, |target| {
                            request.poll_with(target, fields).bytes().to_vec()
                        });
                        Client { topic, request, seen: 0 }
                    })
                    .collect();
                let seed = self.scenario.workload.seed;
                let mut polls: Vec<_> = self
                    .clients(connection)
                    .enumerate()
                    .flat_map(|(place, client)| {
                        let first = poll_phase(seed, client, poll.interval, poll.timing);
                        (0..)
                            .map(move |number| (first + poll.interval * number, place))
                            .take_while(|(at, _)| *at < self.end())
                            .take(EXCHANGES)
                    })
                    .collect();
                polls.sort();
                for (number, &(at, place)) in polls.iter().enumerate() {
                    let client = &mut clients[place];
                    let due = self.due_by(client.topic, at);
                    let answer = self.answer(poll, client.seen, due, at);
                    let exchange = player.poll(&client.request, &answer.list, answer.content);
                    let is_measured = self.is_measured(at);
                    if number == 0 {
                        played.add_first(&exchange, is_measured);
                    }
                    if is_measured {
                        played.add(&exchange);
                        played.polls += 1;
                        played.empty += u64::from(answer.news == 0);
                        played.deliveries += answer.news;
                        played.add_uncompressed(Direction::Up, &client.request);
                        played.add_uncompressed(Direction::Down, &answer.list);
                    }
                    client.seen = due;
                    if let Some(cursor) = answer.cursor {
                        client.request.set_cursor(cursor);
                    }
                }
                let seconds = self.scenario.workload.measure.as_secs_f64();
                played.client_seconds += clients.len() as f64 * seconds;
            }
            played
        };
        let (played, ideal) = (play(Indexing::LikeH2), play(Indexing::Everything));
        let mut figures = self.situation.http2_polls(&played, &ideal);
        self.situation.http2_connect(&mut figures, &[self.connect(false)]);
        if self.situation.rate == 0.0 {
            return figures;
        }
        match poll.timing {
            PollTiming::Schedule | PollTiming::AfterAnswer => {
                self.situation.poll_waiting(&mut figures, poll.interval.as_secs_f64());
            }
            PollTiming::Aligned => {}
        }
        let news = News {
            mean: self.situation.rate * poll.interval.as_secs_f64(),
            poisson: self.situation.poisson,
        };
        let seen = match self.scenario.workload.deliver {
            Deliver::Every => 1.0,
            Deliver::Latest => news.versions_seen(),
        };
        figures.insert("versions_seen".to_owned(), seen);
        figures
    }

    /// A date of the server's, new with each second.
    fn date(&self, at: Duration) -> String {
        let moment = self.started_at.checked_add(at).unwrap_or(self.started_at);
        moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// What a short poll is answered by a server of ours.
    fn answer(&self, poll: ShortPoll, seen: usize, due: usize, at: Duration) -> Answered {
        let workload = &self.scenario.workload;
        let every = workload.deliver == Deliver::Every;
        let found = (due - seen) as u64;
        let news = if every { found } else { found.min(1) };
        let (status, content) = match (news, poll.unchanged) {
            _ if due == 0 && !every => (AnswerStatus::Empty, Content::default()),
            (0, Unchanged::Empty) => (AnswerStatus::Empty, Content::default()),
            (0, Unchanged::NotModified) => (AnswerStatus::NotModified, Content::default()),
            (0, Unchanged::Resend) => {
                let repeat = if every { 0 } else { self.situation.payload };
                (AnswerStatus::Messages, Content { repeat, ..Content::default() })
            }
            _ => {
                let separators = if every { news } else { 0 };
                let payload = news * self.situation.payload;
                (AnswerStatus::Messages, Content { payload, separators, repeat: 0 })
            }
        };
        // As the server marks them: a cursor where the next poll must say it, a tag to be asked by.
        let by_cursor = every || poll.unchanged == Unchanged::Empty;
        let by_tag = poll.unchanged == Unchanged::NotModified;
        let next = place(due);
        let mark =
            AnswerMark { cursor: by_cursor.then_some(next), tag: by_tag.then_some(next), gap: 0 };
        let (list, content) = self.answer_list(status, content, at, mark);
        Answered { list, content, news, cursor: mark.tag.or(mark.cursor) }
    }

    /// Makes an answer's body what it is on the wire, and its fields.
    fn answer_list(
        &self,
        status: AnswerStatus,
        content: Content,
        at: Duration,
        mark: AnswerMark,
    ) -> (FieldList, Content) {
        let messages = (content.payload + content.repeat) / self.situation.payload;
        let coded = self.bodies.filter(|_| messages > 0).and_then(|bodies| bodies.len(messages));
        let content = match coded {
            Some(len) if content.payload == 0 => Content { repeat: len, ..Content::default() },
            // Within a compressed body nothing is told apart.
            Some(len) => Content { payload: len, ..Content::default() },
            None => content,
        };
        let body = content.payload + content.repeat + content.separators;
        let body = usize::try_from(body).unwrap_or(usize::MAX);
        let response = &self.scenario.headers.response;
        let coding = (self.offered, coded.is_some());
        (response.coded_answer_list(status, body, &self.date(at), mark, coding), content)
    }

    fn long_poll(&self, poll: LongPoll) -> BTreeMap<String, f64> {
        let request = &self.scenario.headers.request;
        let mut connects = Vec::new();
        let mut play = |indexing| {
            let mut played = Played::default();
            for connection in self.connections() {
                let mut player = Player::new(indexing, self.situation.link);
                let mut begin = Exchange::default();
                // The first poll of the connection: its first request, and the answer to it.
                let mut first = None;
                let mut held: Vec<_> = self
                    .clients(connection)
                    .map(|client| {
                        let (topic, name) = self.topic(client);
                        let path = name.long_poll_path(Cursor::OLDEST, poll.hold);
                        let fields =
                            PollFields { conditional: false, compression: poll.compression };
                        let request = self.head(&path, |target| {
                            request.poll_with(target, fields).bytes().to_vec()
                        });
                        let asked = player.request(&request, ByteKind::Header);
                        first.get_or_insert(asked);
                        begin += asked;
                        (Client { topic, request, seen: 0 }, Duration::ZERO)
                    })
                    .collect();
                if indexing == Indexing::LikeH2 {
                    let mut connect = self.connect(true);
                    connect.push(player.held(begin));
                    connects.push(connect);
                }
                for _ in 0..EXCHANGES {
                    let next = held.iter().map(|(client, since)| {
                        let news = self.dues[client.topic].get(client.seen).copied();
                        let over = *since + poll.hold.duration();
                        news.map_or(over, |news| news.min(over))
                    });
                    let Some(at) = next.min().filter(|at| *at < self.end()) else { break };
                    let mut all = Exchange::default();
                    let is_measured = self.is_measured(at);
                    for (place_of, (client, since)) in held.iter_mut().enumerate() {
                        let due = self.due_by(client.topic, at);
                        let is_over = *since + poll.hold.duration() <= at;
                        if due == client.seen && !is_over {
                            continue;
                        }
                        let news = u64::from(due > client.seen);
                        let answer = self.held_answer(news, due, at);
                        let answered =
                            player.answer(&answer.list, ByteKind::Header, answer.content);
                        if let Some(mut first) = first.take_if(|_| place_of == 0) {
                            first += answered;
                            played.add_first(&first, is_measured);
                        }
                        all += answered;
                        client.seen = due;
                        *since = at;
                        client.request.set_cursor(place(due));
                        all += player.request(&client.request, ByteKind::Header);
                        if is_measured {
                            played.polls += 1;
                            played.empty += u64::from(news == 0);
                            played.deliveries += news;
                            played.add_uncompressed(Direction::Up, &client.request);
                            played.add_uncompressed(Direction::Down, &answer.list);
                        }
                    }
                    if is_measured {
                        played.add(&player.held(all));
                    }
                }
                let seconds = self.scenario.workload.measure.as_secs_f64();
                played.client_seconds += held.len() as f64 * seconds;
            }
            played
        };
        let (played, ideal) = (play(Indexing::LikeH2), play(Indexing::Everything));
        let mut figures = self.situation.http2_polls(&played, &ideal);
        self.situation.http2_connect(&mut figures, &connects);
        if self.situation.rate > 0.0 {
            figures.insert("versions_seen".to_owned(), 1.0);
            self.situation.push_waiting(&mut figures);
        }
        figures
    }

    /// What a held poll is answered: a message, or that its hold is over.
    fn held_answer(&self, news: u64, due: usize, at: Duration) -> Answered {
        let every = self.scenario.workload.deliver == Deliver::Every;
        let (status, content) = match news {
            0 => (AnswerStatus::Empty, Content::default()),
            _ => {
                let payload = self.situation.payload;
                let separators = u64::from(every);
                (AnswerStatus::Messages, Content { payload, repeat: 0, separators })
            }
        };
        let mark = AnswerMark { cursor: Some(place(due)), tag: None, gap: 0 };
        let (list, content) = self.answer_list(status, content, at, mark);
        Answered { list, content, news, cursor: mark.cursor }
    }

    /// Messages pushed, and signs of life.
    ///
    /// `lens` are the messages' on the wire and how many there are of each, `marks` what marks one of
    /// a length off.
    fn push(
        &self,
        lens: &BTreeMap<u64, u64>,
        marks: impl Fn(u64) -> u64,
        sign: Sign,
        transport: &Transport,
    ) -> BTreeMap<String, f64> {
        let begins = |connection| self.push_begins(connection, transport.settings);
        let connects: Vec<_> = self.connections().map(begins).collect();
        let topics = self.scenario.workload.topics.get();
        let together = self.connections().flat_map(|connection| {
            (0..topics).map(move |topic| {
                self.clients(connection).filter(|client| client % topics == topic).count() as u64
            })
        });
        let together: Vec<_> = together.filter(|&clients| clients > 0).collect();
        let seconds = |every: Option<Duration>| every.map(|every| every.as_secs_f64());
        let heartbeat = seconds(transport.settings.heartbeat());
        let conflate = seconds(transport.settings.conflate());
        let mut figures = mean_figures(lens, |payload| {
            let marks = marks(payload);
            let push = Http2Push { marks, together: together.clone(), sign, heartbeat, conflate };
            Situation { payload, ..self.situation }.http2_push(&push)
        });
        self.situation.http2_connect(&mut figures, &connects);
        figures
    }

    /// What a connection takes until all its clients are subscribed.
    fn push_begins(&self, connection: u32, settings: TransportSettings) -> Vec<Exchange> {
        let mut player = Player::new(Indexing::LikeH2, self.situation.link);
        let mark = AnswerMark { cursor: Some(place(0)), tag: None, gap: 0 };
        let now = self.date(Duration::ZERO);
        let request = &self.scenario.headers.request;
        let mut connect = self.connect(true);
        for client in self.clients(connection) {
            let (_, name) = self.topic(client);
            let (request, answer, booked) = match settings {
                TransportSettings::Sse(_) => {
                    let request = self.head(&name.events_path(), |target| request.events(target));
                    let answer =
                        self.scenario.headers.response.stream_list(StreamKind::Events, &now, mark);
                    (request, answer, ByteKind::Header)
                }
                TransportSettings::Stream(_) => {
                    let path = name.stream_path(Cursor::OLDEST);
                    let request =
                        self.head(&path, |target| request.poll(target, false).bytes().to_vec());
                    let answer =
                        self.scenario.headers.response.stream_list(StreamKind::Lines, &now, mark);
                    (request, answer, ByteKind::Header)
                }
                TransportSettings::ShortPoll(_)
                | TransportSettings::LongPoll(_)
                | TransportSettings::Nudge(_) => unreachable!("nothing is pushed to who polls"),
                TransportSettings::WebSocket(socket) => {
                    let path = name.websocket_path(Cursor::OLDEST);
                    let cookie_bytes = self.scenario.headers.cookie_bytes;
                    let host = self.host;
                    let target =
                        HeadTarget { path: &path, host, secure: self.secure, cookie_bytes };
                    let terms = socket.deflate.map(Deflate::terms);
                    let head = request.upgrade_offering(target, "", terms).bytes;
                    let request = FieldList::of_upgrade(&head, self.scheme());
                    let agreed = terms.map(|terms| (EXTENSIONS_FIELD, terms.answer(false)));
                    let fields = [("cursor", place(0).to_string()), ("date", now.clone())];
                    let fields = agreed.into_iter().chain(fields);
                    let fields = fields.map(|(name, value)| (name.to_owned(), value));
                    (request, FieldList::of_answer(200, fields), ByteKind::Handshake)
                }
            };
            connect.push(player.begin(&request, &answer, booked));
        }
        connect
    }
}

/// An answer as it is played.
struct Answered {
    list: FieldList,
    content: Content,
    /// Messages that are new to the client.
    news: u64,
    /// What the next poll says.
    cursor: Option<Cursor>,
}

/// The cursor after so many messages, in some life of the server. Every cursor is as long as every
/// other; what matters is which are the same.
fn place(messages: usize) -> Cursor {
    Cursor { epoch: 1, position: messages as u64 }
}
