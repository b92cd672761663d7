//! What polls have carried that were played, and what one costs in the mean.

use std::collections::BTreeMap;

use pushbench_protocol::{ByteKind, Direction};

use crate::exchange::Exchange;
use crate::finds::Finds;
use crate::flow::Flow;
use crate::headers::FieldBlock;
use crate::http2::player::Player;

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
    pub(super) uncompressed: [u64; 2],
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
    pub fn add_uncompressed(&mut self, direction: Direction, list: &FieldBlock) {
        self.uncompressed[direction as usize] += list.uncompressed_len();
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

    pub(super) fn polls(&self) -> u64 {
        self.found.values().map(|(polls, _)| polls).sum()
    }

    fn sum(&self) -> Flow {
        self.found.values().fold(Flow::default(), |sum, (_, flow)| sum.plus(*flow))
    }

    /// Mean bytes of a poll, where so many messages are found so often.
    ///
    /// A number that was not played costs what the nearest costs that was, and its content more.
    pub(super) fn per_poll(&self, finds: &Finds, content: &dyn Fn(u64) -> Flow) -> Option<Flow> {
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

    pub(super) fn first_headers(&self) -> [Option<f64>; 2] {
        self.first.map(|sum| (self.firsts > 0).then(|| sum as f64 / self.firsts as f64))
    }

    pub(super) fn warm_headers(&self) -> [Option<f64>; 2] {
        let warm = (self.polls() - self.firsts_in_measure) as f64;
        let sum = self.sum();
        [Direction::Up, Direction::Down].map(|direction| {
            let first = self.first_in_measure[direction as usize] as f64;
            let header = sum.kind(direction, ByteKind::Header);
            (warm > 0.0).then(|| (header - first) / warm)
        })
    }
}
