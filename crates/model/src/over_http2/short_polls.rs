//! Polls of a timer, played.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::{Cursor, Deliver, Direction, Unchanged};
use pushbench_scenario::{PollSchedule, ShortPoll, poll_phase};
use pushbench_wire::hpack::Indexing;

use crate::finds::Finds;
use crate::headers::{Mark, Status};
use crate::http2::{Content, Played, Player};
use crate::over_http2::connections::{
    Answered, Client, EXCHANGES, GOLDEN, Http2, POLLS, TOGETHER, place,
};
use crate::schedule::Schedule;
use crate::subject::{Course, finds, random_interval};

/// So long are polls played that dates, new with each second, have their share.
const DATES: Duration = Duration::from_secs(2);
/// Share of the polls that find nothing, and of those that find something, at least, where there are
/// only rates: enough to say what one costs, however rare it is.
const RARE: f64 = 0.125;

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
    pub(super) fn short_poll(&self, poll: ShortPoll) -> BTreeMap<String, f64> {
        // What a poll costs depends on when those before it were sent on its connection.
        let Some(timed) = poll.schedule else { return BTreeMap::new() };
        let Some(finds) = finds(&self.situation, poll, self.course) else {
            return BTreeMap::new();
        };
        let (scripts, begins_with) = match self.course {
            Course::Rates(_) => (vec![self.polls_by_law(timed, &finds)], 1),
            Course::Schedule(schedule) | Course::Seen(schedule, _) => {
                (self.polls_on_schedule(timed, schedule), 0)
            }
        };
        let played = self.play_polls(poll, Indexing::LikeH2, &scripts, begins_with);
        let ideal = self.play_polls(poll, Indexing::Everything, &scripts, begins_with);
        let mut figures = self.situation.http2_polls(&played, &ideal, &finds);
        self.situation.http2_connect(&mut figures, &[self.connect(false)]);
        if self.situation.rate == 0.0 {
            return figures;
        }
        if let Some(interval) = random_interval(poll) {
            self.situation.poll_waiting(&mut figures, interval);
        }
        figures
    }

    /// The polls of some connections on a schedule.
    fn polls_on_schedule(
        &self,
        timed: PollSchedule,
        schedule: &Schedule<'_>,
    ) -> Vec<(u32, Vec<Asked>)> {
        let seed = self.scenario.workload.seed;
        let of_client = schedule.end().as_nanos().div_ceil(timed.interval.as_nanos());
        let of_client = usize::try_from(of_client).unwrap_or(usize::MAX);
        let of_connection = of_client.saturating_mul(self.together as usize);
        let asked = |connection| {
            let mut asked: Vec<_> = self
                .clients(connection)
                .enumerate()
                .flat_map(|(place, client)| {
                    let (topic, _) = self.topic(client);
                    let first = poll_phase(seed, client, timed.interval, timed.timing);
                    (0..)
                        .map(move |number| first + timed.interval * number)
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
    fn polls_by_law(&self, timed: PollSchedule, finds: &Finds) -> (u32, Vec<Asked>) {
        let clients = self.clients(0).take(TOGETHER).count();
        let per_client = (DATES.as_nanos() / timed.interval.as_nanos()).saturating_add(1);
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
                let at = timed.interval.mul_f64(phase) + timed.interval * number;
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
        let requests = self.requests();
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
                    let request = requests.poll(&path, conditional, poll.compression);
                    let request = request.block(self.secure);
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

    /// What a short poll is answered by a server of ours.
    fn answer(&self, poll: ShortPoll, found: u64, due: usize, at: Duration) -> Answered {
        let workload = &self.scenario.workload;
        let every = workload.deliver == Deliver::Every;
        let messages = if every { found } else { found.min(1) };
        let (status, content) = match (messages, poll.unchanged) {
            _ if due == 0 && !every => (Status::NoContent, Content::default()),
            (0, Unchanged::Empty) => (Status::NoContent, Content::default()),
            (0, Unchanged::NotModified) => (Status::NotModified, Content::default()),
            (0, Unchanged::Resend) => {
                let repeat = if every { 0 } else { self.situation.payload };
                (Status::Ok, Content { repeat, ..Content::default() })
            }
            _ => {
                let separators = if every { messages } else { 0 };
                let payload = messages * self.situation.payload;
                (Status::Ok, Content { payload, separators, repeat: 0 })
            }
        };
        let mark = Mark::of_short_poll(workload.deliver, poll.unchanged, place(due));
        let (list, content) = self.answer_list(status, content, at, mark);
        Answered { list, content, cursor: mark.place() }
    }
}
