//! How long messages and bodies are once compressed, by compressing some like them.
//!
//! No rule says it: what a compressor makes of a message depends on every byte. The messages of a
//! scenario are known but for their due times, 11 of the characters of the envelope; so the model
//! asks the server's own compressor about messages with other due times. The answer is a mean, some
//! bytes off; everything else that is predicted stays exact. Pure.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use pushbench_protocol::compression::{BODY_THRESHOLD, is_body_coded};
use pushbench_protocol::{Compression, Deliver, Envelope, PublishNumber, Timestamp};
use pushbench_scenario::{Deflate, PayloadWriter, Rate, Scenario};
use pushbench_wire::coding::encode;
use pushbench_wire::deflate::Deflater;

use crate::remembered::{Remembered, remembered};

/// Messages compressed at most, and their bytes together.
const MOST_MESSAGES: u64 = 256;
const MOST_BYTES: u64 = 2 << 20;
/// Bodies compressed for each number of messages, at least.
const BODIES: u64 = 4;
/// An uptime that a machine may have when the first message is due.
const BEGIN: Timestamp = Timestamp::from_nanos(300_000_000_000_000);

/// How long messages are published.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Span {
    /// Warm-up and measure phase of a trial.
    Trial,
    /// Without an end, as a plan has them.
    Endless,
}

/// Messages of a scenario, by number.
pub(crate) struct Messages<'a> {
    scenario: &'a Scenario,
    span: Span,
    writer: PayloadWriter,
    /// How often they are due.
    rate: Rate,
    /// How many are compressed.
    count: u64,
}

impl<'a> Messages<'a> {
    /// Those of a scenario, where what is compressed is the messages alone. How often they come
    /// changes nothing but digits of their due times then; a plan, which asks about hundreds of
    /// rates, takes one rate for all.
    pub(crate) fn of(scenario: &'a Scenario, span: Span) -> Self {
        match span {
            Span::Trial => Self::paced(scenario, span),
            Span::Endless => {
                let rate = Rate { count: NonZeroU32::MIN, per: Duration::from_secs(1) };
                Self { rate, ..Self::paced(scenario, span) }
            }
        }
    }

    /// Those of a scenario, where what comes between them, or is left out, depends on their times.
    pub(crate) fn paced(scenario: &'a Scenario, span: Span) -> Self {
        let bytes = u64::from(scenario.workload.payload.bytes);
        let published = match span {
            Span::Endless => MOST_MESSAGES,
            Span::Trial => {
                let time = (scenario.workload.warm_up + scenario.workload.measure).as_secs_f64();
                (scenario.workload.publish.rate.per_second() * time).ceil() as u64
            }
        };
        let count = published.min(MOST_MESSAGES).min(MOST_BYTES / bytes).max(1);
        let rate = scenario.workload.publish.rate;
        Self { scenario, span, writer: PayloadWriter::of(&scenario.workload), rate, count }
    }

    /// All that the compressed lengths of these messages depend on, and what compresses them.
    pub(crate) fn question(&self, compressor: &dyn Debug) -> Vec<u8> {
        let workload = &self.scenario.workload;
        let (seed, deliver) = (workload.seed, workload.deliver);
        let first = self.first_measured();
        let said = (self.span, self.rate, self.count, first, seed, deliver, compressor);
        let mut question = self.payload(0);
        question.extend(format!("{said:?}").into_bytes());
        question
    }

    pub(crate) fn payload(&self, number: u64) -> Vec<u8> {
        let due = self.rate.due(number);
        let number = PublishNumber(u32::try_from(number).expect("a few hundred"));
        let mut payload = Vec::new();
        self.writer.write(Envelope { number, due_at: BEGIN.plus(due) }, &mut payload);
        payload
    }

    /// Those that are sent to a client, and when: all of them, or the newest at most once in so much
    /// time, until the trial's end. What conflation drops is never compressed, so no window has it.
    pub(crate) fn sent(&self, conflate: Option<Duration>) -> Vec<(Duration, u64)> {
        let dues = (0..self.count).map(|number| self.rate.due(number));
        match conflate {
            None => dues.zip(0..).collect(),
            Some(every) => {
                // The last of them may have to wait until nobody counts any more.
                let workload = &self.scenario.workload;
                let end = match self.span {
                    Span::Trial => workload.warm_up + workload.measure,
                    Span::Endless => Duration::MAX,
                };
                let sent = newest_each(every, &dues.collect::<Vec<_>>()).into_iter();
                let in_time = sent.filter(|&(at, _)| at < end);
                in_time.map(|(at, number)| (at, number as u64)).collect()
            }
        }
    }

