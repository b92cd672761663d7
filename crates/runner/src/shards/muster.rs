//! What follows from what the shards of a trial say, or do not say. Pure: the time is an argument.

use std::time::Duration;

use pushbench_load::Progress;
use pushbench_protocol::{Phase, Timestamp};
use pushbench_store::TrialV2;

use super::message::{FromShard, ToShard};

/// From when the last is ready until the phase begins: long enough for all to hear of it, on a machine
/// whose cores are busy.
const LEAD: Duration = Duration::from_millis(300);
/// Longest time for which a shard may say nothing while it plays; it says where it stands several times
/// a second.
const SILENT: Duration = Duration::from_secs(10);
/// The same while it starts its server, and while it ends: both have bounds of their own, shorter
/// together.
const SILENT_AROUND: Duration = Duration::from_secs(45);

/// The shards of a trial, as far as they are known.
#[derive(Debug)]
pub(super) struct Muster {
    shards: Vec<State>,
    /// Whether they were told to end before their time.
    is_stopped: bool,
}

#[derive(Debug)]
struct State {
    last_said: Timestamp,
    /// The phase that it is ready for, until that begins.
    ready: Option<Phase>,
    /// The phase that it plays; `None` before the first.
    plays: Option<Phase>,
    progress: Option<Progress>,
    end: Option<End>,
}

/// How a shard's part ended.
#[derive(Debug)]
enum End {
    Done(Box<TrialV2>),
    CouldNotBegin(String),
    Lost(String),
}

/// What came of all.
#[derive(Debug)]
pub(super) enum Result {
    /// One could not begin, so that nothing was played.
    CouldNotBegin(String),
    /// What those saw that were not lost, and who was lost and why.
    Played { shards: Vec<TrialV2>, lost: Vec<String> },
}

impl Muster {
    /// So many shards that were started just now.
    pub(super) fn new(count: u32, now: Timestamp) -> Self {
        let state =
            |_| State { last_said: now, ready: None, plays: None, progress: None, end: None };
        Self { shards: (0..count).map(state).collect(), is_stopped: false }
    }

    /// A shard has said something. Gives what all that still play are to be told.
    pub(super) fn said(
        &mut self,
        shard: usize,
        message: FromShard,
        now: Timestamp,
    ) -> Option<ToShard> {
        let state = &mut self.shards[shard];
        // Of one that was told to end, only the end is waited for.
        if !self.is_stopped {
            state.last_said = now;
        }
        if state.end.is_some() {
            return None;
        }
        match message {
            FromShard::Ready { phase } => {
                state.ready = Some(phase);
                let plays_on = self.shards.iter().filter(|state| state.end.is_none());
                let all_are_ready = plays_on.clone().all(|state| state.ready == Some(phase));
                if !all_are_ready || self.is_stopped {
                    return None;
                }
                for state in &mut self.shards {
                    (state.plays, state.ready) = (Some(phase), None);
                    state.last_said = now;
                }
                Some(ToShard::Begin { phase, at: now.plus(LEAD) })
            }
            FromShard::Progress(standing) => {
                state.progress = Some(standing.into());
                None
            }
            FromShard::Done(trial) => {
                // One that ended by itself before the end, as its server died: there is no whole any more.
                let is_broken_off = trial.is_complete == Some(false);
                state.end = Some(End::Done(trial));
                if is_broken_off { self.stop() } else { None }
            }
            FromShard::Failed { reason } => {
                state.end = Some(End::CouldNotBegin(reason));
                self.stop()
            }
        }
    }

    /// A shard has ended, or its pipe has; `how` says how. Without having said what it saw it is lost,
    /// and the others are to end.
    pub(super) fn ended(&mut self, shard: usize, how: &str) -> Option<ToShard> {
        let state = &mut self.shards[shard];
        if state.end.is_some() {
            return None;
        }
        let when = state.plays.map_or("before it was ready", during);
        state.end = Some(End::Lost(format!("it ended {when}: {how}")));
        self.stop()
    }

    /// Shards that have not said anything for too long; they are lost, and to be killed.
    pub(super) fn hang(&mut self, now: Timestamp) -> Vec<usize> {
        let mut silent = Vec::new();
        for (place, state) in self.shards.iter_mut().enumerate() {
            let bound = match state.plays {
                None | Some(Phase::Close) => SILENT_AROUND,
                Some(_) if self.is_stopped => SILENT_AROUND,
                Some(_) => SILENT,
            };
            if state.end.is_none() && now.since(state.last_said) >= bound {
                let when = state.plays.map_or("before it was ready", during);
                let bound = bound.as_secs();
                state.end = Some(End::Lost(format!(
                    "it said nothing for {bound} s {when}, and was killed"
                )));
                silent.push(place);
            }
        }
        silent
    }

    /// Those that still play are to end. Nothing if they were told before.
    pub(super) fn stop(&mut self) -> Option<ToShard> {
        let is_first = !std::mem::replace(&mut self.is_stopped, true);
        is_first.then_some(ToShard::Stop)
    }

    /// Whether this one still plays.
    pub(super) fn plays(&self, shard: usize) -> bool {
        self.shards[shard].end.is_none()
    }

    /// Whether none does.
    pub(super) fn is_over(&self) -> bool {
        self.shards.iter().all(|state| state.end.is_some())
    }

    /// Where all stand together: as far as the one that is least far.
    pub(super) fn progress(&self) -> Option<Progress> {
        let known = self.shards.iter().filter_map(|state| state.progress);
        let behind = |left: Progress, right: Progress| {
            let (least, most) = match (left.phase, left.share) <= (right.phase, right.share) {
                true => (left, right),
                false => (right, left),
            };
            Progress {
                connected: least.connected + most.connected,
                failed: least.failed + most.failed,
                delivered: least.delivered + most.delivered,
                late: least.late.max(most.late),
                so_far: least.so_far + most.so_far,
                ..least
            }
        };
        known.reduce(behind)
    }

