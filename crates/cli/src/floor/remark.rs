//! What to know of a floor beside its figures. Pure.

use pushbench_report::units;
use pushbench_stats::Rounds;
use pushbench_store::{FloorPlayV2, FloorSideV2, FloorWorkV2};

/// The share of the asked rate from which on it counts as reached.
const REACHED: f64 = 0.95;

/// What to know of the rounds of one floor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remark {
    /// In a round a side has counted nothing.
    Nothing(FloorWorkV2),
    /// Fewer operations per second than were asked for.
    Slower { work: FloorWorkV2, asked: f64, reached: f64 },
}

impl Remark {
    /// `None` if there is nothing to say.
    pub(crate) fn of(rounds: &[FloorPlayV2]) -> Option<Self> {
        let first = rounds.first()?;
        let sides = |floor: &FloorPlayV2| [floor.server.operations, floor.client.operations];
        if rounds.iter().flat_map(sides).any(|operations| operations == 0) {
            return Some(Self::Nothing(first.work));
        }
        let every = first.every_ns? as f64 / 1e9;
        let at_once = (first.connections * first.at_once) as f64;
        let asked = at_once / every;
        let of = |side: &FloorSideV2, floor: &FloorPlayV2| {
            // What is due at the ends may be on either side of them.
            (side.operations as f64 + at_once) / floor.measured_seconds
        };
        let reached: Vec<_> = rounds.iter().map(|floor| of(&floor.client, floor)).collect();
        let reached = Rounds::of(&reached)?.value;
        (reached < REACHED * asked).then_some(Self::Slower { work: first.work, asked, reached })
    }

    /// Whether nothing was measured.
    pub(crate) const fn is_of_nothing(&self) -> bool {
        matches!(self, Self::Nothing(_))
    }

    pub(crate) fn text(&self) -> String {
        let rate = |rate: &f64| units::grouped(rate.round(), 0);
        match self {
            Self::Nothing(work) => {
                let (what, option) = match work {
                    FloorWorkV2::Polls => ("poll", "--poll-every"),
                    FloorWorkV2::Deliveries => ("delivery", "--message-every"),
                };
                format!(
                    "Nothing was measured: not one {what} was complete while a round was measured; \
                     expected a longer --duration or a shorter {option}."
                )
            }
            Self::Slower { work, asked, reached } => {
                let what = match work {
                    FloorWorkV2::Polls => "polls",
                    FloorWorkV2::Deliveries => "deliveries",
                };
                format!(
                    "This machine does not reach what was asked for: {} of {} {what} per second.",
                    rate(reached),
                    rate(asked)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(operations: u64, every_ns: Option<u64>) -> FloorPlayV2 {
        let side = FloorSideV2 { operations, ..FloorSideV2::default() };
        FloorPlayV2 {
            work: FloorWorkV2::Polls,
            connections: 10,
            topics: 1,
            bytes_up: 1,
            bytes_down: 1,
            every_ns,
            at_once: 1,
            measured_seconds: 2.0,
            server: side.clone(),
            client: side,
        }
    }

    #[test]
    fn a_rate_that_was_not_reached_and_a_round_of_nothing_are_said() {
        let every = Some(1_000_000);
        assert_eq!(Remark::of(&[round(20_000, every), round(19_000, every)]), None);
        assert_eq!(Remark::of(&[round(7, None)]), None, "it asks for no rate");
        let slower = Remark::of(&[round(8_990, every)]).expect("10,000 per second were asked for");
        assert!(slower.text().contains("4,500 of 10,000 polls per second"), "{}", slower.text());
        let nothing = Remark::of(&[round(7, None), round(0, None)]).expect("one has none");
        assert!(nothing.is_of_nothing() && nothing.text().contains("--poll-every"));
    }
}
