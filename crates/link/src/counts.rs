//! What passed a link in one direction.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use pushbench_stats::Histogram;

/// Packets, and the bytes of them, headers of IP and TCP included.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Passed {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Passed {
    pub(crate) fn add(&mut self, len: u64) {
        self.packets += 1;
        self.bytes += len;
    }
}

/// What passed in one direction, from the first packet to the last.
#[derive(Clone, Debug, Default)]
pub struct PathCounts {
    /// TCP packets that came into the link.
    pub entered: Passed,
    /// Those of them that have left it.
    pub left: Passed,
    /// Those that were lost at random.
    pub lost: Passed,
    /// Those that found the queue full.
    pub queue_full: Passed,
    /// Of those that left, such as came after both ends had said their last byte: the acknowledgement
    /// of the later FIN, and what is sent again behind it. The end that has closed may not count them.
    pub after_end: Passed,
    /// The same of those that entered, whether or not they were lost. After a loss the end that has
    /// closed acknowledges a FIN that comes again, and counts that nowhere.
    pub after_end_entered: Passed,
    /// Bytes of TCP options beyond the timestamps, in packets that entered: SACK blocks, and the options of
    /// SYNs that were sent again.
    pub extra_options: u64,
    /// Bytes of data in TCP packets that entered, what is sent again included.
    pub data: u64,
    /// Packets that are not TCP: the link's own probe.
    pub other: Passed,
    /// Packets longer than the MTU, which cannot be.
    pub over_mtu: u64,
    /// Packets that the other device did not take.
    pub refused: u64,
    /// TCP packets that entered in each phase.
    pub by_phase: BTreeMap<Phase, Passed>,
    /// How long after it was due each packet left, by the phase in which it left.
    pub lateness: BTreeMap<Phase, Histogram>,
}

impl PathCounts {
    /// Packets that the link itself dropped, as its shape says.
    pub fn dropped(&self) -> u64 {
        self.lost.packets + self.queue_full.packets
    }

    /// How late packets of these phases left.
    pub fn lateness_in(&self, phases: &[Phase]) -> Histogram {
        let mut all = Histogram::new();
        for (_, of) in self.lateness.iter().filter(|(phase, _)| phases.contains(phase)) {
            all.merge(of);
        }
        all
    }
}
