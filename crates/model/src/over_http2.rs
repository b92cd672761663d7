//! What the model predicts over HTTP/2: polls of some connections, played exchange by exchange, since
//! a head's length depends on those before it. What is played says what a poll costs that finds so
//! many messages; how many there are of those is counted over all clients, or is the law's. Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::http2::{Content, Http2Push, Opening, Played, Player, Sign};
use crate::{Exchange, Finds, Situation};
use jiff::Timestamp;
use pushbench_protocol::heads::{
    AnswerMark, AnswerStatus, EXTENSIONS_FIELD, FieldList, HeadTarget, PollFields, StreamKind,
};
use pushbench_protocol::{
    ByteKind, Compression, Cursor, Deliver, Direction, PollTiming, TlsUse, TopicName, Unchanged,
};
use pushbench_scenario::{
    Deflate, LongPoll, Scenario, ShortPoll, Transport, TransportSettings, poll_phase,
};
use pushbench_wire::hpack::Indexing;

use crate::compressed::{Compressed, said_of_coding};
use crate::flow::mean_figures;
use crate::schedule::Schedule;
use crate::sizes::{CodedBodies, deflated_lens};
use crate::streamed::Streamed;
use crate::subject::{Course, Subject, conflated, finds, held_finds};

/// Exchanges that are played at most, and connections whose beginning is: so many, evenly spread over
/// the clients, that a mean over them is as good as one over all. How often each kind of exchange
/// happens is counted over all clients.
const EXCHANGES: usize = 8_000;
const CONNECTIONS: usize = 24;
/// Polls of a connection that are played where there are only rates, at least and at most; between
/// them as many as take this long, so that dates, new with each second, have their share.
const POLLS: (u32, u32) = (160, 1_600);
const DATES: Duration = Duration::from_secs(2);
/// Clients of a connection that are played where there are only rates.
const TOGETHER: usize = 32;
/// Share of the polls that find nothing, and of those that find something, at least, where there are
/// only rates: enough to say what one costs, however rare it is.
const RARE: f64 = 0.125;

/// The fraction of the golden ratio.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Settings that each side tells, and the window that each opens; the server is ours.
const CLIENT: Opening = Opening { settings: 5, opens_window: true };
const SERVER: Opening = Opening { settings: 5, opens_window: true };

