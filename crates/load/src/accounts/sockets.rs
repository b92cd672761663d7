//! The sockets' and the kernel's books of all connections of one worker, those that are no more too.

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::rc::Rc;

use pushbench_protocol::Direction;
use pushbench_wire::segments::{SegmentHeaders, segments_for};

use crate::outcome::InFlight;
use crate::witness::counted::Counted;
use crate::witness::list::WitnessName;
use crate::witness::{AsOfClient, Witness};

/// The witnesses of one worker.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// Data bytes of a full segment.
    data_per_segment: u64,
    witnesses: RefCell<Vec<Rc<Witness>>>,
    /// Books of the connections that were closed while clients went on.
    folded: Cell<Counted>,
    /// Books of the connections that have passed [`crate::Boundary::Measured`].
    measured: Cell<Counted>,
    /// Whether bytes were coming on one of them each time that its books were to be closed, so that
    /// socket and kernel cannot be compared there.
    is_restless: Cell<bool>,
    connecting_segments: Cell<u64>,
}

impl Sockets {
    /// Without a connection; peers send segments of `mss`.
    ///
    /// `of_library` says whether clients leave it to a library to open them.
    pub(crate) fn new(ipv6: bool, mss: u16, of_library: bool) -> Self {
        let headers = SegmentHeaders { ipv6, timestamps: true };
        Self {
            data_per_segment: headers.data_per_segment(mss),
            witnesses: RefCell::default(),
            folded: Cell::new(Counted::by_clients(of_library)),
            measured: Cell::new(Counted::by_clients(of_library)),
            is_restless: Cell::default(),
            connecting_segments: Cell::default(),
        }
    }

    /// Enters a connection.
    pub(crate) fn enter(&self, witness: &Rc<Witness>) {
        let mut witnesses = self.witnesses.borrow_mut();
        witness.place.set(witnesses.len());
        witnesses.push(Rc::clone(witness));
    }

    /// Takes a closed connection off the list, so that the list is as long as there are clients,
    /// however many connections each has had.
    pub(crate) fn fold(&self, witness: &Witness) {
        let mut witnesses = self.witnesses.borrow_mut();
        let place = witness.place.get();
        witnesses.swap_remove(place);
        if let Some(moved) = witnesses.get(place) {
            moved.place.set(place);
        }
        let sums = witness.sums();
        let mut closed = self.folded.get();
        closed += sums;
        self.folded.set(closed);
        if !witness.is_measured.get() {
            let mut measured = self.measured.get();
            measured += sums;
            self.measured.set(measured);
        }
    }

    /// Counts segments that opened or closed a connection in the measure phase.
    pub(crate) fn connecting(&self, segments: u64) {
        self.connecting_segments.set(self.connecting_segments.get() + segments);
    }

    pub(crate) fn connecting_segments(&self) -> u64 {
        self.connecting_segments.get()
    }

    /// Closes the measure phase's books of one connection, unless they are closed.
    pub(crate) fn close_measure(&self, witness: &Witness) {
        self.close_measure_before(witness, 0);
    }

    /// The same on the books as they were before the last `received` bytes: a response that is whole, or
    /// none, and then what has come of one in part.
    pub(crate) fn close_measure_before(&self, witness: &Witness, received: u64) {
        if !witness.is_measured.replace(true) {
            let (tls, begun) = match received {
                0 => (0, witness.in_part()),
                _ => (witness.tls_received(), 0),
            };
            let AsOfClient { counted, unread, in_part, is_exact } = witness.as_of_client();
            let received = received + tls + in_part;
            // What is unread was not there at the last read, so it came in segments of its own.
            let segments = [received, unread].map(|len| segments_for(len, self.data_per_segment));
            let mut sums = self.measured.get();
            sums += counted.before(received + begun, tls, segments.iter().sum());
            self.measured.set(sums);
            self.is_restless.set(self.is_restless.get() || !is_exact);
        }
    }

    /// The books of all connections, and what they would be at [`crate::Boundary::Measured`] if it
    /// were now for those that have not passed it.
    pub(crate) fn sums(&self) -> (Counted, Counted) {
        let mut sums = self.folded.get();
        let mut measured = self.measured.get();
        for witness in self.witnesses.borrow().iter() {
            let of_witness = witness.sums();
            sums += of_witness;
            if !witness.is_measured.get() {
                measured += of_witness;
            }
        }
        (sums, measured)
    }

    /// What was on its way where connections have passed [`crate::Boundary::Measured`].
    pub(crate) fn in_flight(&self) -> Option<InFlight> {
        self.is_restless.get().then_some(InFlight::Clients)
    }

    /// Bytes that were read of responses that are not whole.
    pub(crate) fn in_part(&self) -> u64 {
        self.witnesses.borrow().iter().map(|witness| witness.in_part()).sum()
    }

    /// Descriptors of the connections that are open.
    pub(crate) fn open(&self) -> Vec<RawFd> {
        self.witnesses.borrow().iter().filter_map(|witness| witness.open()).collect()
    }

    /// No connection passes [`crate::Boundary::Measured`] any more.
    pub(crate) fn end_measure(&self) {
        for witness in self.witnesses.borrow().iter() {
            witness.is_measured.set(true);
        }
    }

    /// Bytes that all sockets carried.
    pub(crate) fn bytes(&self) -> u64 {
        let of_open: u64 = self.witnesses.borrow().iter().map(|witness| witness.bytes()).sum();
        let folded = self.folded.get();
        let of_folded = |way: &Direction| folded.bytes(WitnessName::ClientSockets, *way);
        Direction::ALL.iter().map(of_folded).sum::<u64>() + of_open
    }
}