    /// Of lengths by the message's number, those of the measure phase.
    pub(crate) fn measured(&self, lens: impl IntoIterator<Item = (u64, u64)>) -> Lens {
        let first = self.first_measured();
        let (mut before, mut measured) = (Lens::new(), Lens::new());
        for (number, len) in lens {
            let lens = if number >= first { &mut measured } else { &mut before };
            *lens.entry(len).or_default() += 1;
        }
        // A long warm-up may use up all that are tried.
        if measured.is_empty() { before } else { measured }
    }

    /// The first that counts: in a trial the first that is due in the measure phase, if it is among
    /// them; where there is no such phase, the first that has a good many before it.
    fn first_measured(&self) -> u64 {
        const BEFORE: u64 = 4;
        let warm_up: Duration = match self.span {
            Span::Endless => return self.count / BEFORE,
            Span::Trial => self.scenario.workload.warm_up,
        };
        (0..self.count).find(|&number| self.rate.due(number) >= warm_up).unwrap_or(0)
    }
}

/// Bytes of messages of the measure phase as compressed frames carry them, and how many there are of
/// each length.
pub(crate) fn deflated_lens(
    scenario: &Scenario,
    span: Span,
    conflate: Option<Duration>,
    deflate: Deflate,
) -> Rc<Lens> {
    let messages = match conflate {
        None => Messages::of(scenario, span),
        Some(_) => Messages::paced(scenario, span),
    };
    remembered(&DEFLATED, messages.question(&(conflate, deflate)), || {
        let mut deflater = Deflater::new(deflate.window_bits, deflate.context_takeover);
        let len = |number| deflater.deflate(&messages.payload(number)).len() as u64;
        let numbers = messages.sent(conflate).into_iter().map(|(_, number)| number);
        let lens: Vec<_> = numbers.clone().zip(numbers.map(len)).collect();
        messages.measured(lens)
    })
}

thread_local! {
    static DEFLATED: Remembered<Lens> = const { RefCell::new(BTreeMap::new()) };
    static BODIES_CODED: Remembered<AtPowers> = const { RefCell::new(BTreeMap::new()) };
}

/// Lengths, and how many there are of each.
pub(crate) type Lens = BTreeMap<u64, u64>;

/// Which of the messages that are due at these times, in order, are sent to a client who is told the
/// newest, at most once in so much time; and when.
pub(crate) fn newest_each(every: Duration, dues: &[Duration]) -> Vec<(Duration, usize)> {
    let mut sent = Vec::new();
    let (mut free, mut next) = (Duration::ZERO, 0);
    while let Some(&due) = dues.get(next) {
        let at = due.max(free);
        let newest = dues.partition_point(|&due| due <= at) - 1;
        sent.push((at, newest));
        (free, next) = (at + every, newest + 1);
    }
    sent
}

/// Compressed lengths for 1, 2, 4, ... messages, each found once it is asked for: most polls bring
/// few messages, and the long bodies take longest to compress.
type AtPowers = Vec<OnceCell<f64>>;

/// Bytes of compressed bodies by how many messages they hold.
pub(crate) struct CodedBodies<'a> {
    at_powers: Rc<AtPowers>,
    /// Finds the compressed length for so many messages.
    find: Box<dyn Fn(u64) -> f64 + 'a>,
    /// Bytes of one message before it is compressed, with what marks it off.
    plain: u64,
    threshold: u64,
}

impl<'a> CodedBodies<'a> {
    /// Bodies of a server of ours that compresses them in this coding, if it is one.
    pub(crate) fn where_any(
        scenario: &'a Scenario,
        span: Span,
        coding: Compression,
    ) -> Option<Self> {
        (coding != Compression::None).then(|| {
            let messages = Messages::of(scenario, span);
            let lines = scenario.workload.deliver == Deliver::Every;
            let most = if lines { messages.count } else { 1 };
            let powers = most.ilog2() as usize + 1;
            let none_yet = || vec![OnceCell::new(); powers];
            Self {
                at_powers: remembered(&BODIES_CODED, messages.question(&coding), none_yet),
                find: Box::new(move |count| mean_coded(&messages, coding, count)),
                plain: u64::from(scenario.workload.payload.bytes) + u64::from(lines),
                threshold: BODY_THRESHOLD as u64,
            }
        })
    }

    fn at_power(&self, power: usize) -> Option<f64> {
        Some(*self.at_powers.get(power)?.get_or_init(|| (self.find)(1 << power)))
    }