    /// What came of it, once it is over.
    pub(super) fn result(self) -> Result {
        let of = self.shards.len();
        let (mut shards, mut lost, mut unable) = (Vec::new(), Vec::new(), Vec::new());
        for (number, state) in (1..).zip(self.shards) {
            match state.end {
                Some(End::Done(trial)) => shards.push(*trial),
                Some(End::Lost(why)) => lost.push(format!("shard {number}/{of} was lost: {why}")),
                Some(End::CouldNotBegin(reason)) => {
                    unable.push(format!("shard {number}/{of}: {reason}"));
                }
                None => lost.push(format!("shard {number}/{of} was lost: it did not end")),
            }
        }
        match (unable.is_empty(), shards.is_empty()) {
            (false, _) => Result::CouldNotBegin(unable.join("; ")),
            (true, true) => Result::CouldNotBegin(lost.join("; ")),
            (true, false) => Result::Played { shards, lost },
        }
    }
}

const fn during(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "while clients connected",
        Phase::WarmUp => "in the warm-up",
        // It drains by itself.
        Phase::Measure | Phase::Drain => "in the measure phase or the drain",
        Phase::Close => "while connections were closed",
    }
}

#[cfg(test)]
mod tests {
    use pushbench_load::SoFar;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn ready(phase: Phase) -> FromShard {
        FromShard::Ready { phase }
    }

    #[test]
    fn a_phase_begins_for_all_at_one_moment_once_the_last_is_ready() {
        let mut muster = Muster::new(3, at(0));
        assert_eq!(muster.said(2, ready(Phase::Connect), at(1)), None);
        assert_eq!(muster.said(0, ready(Phase::Connect), at(2)), None);
        let begin = muster.said(1, ready(Phase::Connect), at(3));
        let expected = ToShard::Begin { phase: Phase::Connect, at: at(3).plus(LEAD) };
        assert_eq!(begin, Some(expected));
        // The next needs all again.
        assert_eq!(muster.said(1, ready(Phase::WarmUp), at(4)), None);
    }

    #[test]
    fn one_that_ends_before_it_is_done_is_lost_by_name_and_the_others_are_told_once() {
        let mut muster = Muster::new(2, at(0));
        for shard in 0..2 {
            muster.said(shard, ready(Phase::Connect), at(1));
        }
        assert_eq!(muster.ended(1, "signal: 9 (SIGKILL)"), Some(ToShard::Stop));
        assert_eq!(muster.ended(1, "again"), None);
        assert!(!muster.is_over());
        assert_eq!(muster.ended(0, "signal: 9 (SIGKILL)"), None, "they were told");
        assert!(muster.is_over());
        let Result::CouldNotBegin(why) = muster.result() else { panic!("nobody was left") };
        assert!(why.contains("shard 2/2 was lost: it ended while clients connected"), "{why}");
    }

    #[test]
    fn one_that_says_nothing_is_lost_after_its_bound_and_not_before() {
        let mut muster = Muster::new(2, at(0));
        assert_eq!(muster.hang(at(44)), Vec::<usize>::new(), "servers take a while to start");
        for shard in 0..2 {
            muster.said(shard, ready(Phase::Connect), at(44));
        }
        assert_eq!(muster.hang(at(53)), Vec::<usize>::new());
        muster.said(0, FromShard::Progress(standing(Phase::Connect, 3)), at(53));
        assert_eq!(muster.hang(at(54)), [1]);
        assert_eq!(muster.hang(at(54)), Vec::<usize>::new(), "it is lost already");
        assert_eq!(muster.stop(), Some(ToShard::Stop));
        assert_eq!(muster.hang(at(90)), Vec::<usize>::new(), "it takes a while to end");
    }

    #[test]
    fn all_are_as_far_as_the_one_that_is_least_far() {
        let mut muster = Muster::new(2, at(0));
        assert!(muster.progress().is_none());
        muster.said(0, FromShard::Progress(standing(Phase::WarmUp, 5)), at(1));
        muster.said(1, FromShard::Progress(standing(Phase::Connect, 4)), at(1));
        let progress = muster.progress().expect("both have told");
        assert_eq!((progress.phase, progress.connected), (Phase::Connect, 9));
    }

    #[test]
    fn one_that_could_not_begin_ends_all_and_says_why() {
        let mut muster = Muster::new(2, at(0));
        let failed = FromShard::Failed { reason: "no port".to_owned() };
        assert_eq!(muster.said(1, failed, at(1)), Some(ToShard::Stop));
        muster.ended(0, "exit status: 1");
        let Result::CouldNotBegin(why) = muster.result() else { panic!("one could not begin") };
        assert_eq!(why, "shard 2/2: no port");
    }

    fn standing(phase: Phase, connected: u64) -> super::super::message::Standing {
        Progress {
            phase,
            connected,
            failed: 0,
            delivered: 0,
            share: 0.5,
            late: None,
            so_far: SoFar::NOTHING,
        }
        .into()
    }

    #[test]
    fn one_that_was_told_to_end_and_only_talks_is_killed() {
        let mut muster = Muster::new(1, at(0));
        muster.said(0, ready(Phase::Connect), at(1));
        assert_eq!(muster.stop(), Some(ToShard::Stop));
        muster.said(0, FromShard::Progress(standing(Phase::Connect, 3)), at(40));
        assert_eq!(muster.hang(at(46)), [0]);
    }
}