/// What is to be predicted.
#[derive(Clone, Copy)]
struct Http2<'a> {
    scenario: &'a Scenario,
    situation: Situation,
    host: &'a str,
    secure: bool,
    course: Course<'a>,
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
    subject: &Subject<'_>,
    situation: Situation,
    course: Course<'_>,
) -> BTreeMap<String, f64> {
    let Subject { scenario, transport, host, started_at, .. } = *subject;
    let offered = match Compressed::of(transport.settings) {
        Compressed::Bodies(coding) => coding,
        Compressed::Nothing | Compressed::Streams(_) | Compressed::Messages(_) => Compression::None,
    };
    let bodies = CodedBodies::where_any(scenario, course.span(), offered);
    let model = Http2 {
        scenario,
        situation,
        host,
        secure: match transport.carriage.tls {
            TlsUse::None => false,
            TlsUse::Full | TlsUse::Resumed => true,
        },
        course,
        together: transport.carriage.clients_per_connection.get(),
        started_at: started_at.parse().unwrap_or_default(),
        offered,
        bodies: bodies.as_ref(),
    };
    let plain = BTreeMap::from([(situation.payload, 1)]);
    match transport.settings {
        TransportSettings::ShortPoll(poll) => model.short_poll(poll),
        TransportSettings::LongPoll(poll) => model.long_poll(poll),
        TransportSettings::Sse(_) | TransportSettings::Stream(_) => {
            match (Streamed::of(transport.settings), transport.settings) {
                (Some(streamed), _) => {
                    let lens = streamed.lens(scenario, course.span());
                    let sign = lens.sign.map_or(Sign::NONE, Sign::flushed);
                    model.push(&lens.messages, |_| Http2Push::FLUSH, sign, transport)
                }
                (None, TransportSettings::Sse(_)) => {
                    model.push(&plain, |_| Http2Push::EVENT, Sign::COMMENT, transport)
                }
                (None, _) => model.push(&plain, |_| Http2Push::LINE, Sign::NONE, transport),
            }
        }
        TransportSettings::WebSocket(socket) => {
            let deflated = |deflate| deflated_lens(scenario, course.span(), socket, deflate);
            let lens = socket.deflate.map(deflated);
            model.push(&lens.unwrap_or(plain), Http2Push::frame, Sign::PING, transport)
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

/// A poll of a connection: when, of which of its clients, how many messages of its topic are due by
/// then, and whether it counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Asked {
    at: Duration,
    place: usize,
    due: usize,
    is_measured: bool,
}

impl Http2<'_> {
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

    /// So many connections at most, evenly spread, the last among them: that one may have fewer
    /// clients.
    fn connections(&self, most: usize) -> impl Iterator<Item = u32> + use<> {
        let all = u64::from(self.scenario.workload.clients.get().div_ceil(self.together));
        let most = (most.max(1) as u64).min(all);
        (1..=most).map(move |place| u32::try_from(place * all / most - 1).expect("one of all"))
    }

    fn topic(&self, client: u32) -> (usize, TopicName) {
        let topic = client % self.scenario.workload.topics.get();
        (topic as usize, TopicName::numbered(topic))
    }

    /// TCP, TLS and HTTP/2 itself, until the first request, which may follow directly.
    fn connect(&self, follows: bool) -> Vec<Exchange> {
        let link = self.situation.link;
        vec![Exchange::connect(link), Exchange::http2_open(CLIENT, SERVER, follows, link)]
    }

    fn short_poll(&self, poll: ShortPoll) -> BTreeMap<String, f64> {
        let finds = finds(&self.situation, poll, self.course);
        let (scripts, begins_with) = match self.course {
            Course::Rates(_) => (vec![self.polls_by_law(poll, &finds)], 1),
            Course::Schedule(schedule) | Course::Seen(schedule, _) => {
                (self.polls_on_schedule(poll, schedule), 0)
            }
        };
        let played = self.play_polls(poll, Indexing::LikeH2, &scripts, begins_with);
        let ideal = self.play_polls(poll, Indexing::Everything, &scripts, begins_with);
        let mut figures = self.situation.http2_polls(&played, &ideal, &finds);
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
        figures
    }

    /// The polls of some connections on a schedule.
    fn polls_on_schedule(
        &self,
        poll: ShortPoll,
        schedule: &Schedule<'_>,
    ) -> Vec<(u32, Vec<Asked>)> {
        let seed = self.scenario.workload.seed;
        let of_client = schedule.end().as_nanos().div_ceil(poll.interval.as_nanos());
        let of_client = usize::try_from(of_client).unwrap_or(usize::MAX);
        let of_connection = of_client.saturating_mul(self.together as usize);
        let asked = |connection| {
            let mut asked: Vec<_> = self
                .clients(connection)
                .enumerate()
                .flat_map(|(place, client)| {
                    let (topic, _) = self.topic(client);
                    let first = poll_phase(seed, client, poll.interval, poll.timing);
                    (0..)
                        .map(move |number| first + poll.interval * number)
                        .take_while(|at| *at < schedule.end())
                        .map(move |at| {
                            let due = schedule.due_by(topic, at);
                            Asked { at, place, due, is_measured: at >= schedule.begin() }
                        })
                })
                .collect();
            asked.sort();
            (connection, asked)
        };
        self.connections(EXCHANGES / of_connection.max(1)).map(asked).collect()
    }

    /// The polls of a connection where there are only rates: as many find something as do, but so
    /// many that what is rare is seen too.
    fn polls_by_law(&self, poll: ShortPoll, finds: &Finds) -> (u32, Vec<Asked>) {
        let clients = self.clients(0).take(TOGETHER).count();
        let per_client = (DATES.as_nanos() / poll.interval.as_nanos()).saturating_add(1);
        let all = u32::try_from(per_client).unwrap_or(u32::MAX).saturating_mul(clients as u32);
        let each = all.clamp(POLLS.0, POLLS.1) / clients as u32;
        let empty = finds.empty();
        let played = match empty {
            0.0 | 1.0 => empty,
            _ => empty.clamp(RARE, 1.0 - RARE),
        };
        let found = |fraction: f64| -> u64 {
            if fraction < played {
                return 0;
            }
            // The rest of the fraction, over those that find something.
            let mut left = (fraction - played) / (1.0 - played) * (1.0 - empty);
            let some = finds.shares().filter(|(count, _)| *count > 0);
            let mut last = 0;
            for (count, share) in some {
                last = count;
                if left < share {
                    break;
                }
                left -= share;
            }
            last
        };
        let mut dues = vec![1; clients];
        let mut asked = Vec::new();
        for number in 0..each.max(3) {
            for (place, due) in dues.iter_mut().enumerate() {
                // A golden-ratio sequence covers [0, 1) evenly, whatever its length.
                let step = f64::from(number) * clients as f64 + place as f64;
                *due += found((step * GOLDEN).fract()) as usize;
                let phase = (place as f64 * GOLDEN).fract();
                let at = poll.interval.mul_f64(phase) + poll.interval * number;
                asked.push(Asked { at, place, due: *due, is_measured: number > 0 });
            }
        }
        asked.sort();
        (0, asked)
    }

    /// Plays polls in their order; each client begins with so many messages of its topic.
    fn play_polls(
        &self,
        poll: ShortPoll,
        indexing: Indexing,
        scripts: &[(u32, Vec<Asked>)],
        begins_with: usize,
    ) -> Played {
        let conditional = poll.unchanged == Unchanged::NotModified;
        let request = &self.scenario.headers.request;
        let mut played = Played::default();
        for (connection, asked) in scripts {
            let mut player = Player::new(indexing, self.situation.link);
            let places = asked.iter().map(|asked| asked.place + 1).max().unwrap_or(0);
            let mut clients: Vec<_> = self
                .clients(*connection)
                .take(places)
                .map(|client| {
                    let (topic, name) = self.topic(client);
                    let path = name.poll_path(Cursor::OLDEST);
                    let fields = PollFields { conditional, compression: poll.compression };
                    let request = self
                        .head(&path, |target| request.poll_with(target, fields).bytes().to_vec());
                    Client { topic, request, seen: begins_with }
                })
                .collect();
            for (number, &Asked { at, place, due, is_measured }) in asked.iter().enumerate() {
                let client = &mut clients[place];
                let found = (due - client.seen) as u64;
                let answer = self.answer(poll, found, due, at);
                let exchange = player.poll(&client.request, &answer.list, answer.content);
                if number == 0 {
                    played.add_first(&exchange, is_measured);
                }
                if is_measured {
                    played.add(found, &exchange);
                    played.add_uncompressed(Direction::Up, &client.request);
                    played.add_uncompressed(Direction::Down, &answer.list);
                }
                client.seen = due;
                if let Some(cursor) = answer.cursor {
                    client.request.set_cursor(cursor);
                }
            }
        }
        played
    }

    /// A date of the server's, new with each second.
    fn date(&self, at: Duration) -> String {
        let moment = self.started_at.checked_add(at).unwrap_or(self.started_at);
        moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// What a short poll is answered by a server of ours.
    fn answer(&self, poll: ShortPoll, found: u64, due: usize, at: Duration) -> Answered {
        let workload = &self.scenario.workload;
        let every = workload.deliver == Deliver::Every;
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
        Answered { list, content, cursor: mark.tag.or(mark.cursor) }
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
        let finds = held_finds(&self.situation, poll, self.course);
        let scripts = self.held_scripts(poll);
        let (played, connects) = self.play_held(poll, Indexing::LikeH2, &scripts);
        let (ideal, _) = self.play_held(poll, Indexing::Everything, &scripts);
        let mut figures = self.situation.http2_held(&played, &ideal, &finds);
        self.situation.http2_connect(&mut figures, &connects);
        figures
    }

    /// Connections whose polls are held, and when the messages of their topics are due.
    fn held_scripts(&self, poll: LongPoll) -> Vec<Held> {
        match self.course {
            Course::Schedule(schedule) | Course::Seen(schedule, _) => {
                let [empties, with_one] = schedule.held(poll);
                let all = self.scenario.workload.clients.get().div_ceil(self.together) as usize;
                let of_connection = (empties + with_one) as usize / all + 1;
                let held = |connection| {
                    let topics = self.clients(connection).map(|client| self.topic(client).0);
                    Held {
                        connection,
                        clients: self.together as usize,
                        dues: topics.map(|topic| (topic, schedule.dues(topic).to_vec())).collect(),
                        measured: schedule.begin()..schedule.end(),
                    }
                };
                self.connections(EXCHANGES / of_connection).map(held).collect()
            }
            Course::Rates(_) => {
                // Messages come no rarer than a few holds, and after every few there is none for two
                // holds, so that a hold that ends without a message is seen too.
                const HOLDS: u32 = 4;
                const MESSAGES: u32 = 4;
                let hold = poll.hold.duration();
                let gap = match self.situation.rate {
                    0.0 => None,
                    rate => Some(Duration::from_secs_f64(1.0 / rate).min(HOLDS * hold)),
                };
                let clients = self.clients(0).take(TOGETHER).count();
                let rounds = POLLS.0 / clients as u32 + 2 * MESSAGES;
                let at = |number: u32| gap.map(|gap| gap * number + 2 * hold * (number / MESSAGES));
                let end = at(rounds).unwrap_or(hold * rounds);
                let first = at(MESSAGES).unwrap_or(hold);
                let topics = self.clients(0).take(clients).map(|client| self.topic(client).0);
                let dues = topics.map(|topic| {
                    let phase = hold.mul_f64((topic as f64 * GOLDEN).fract());
                    (topic, (0..rounds).filter_map(|n| Some(at(n)? + phase)).collect())
                });
                let dues = dues.collect();
                vec![Held { connection: 0, clients, dues, measured: first..end }]
            }
        }
    }

    /// Plays held polls; also gives what their connections take until each client has asked.
    fn play_held(
        &self,
        poll: LongPoll,
        indexing: Indexing,
        scripts: &[Held],
    ) -> (Played, Vec<Vec<Exchange>>) {
        let request = &self.scenario.headers.request;
        let hold = poll.hold.duration();
        let mut played = Played::default();
        let mut connects = Vec::new();
        for script in scripts {
            let mut player = Player::new(indexing, self.situation.link);
            let mut begin = Vec::new();
            // The first poll of the connection: its first request, and the answer to it.
            let mut first = None;
            let mut held: Vec<_> = self
                .clients(script.connection)
                .take(script.clients)
                .map(|client| {
                    let (topic, name) = self.topic(client);
                    let path = name.long_poll_path(Cursor::OLDEST, poll.hold);
                    let fields = PollFields { conditional: false, compression: poll.compression };
                    let request = self
                        .head(&path, |target| request.poll_with(target, fields).bytes().to_vec());
                    let asked = player.request(&request, ByteKind::Header);
                    first.get_or_insert(asked);
                    begin.push(asked);
                    (Client { topic, request, seen: 0 }, Duration::ZERO)
                })
                .collect();
            let mut connect = self.connect(true);
            connect.push(player.held(&begin));
            connects.push(connect);
            for _ in 0..EXCHANGES {
                let next = held.iter().map(|(client, since)| {
                    let message = script.dues[&client.topic].get(client.seen).copied();
                    let over = *since + hold;
                    message.map_or(over, |message| message.min(over))
                });
                let Some(at) = next.min().filter(|at| *at < script.measured.end) else { break };
                let is_measured = script.measured.contains(&at);
                let mut polls = Vec::new();
                for (place_of, (client, since)) in held.iter_mut().enumerate() {
                    let due = script.dues[&client.topic].partition_point(|due| *due <= at);
                    let is_over = *since + hold <= at;
                    if due == client.seen && !is_over {
                        continue;
                    }
                    let found = u64::from(due > client.seen);
                    let answer = self.held_answer(found, due, at);
                    let mut exchange =
                        player.answer(&answer.list, ByteKind::Header, answer.content);
                    if let Some(mut first) = first.take_if(|_| place_of == 0) {
                        first += exchange;
                        played.add_first(&first, is_measured);
                    }
                    client.seen = due;
                    *since = at;
                    client.request.set_cursor(place(due));
                    exchange += player.request(&client.request, ByteKind::Header);
                    polls.push((found, exchange));
                    if is_measured {
                        played.add_uncompressed(Direction::Up, &client.request);
                        played.add_uncompressed(Direction::Down, &answer.list);
                    }
                }
                if is_measured {
                    played.add_held(&polls, &player);
                }
            }
        }
        (played, connects)
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
        Answered { list, content, cursor: mark.cursor }
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
        let connects: Vec<_> = self.connections(CONNECTIONS).map(begins).collect();
        let together: Vec<_> = self
            .connections(CONNECTIONS)
            .flat_map(|connection| {
                let mut of_topics: BTreeMap<usize, u64> = BTreeMap::new();
                for client in self.clients(connection) {
                    *of_topics.entry(self.topic(client).0).or_default() += 1;
                }
                of_topics.into_values()
            })
            .collect();
        let heartbeat = transport.settings.heartbeat().map(|every| every.as_secs_f64());
        let conflated = conflated(transport.settings, self.course);
        let mut figures = mean_figures(lens, |payload| {
            let marks = marks(payload);
            let together = together.clone();
            let is_shared = self.together > 1;
            let push = Http2Push { marks, together, is_shared, sign, heartbeat, conflated };
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
                    let request = self.head(&name.events_path(), |target| {
                        request.events(target, settings.content_coding())
                    });
                    let answer = self.scenario.headers.response.stream_list(
                        StreamKind::Events,
                        &now,
                        mark,
                        said_of_coding(settings),
                    );
                    (request, answer, ByteKind::Header)
                }
                TransportSettings::Stream(_) => {
                    let path = name.stream_path(Cursor::OLDEST);
                    let compression = settings.content_coding();
                    let fields = PollFields { conditional: false, compression };
                    let request = self
                        .head(&path, |target| request.poll_with(target, fields).bytes().to_vec());
                    let answer = self.scenario.headers.response.stream_list(
                        StreamKind::Lines,
                        &now,
                        mark,
                        said_of_coding(settings),
                    );
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

/// A connection whose clients' polls are held.
struct Held {
    connection: u32,
    /// How many of its clients are played.
    clients: usize,
    /// When the messages of their topics are due.
    dues: BTreeMap<usize, Vec<Duration>>,
    /// What counts.
    measured: Range<Duration>,
}

/// An answer as it is played.
struct Answered {
    list: FieldList,
    content: Content,
    /// What the next poll says.
    cursor: Option<Cursor>,
}

/// The cursor after so many messages, in some life of the server. Every cursor is as long as every
/// other; what matters is which are the same.
fn place(messages: usize) -> Cursor {
    Cursor { epoch: 1, position: messages as u64 }
}
