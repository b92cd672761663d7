//! What packets cost a phone: the energy of its radio, from the times at which they come and go.
//!
//! A radio is not paid by the byte. A packet wakes it, and then it listens for some ten seconds in case
//! more comes: what moves a packet more often keeps it awake all the time. A [`Radio`] is a data file;
//! [`Radio::energy`] walks over packets and says how long it was in each state. The states are those of
//! LTE's radio resource control (3GPP TS 36.331); 5G is left out until there are published numbers.

mod read;
mod schedule;

use serde::Serialize;

pub use read::{lte, read};
pub use schedule::{Battery, batteries};

/// What a radio draws in each of its states.
#[derive(Clone, Debug, PartialEq)]
pub struct Radio {
    /// What it is, in one line.
    pub about: String,
    /// Where its numbers were read, and when.
    pub source: crate::prices::Source,
    /// Seconds and watts from idle to connected.
    pub promotion: State,
    /// After each packet.
    pub active: State,
    /// After that, until it is idle.
    pub tail: State,
    /// One look whether there is something, while it is idle.
    pub page: State,
    /// Seconds between two of those.
    pub page_every: f64,
    /// Joules of a megabit, up and down.
    pub per_megabit: [f64; 2],
    /// Joules of a full battery.
    pub battery: f64,
}

/// How long a state lasts at most, and what it draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Seconds.
    pub seconds: f64,
    /// Watts.
    pub watts: f64,
}

/// A packet of a phone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packet {
    /// When, in seconds from the beginning.
    pub at: f64,
    /// Bytes that it sends.
    pub up: f64,
    /// Bytes that it receives.
    pub down: f64,
}

/// What a radio has used, and how long it was in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// Joules while it was connected, with coming to be so.
    pub joules: f64,
    /// Joules while it was idle: a phone without any of these packets has them too.
    pub idle_joules: f64,
    /// How often it came from idle to connected.
    pub promotions: u64,
    /// Seconds after packets, listening all the time.
    pub active_seconds: f64,
    /// Seconds after that, listening now and then.
    pub tail_seconds: f64,
    /// Seconds idle.
    pub idle_seconds: f64,
}

impl Radio {
    /// The energy of packets in the order of their times, until so many seconds have passed; it is idle
    /// before the first.
    pub fn energy(&self, packets: impl IntoIterator<Item = Packet>, until: f64) -> Energy {
        let mut energy = Energy::default();
        let mut last: Option<f64> = None;
        for packet in packets {
            let is_idle = match last {
                None => {
                    self.rest(&mut energy, packet.at);
                    true
                }
                Some(last) => {
                    let gap = packet.at - last;
                    self.stay(&mut energy, gap);
                    gap > self.active.seconds + self.tail.seconds
                }
            };
            if is_idle {
                energy.promotions += 1;
                energy.joules += self.promotion.seconds * self.promotion.watts;
            }
            let megabits = [packet.up, packet.down].map(|bytes| bytes * 8.0 / 1e6);
            energy.joules += megabits[0] * self.per_megabit[0] + megabits[1] * self.per_megabit[1];
            last = Some(packet.at);
        }
        match last {
            Some(last) => self.stay(&mut energy, until - last),
            None => self.rest(&mut energy, until),
        }
        energy
    }

    /// From a packet on, for so many seconds without another.
    fn stay(&self, energy: &mut Energy, seconds: f64) {
        let active = seconds.clamp(0.0, self.active.seconds);
        let tail = (seconds - active).clamp(0.0, self.tail.seconds);
        energy.active_seconds += active;
        energy.tail_seconds += tail;
        energy.joules += active * self.active.watts + tail * self.tail.watts;
        self.rest(energy, seconds - active - tail);
    }

    fn rest(&self, energy: &mut Energy, seconds: f64) {
        let seconds = seconds.max(0.0);
        energy.idle_seconds += seconds;
        energy.idle_joules += seconds / self.page_every * self.page.seconds * self.page.watts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: f64 = 3_600.0;

    fn regular(every: f64, bytes: f64) -> impl Iterator<Item = Packet> {
        (0..).map(move |n| f64::from(n) * every).take_while(|at| *at < HOUR).map(move |at| Packet {
            at,
            up: bytes,
            down: bytes,
        })
    }

    /// The values that were published with these parameters (the share of a battery of an hour).
    #[test]
    fn packets_at_regular_times_take_the_published_shares_of_a_battery() {
        for (every, published) in [
            (10.0_f64, 9.2_f64),
            (15.0, 6.4),
            (25.0, 3.8),
            (30.0, 3.2),
            (45.0, 2.1),
            (60.0, 1.6),
            (300.0, 0.32),
            (900.0, 0.11),
        ] {
            let radio = lte();
            let share = 100.0 * radio.energy(regular(every, 0.0), HOUR).joules / radio.battery;
            assert!((share - published).abs() < 0.05, "every {every} s: {share}");
        }
    }

    #[test]
    fn what_moves_more_often_than_the_tail_is_long_costs_no_more_but_its_bytes() {
        let radio = lte();
        let [often, rarely] = [0.05, 10.0].map(|every| radio.energy(regular(every, 0.0), HOUR));
        assert_eq!((often.promotions, rarely.promotions), (1, 1));
        assert!(often.joules / rarely.joules < 1.0 + 1.2 / 1.06, "{often:?}");
        let bytes = radio.energy(regular(10.0, 125_000.0), HOUR).joules - rarely.joules;
        assert!((bytes - 360.0 * (0.438 + 0.052)).abs() < 1e-6, "{bytes}");
    }

    #[test]
    fn every_second_is_in_one_state() {
        let radio = lte();
        for every in [0.01, 3.0, 10.05, 10.2, 400.0, 5_000.0] {
            let energy = radio.energy(regular(every, 60.0), HOUR);
            let all = energy.active_seconds + energy.tail_seconds + energy.idle_seconds;
            assert!((all - HOUR).abs() < 1e-6, "{energy:?}");
        }
        let silent = radio.energy([], HOUR);
        assert_eq!((silent.joules, silent.idle_seconds), (0.0, HOUR));
    }
}
