//! What the model predicts over HTTP/2: the schedule of some connections, played exchange by
//! exchange, since a head's length depends on those before it. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use pushbench_load::Plan;
use pushbench_protocol::heads::{AnswerMark, AnswerStatus, FieldList, HeadTarget, StreamKind};
use pushbench_protocol::{
    ByteKind, Cursor, Deliver, Direction, PollTiming, TlsUse, TopicName, Unchanged,
};
use pushbench_scenario::{
    LongPoll, Scenario, ShortPoll, Transport, TransportSettings, due_times, poll_phase,
};
use pushbench_wire::hpack::Indexing;
use pushbench_wire::model::http2::{Content, Http2Push, Opening, Played, Player};
use pushbench_wire::model::{Exchange, News, Situation};

/// Connections that are played: they differ in their clients' phases and topics, and the last may
/// have fewer clients.
const PLAYED: u32 = 24;
/// Exchanges that are played of one connection, so that a long scenario is not played in full.
const EXCHANGES: usize = 50_000;

/// Settings that each side tells, and the window that each opens; the server is ours.
const CLIENT: Opening = Opening { settings: 5, opens_window: true };
const SERVER: Opening = Opening { settings: 5, opens_window: true };

/// A trial to be predicted.
struct Trial<'a> {
    scenario: &'a Scenario,
    situation: Situation,
    host: &'a str,
    secure: bool,
    /// When each topic's messages are due.
    dues: Vec<Vec<Duration>>,
    /// Clients of a connection.
    together: u32,
    /// What the wall's clock said at the start; a date's digits are not all equally long.
    started_at: Timestamp,
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
    let trial = Trial {
        scenario,
        situation,
        host,
        secure: match transport.carriage.tls {
            TlsUse::None => false,
            TlsUse::Full | TlsUse::Resumed => true,
        },
        dues,
        together: transport.carriage.clients_per_connection.get(),
        started_at: started_at.parse().unwrap_or_default(),
    };
    let payload = situation.payload;
    match transport.settings {
        TransportSettings::ShortPoll(poll) => trial.short_poll(poll),
        TransportSettings::LongPoll(poll) => trial.long_poll(poll),
        TransportSettings::Sse(_) => trial.push(Http2Push::EVENT, Some(StreamKind::Events)),
        TransportSettings::Stream(_) => trial.push(Http2Push::LINE, Some(StreamKind::Lines)),
        TransportSettings::WebSocket(_) => trial.push(Http2Push::frame(payload), None),
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
                        let request = self.head(&path, |target| {
                            request.poll(target, conditional).bytes().to_vec()
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
                        set_cursor(&mut client.request, cursor);
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
        let body = content.payload + content.repeat + content.separators;
        let list = self.answer_list(status, body, at, mark);
        Answered { list, content, news, cursor: mark.tag.or(mark.cursor) }
    }

    fn answer_list(
        &self,
        status: AnswerStatus,
        body: u64,
        at: Duration,
        mark: AnswerMark,
    ) -> FieldList {
        let body = usize::try_from(body).unwrap_or(usize::MAX);
        self.scenario.headers.response.answer_list(status, body, &self.date(at), mark)
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
                        let request =
                            self.head(&path, |target| request.poll(target, false).bytes().to_vec());
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
                        set_cursor(&mut client.request, place(due));
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
        figures.insert("versions_seen".to_owned(), 1.0);
        self.situation.push_waiting(&mut figures);
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
        let list = self.answer_list(status, content.payload + content.separators, at, mark);
        Answered { list, content, news, cursor: mark.cursor }
    }

    /// Messages pushed: by a stream of this kind, or by WebSocket.
    fn push(&self, marks: u64, kind: Option<StreamKind>) -> BTreeMap<String, f64> {
        let connects: Vec<_> =
            self.connections().map(|connection| self.push_begins(connection, kind)).collect();
        let topics = self.scenario.workload.topics.get();
        let together = self.connections().flat_map(|connection| {
            (0..topics).map(move |topic| {
                self.clients(connection).filter(|client| client % topics == topic).count() as u64
            })
        });
        let together = together.filter(|&clients| clients > 0).collect();
        let mut figures = self.situation.http2_push(&Http2Push { marks, together });
        self.situation.http2_connect(&mut figures, &connects);
        figures
    }

    /// What a connection takes until all its clients are subscribed.
    fn push_begins(&self, connection: u32, kind: Option<StreamKind>) -> Vec<Exchange> {
        let mut player = Player::new(Indexing::LikeH2, self.situation.link);
        let mark = AnswerMark { cursor: Some(place(0)), tag: None, gap: 0 };
        let now = self.date(Duration::ZERO);
        let request = &self.scenario.headers.request;
        let mut connect = self.connect(true);
        for client in self.clients(connection) {
            let (_, name) = self.topic(client);
            let (request, answer, booked) = match kind {
                Some(StreamKind::Events) => {
                    let request = self.head(&name.events_path(), |target| request.events(target));
                    let answer =
                        self.scenario.headers.response.stream_list(StreamKind::Events, &now, mark);
                    (request, answer, ByteKind::Header)
                }
                Some(StreamKind::Lines) => {
                    let path = name.stream_path(Cursor::OLDEST);
                    let request =
                        self.head(&path, |target| request.poll(target, false).bytes().to_vec());
                    let answer =
                        self.scenario.headers.response.stream_list(StreamKind::Lines, &now, mark);
                    (request, answer, ByteKind::Header)
                }
                None => {
                    let path = name.websocket_path(Cursor::OLDEST);
                    let cookie_bytes = self.scenario.headers.cookie_bytes;
                    let host = self.host;
                    let target =
                        HeadTarget { path: &path, host, secure: self.secure, cookie_bytes };
                    let head = request.upgrade(target, "").bytes;
                    let request = FieldList::of_upgrade(&head, self.scheme());
                    let fields = [("cursor", place(0).to_string()), ("date", now.clone())];
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

fn set_cursor(fields: &mut FieldList, cursor: Cursor) {
    const AFTER: &str = "?after=";
    let path = fields.value(":path").unwrap_or_default();
    if let Some(at) = path.find(AFTER).map(|at| at + AFTER.len()) {
        let path = format!("{}{cursor}{}", &path[..at], &path[at + Cursor::LEN..]);
        fields.set(":path", &path);
    }
    fields.set("if-none-match", &format!("\"{cursor}\""));
}
