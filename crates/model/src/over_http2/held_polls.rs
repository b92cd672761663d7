//! Polls that are held, played.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use pushbench_protocol::{ByteKind, Cursor, Deliver, Direction};
use pushbench_scenario::LongPoll;
use pushbench_wire::hpack::Indexing;

use crate::exchange::Exchange;
use crate::headers::{Mark, Status};
use crate::http2::{Content, Played, Player};
use crate::over_http2::connections::{
    Answered, Client, EXCHANGES, GOLDEN, Http2, POLLS, TOGETHER, place,
};
use crate::subject::{Course, held_finds};

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

impl Http2<'_> {
    pub(super) fn long_poll(&self, poll: LongPoll) -> BTreeMap<String, f64> {
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
        let requests = self.requests();
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
                    let request = requests.poll(&path, false, poll.compression);
                    let request = request.block(self.secure);
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
    fn held_answer(&self, messages: u64, due: usize, at: Duration) -> Answered {
        let every = self.scenario.workload.deliver == Deliver::Every;
        let (status, content) = match messages {
            0 => (Status::NoContent, Content::default()),
            _ => {
                let payload = self.situation.payload;
                let separators = u64::from(every);
                (Status::Ok, Content { payload, repeat: 0, separators })
            }
        };
        let mark = Mark::cursor(place(due));
        let (list, content) = self.answer_list(status, content, at, mark);
        Answered { list, content, cursor: mark.place() }
    }
}
