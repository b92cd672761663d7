//! The search for the largest value with which something holds: which value is played next, and what
//! is known in the end. Pure: values and what came of them go in.
//!
//! It doubles from its first value until something does not hold (or halves, until something does),
//! then bisects what lies between. What holds is measured, and near the boundary the same value holds
//! once and not the next time; so the two values that the answer names are played twice each, and one
//! that held and did not is played once more, and is what it was more often.

use std::collections::BTreeMap;

/// Steps in which values that held once and not the next time can be played again.
const DECIDERS: u32 = 4;
/// How often each end of the answer is played.
const EACH_END: u32 = 2;

/// Where to search. `least <= from <= to`, and none is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchRange {
    /// The smallest value there is.
    pub least: u32,
    /// The first to be played.
    pub from: u32,
    /// The largest.
    pub to: u32,
    /// How far the smallest value that did not hold may be from the largest that did, as a share of
    /// that; two values next to each other are near enough.
    pub precision: f64,
}

impl SearchRange {
    /// The most steps that a search takes.
    pub fn most_steps(self) -> u32 {
        let Self { least, from, to, .. } = self;
        // From the first value to the last by doubling, or to the least by halving.
        let outward = doublings(from, to).max(doublings(least, from)) + 1;
        outward + self.bisections() + EACH_END + DECIDERS
    }

    /// Steps between a value that holds and its double that does not: each halves what lies between,
    /// until it is a share of the value, or 1. Rounded up at both.
    fn bisections(self) -> u32 {
        let shares = (1.0 / self.precision).log2().max(0.0).ceil() as u32 + 1;
        shares.min(doublings(1, self.to) + 1)
    }

    /// The precision in per cent, to a thousandth.
    pub fn precision_percent(self) -> f64 {
        (self.precision * 100_000.0).round() / 1_000.0
    }

    /// The values that are played until one does not hold, if the first does.
    pub fn upward(self) -> Vec<u32> {
        let mut values = vec![self.from];
        while let Some(&last) = values.last().filter(|&&last| last < self.to) {
            values.push(last.saturating_mul(2).min(self.to));
        }
        values
    }

    /// The values that are played until one holds, if the first does not; empty if there is none less.
    pub fn downward(self) -> Vec<u32> {
        let mut values = Vec::new();
        let mut last = self.from;
        while last > self.least {
            last = (last / 2).max(self.least);
            values.push(last);
        }
        values
    }

    /// Whether two values are as near as they need be.
    fn are_near(self, held: u32, did_not: u32) -> bool {
        let near = (f64::from(held) * self.precision) as u32;
        did_not.saturating_sub(held) <= near.max(1)
    }
}

/// How often a value is doubled to reach another.
fn doublings(from: u32, to: u32) -> u32 {
    let reached = |times: &u32| u64::from(from) << times >= u64::from(to);
    (0..u32::BITS).find(reached).unwrap_or(u32::BITS)
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    range: SearchRange,
    /// How often each value held, and how often it did not.
    plays: BTreeMap<u32, (u32, u32)>,
    steps: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// This value is to be played.
    Play(u32),
    /// The search is over.
    Over(Ending),
}

/// How a search ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Between two values that are near each other.
    Found,
    /// The largest value that there is held.
    AllHeld,
    /// The smallest value that there is did not hold.
    NoneHeld,
    /// After as many steps as it may take, which happens only where the same value holds once and not
    /// the next time.
    OutOfSteps,
}

impl Search {
    /// A search that has played nothing yet.
    pub fn new(range: SearchRange) -> Self {
        Self { range, plays: BTreeMap::new(), steps: 0 }
    }

    /// Takes what came of a value.
    pub fn record(&mut self, value: u32, held: bool) {
        let (holds, fails) = self.plays.entry(value).or_default();
        *if held { holds } else { fails } += 1;
        self.steps += 1;
    }

    /// What to play now.
    pub fn next(&self) -> Next {
        match self.wanted() {
            Next::Play(_) if self.steps >= self.range.most_steps() => {
                Next::Over(Ending::OutOfSteps)
            }
            next => next,
        }
    }

    fn wanted(&self) -> Next {
        let SearchRange { least, from, to, .. } = self.range;
        let mut undecided = self.plays.iter().filter(|(_, (holds, fails))| holds == fails);
        if let Some((&value, _)) = undecided.next() {
            return Next::Play(value);
        }
        match (self.largest_held(), self.smallest_not_held()) {
            (None, None) => Next::Play(from),
            (Some(held), None) if held < to => Next::Play(held.saturating_mul(2).min(to)),
            (Some(held), None) => self.again(&[held]).unwrap_or(Next::Over(Ending::AllHeld)),
            (None, Some(did_not)) if did_not > least => Next::Play((did_not / 2).max(least)),
            (None, Some(did_not)) => self.again(&[did_not]).unwrap_or(Next::Over(Ending::NoneHeld)),
            (Some(held), Some(did_not)) if self.range.are_near(held, did_not) => {
                self.again(&[held, did_not]).unwrap_or(Next::Over(Ending::Found))
            }
            (Some(held), Some(did_not)) => Next::Play(held + (did_not - held) / 2),
        }
    }

    /// The first of these values that was not played as often as an end of the answer is.
    fn again(&self, ends: &[u32]) -> Option<Next> {
        let plays = |value: &&u32| {
            let (holds, fails) = self.plays.get(value).copied().unwrap_or_default();
            holds + fails
        };
        let once = ends.iter().find(|value| plays(value) < EACH_END);
        once.map(|&value| Next::Play(value))
    }

    /// The largest value that held more often than not, of those below every one that did not.
    pub fn largest_held(&self) -> Option<u32> {
        let below = self.smallest_not_held();
        self.held().filter(|&value| below.is_none_or(|below| value < below)).max()
    }

    /// The smallest value that did not hold more often than it did.
    pub fn smallest_not_held(&self) -> Option<u32> {
        let did_not = self.plays.iter().filter(|(_, (holds, fails))| fails > holds);
        did_not.map(|(&value, _)| value).next()
    }

    /// Values that speak against one boundary between what holds and what does not: those that held
    /// once and did not another time, and those that held above one that did not.
    pub fn contradictions(&self) -> Vec<u32> {
        let above = self.smallest_not_held().unwrap_or(u32::MAX);
        let both = self.plays.iter().filter(|(_, (holds, fails))| *holds > 0 && *fails > 0);
        let mut values: Vec<_> = both.map(|(&value, _)| value).collect();
        values.extend(self.held().filter(|&value| value > above));
        values.sort_unstable();
        values.dedup();
        values
    }

    fn held(&self) -> impl Iterator<Item = u32> {
        let held = self.plays.iter().filter(|(_, (holds, fails))| holds > fails);
        held.map(|(&value, _)| value)
    }
}

#[cfg(test)]
mod tests;