    /// Bytes of a body with so many messages, at least one; `None` if it is left as it is. Between
    /// the numbers that were tried it grows evenly, and so beyond them.
    pub(crate) fn len(&self, messages: u64) -> Option<u64> {
        if !is_body_coded(messages * self.plain, messages, self.threshold) {
            return None;
        }
        let last = self.at_powers.len() - 1;
        let below = (messages.ilog2() as usize).min(last);
        let from = (1_u64 << below) as f64;
        let low = self.at_power(below)?;
        if messages == 1 << below {
            return Some(low.round() as u64);
        }
        let slope = match self.at_power(below + 1) {
            Some(high) => (high - low) / from,
            None if below == 0 => low,
            None => (low - self.at_power(below - 1)?) / (from / 2.0),
        };
        Some((low + slope * (messages as f64 - from)).round() as u64)
    }
}

/// The mean length of bodies with so many messages in this coding.
fn mean_coded(messages: &Messages<'_>, coding: Compression, count: u64) -> f64 {
    let lines = messages.scenario.workload.deliver == Deliver::Every;
    let body = |from: u64| -> Vec<u8> {
        let mut body = Vec::new();
        for number in from..from + count {
            body.extend(messages.payload(number));
            if lines {
                body.push(b'\n');
            }
        }
        body
    };
    let first = messages.first_measured();
    let bodies = BODIES.max((messages.count - first) / count);
    let lens = (0..bodies).map(|place| {
        let body = body(first + place * count);
        encode(coding, &body).map_or(body.len(), |coded| coded.len())
    });
    mean(lens) as f64
}

fn mean(lens: impl Iterator<Item = usize>) -> u64 {
    let (sum, count) = lens.fold((0, 0), |(sum, count), len| (sum + len as u64, count + 1));
    (sum as f64 / f64::from(count.max(1))).round() as u64
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::compression::MOST_CODED_BODY;

    use super::*;

    #[test]
    fn of_messages_that_come_faster_than_they_may_go_the_newest_is_sent() {
        let millis = |times: &[u64]| -> Vec<_> {
            times.iter().map(|&time| Duration::from_millis(time)).collect()
        };
        let sent = |dues: &[u64]| -> Vec<usize> {
            let sent = newest_each(Duration::from_millis(500), &millis(dues));
            sent.into_iter().map(|(_, number)| number).collect()
        };
        assert_eq!(sent(&[]), [0; 0]);
        assert_eq!(sent(&[0, 500, 1_200]), [0, 1, 2], "slow enough");
        // At 0, 500 and 1000.
        assert_eq!(sent(&[0, 200, 400, 600, 800, 1_000]), [0, 2, 5]);
        // The last is brought when it may go, with none behind it.
        assert_eq!(sent(&[0, 100, 2_000, 2_001]), [0, 1, 2, 3]);
    }

    /// Bodies of these lengths with 1, 2, 4, ... messages.
    fn bodies(at_powers: &[f64], plain: u64, threshold: u64) -> CodedBodies<'_> {
        let none_yet = vec![OnceCell::new(); at_powers.len()];
        let find = Box::new(|count: u64| at_powers[count.ilog2() as usize]);
        CodedBodies { at_powers: Rc::new(none_yet), find, plain, threshold }
    }

    #[test]
    fn a_body_grows_evenly_between_what_was_tried_and_beyond() {
        let bodies = bodies(&[100.0, 150.0, 230.0], 500, 600);
        let lens: Vec<_> = (1..=8).map(|messages| bodies.len(messages)).collect();
        let expected = [None, Some(150), Some(190), Some(230), Some(270), Some(310)];
        assert_eq!(lens[..6], expected);
        let one = self::bodies(&[100.0], 500, 0);
        assert_eq!((one.len(1), one.len(3)), (Some(100), Some(300)));
    }

    #[test]
    fn only_the_bodies_that_are_asked_for_are_compressed_and_once() {
        let found = RefCell::new(Vec::new());
        let find = |count: u64| {
            found.borrow_mut().push(count);
            count as f64
        };
        let bodies = CodedBodies {
            at_powers: Rc::new(vec![OnceCell::new(); 9]),
            find: Box::new(find),
            plain: 500,
            threshold: 600,
        };
        for (messages, expected) in [(1, &[][..]), (2, &[2]), (3, &[2, 4]), (3, &[2, 4])] {
            bodies.len(messages);
            assert_eq!(found.borrow()[..], *expected, "{messages} messages");
        }
    }

    #[test]
    fn a_body_is_left_as_it_is_where_the_server_leaves_it() {
        let most = MOST_CODED_BODY;
        for (plain, messages, is_coded) in [
            (1_023, 1, false),
            (1_024, 1, true),
            (most / 4, 4, true),
            (most / 4 + 1, 4, false),
            // One message is compressed whatever its size.
            (2 * most, 1, true),
        ] {
            let len = bodies(&[100.0], plain, 1_024).len(messages);
            assert_eq!(len.is_some(), is_coded, "{messages} messages of {plain} B");
        }
    }
}
