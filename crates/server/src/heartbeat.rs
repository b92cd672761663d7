//! Heartbeats: signs of life for subscribers to whom nothing else was said.
//!
//! One clock beats for the whole server, as the one `setInterval` of many a server does; a timer for
//! each connection would cost memory and time in the very figures that this server exists to give.
//! Each beat wakes every subscriber. Whoever was sent something since the last one needs no sign.

/// Pings without any answer after which a WebSocket's other side is taken for dead.
const DEADLINE: u32 = 2;

/// What one subscriber knows of the server's beat. Pure: the beat is an argument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Heartbeat {
    seen: u64,
    has_spoken: bool,
    is_due: bool,
    unanswered: u32,
}

impl Heartbeat {
    /// Of a subscriber that has just been answered, at the server's beat `ticks`.
    pub(crate) fn new(ticks: u64) -> Self {
        Self { seen: ticks, has_spoken: true, is_due: false, unanswered: 0 }
    }

    /// Looks at the server's beat.
    pub(crate) fn look(&mut self, ticks: u64) {
        if ticks != self.seen {
            self.seen = ticks;
            self.is_due = !std::mem::take(&mut self.has_spoken);
        }
    }

    /// Something was said to the subscriber. It stands for one sign: the one that is due, or else the
    /// next.
    pub(crate) fn spoke(&mut self) {
        self.has_spoken = !std::mem::take(&mut self.is_due);
    }

    /// The subscriber has said something.
    pub(crate) fn received(&mut self) {
        self.unanswered = 0;
    }

    /// Whether a sign is due and the last ones went unanswered.
    pub(crate) fn is_given_up(&self) -> bool {
        self.is_due && self.unanswered >= DEADLINE
    }

    /// Whether a sign is due.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    /// Takes the sign that is due, if one is.
    pub(crate) fn take_due(&mut self) -> bool {
        std::mem::take(&mut self.is_due)
    }

    /// A sign was given that is to be answered.
    pub(crate) fn asked(&mut self) {
        self.unanswered += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tick_without_a_word_since_the_last_calls_for_one_sign() {
        let mut heartbeat = Heartbeat::new(7);
        heartbeat.look(7);
        assert!(!heartbeat.take_due(), "no beat yet");
        heartbeat.look(8);
        assert!(!heartbeat.take_due(), "it was answered since the last");
        for tick in 9..12 {
            heartbeat.look(tick);
            assert!(heartbeat.take_due(), "{tick}");
            heartbeat.look(tick);
            assert!(!heartbeat.take_due(), "{tick} again");
        }
        heartbeat.spoke();
        heartbeat.look(12);
        assert!(!heartbeat.take_due(), "a message is a sign");
        heartbeat.look(13);
        heartbeat.spoke();
        assert!(!heartbeat.take_due(), "a message came first");
        heartbeat.look(14);
        assert!(heartbeat.take_due(), "that message stood for one sign, not for two");
    }

    #[test]
    fn two_pings_without_an_answer_are_enough() {
        let mut heartbeat = Heartbeat::new(0);
        let mut given_up = |tick: u64, is_alive: bool| {
            if is_alive {
                heartbeat.received();
            }
            heartbeat.look(tick);
            let is_given_up = heartbeat.is_given_up();
            if heartbeat.take_due() {
                heartbeat.asked();
            }
            is_given_up
        };
        // The first beat finds that the subscriber has just been answered.
        let found = [(1, false), (2, false), (3, false), (4, true), (5, false), (6, false)]
            .map(|(tick, is_alive)| given_up(tick, is_alive));
        assert_eq!(found, [false, false, false, false, false, true]);
    }
}
