//! What the witnesses have counted, added up over connections.

use std::ops::{AddAssign, Index, IndexMut};
use std::time::Duration;

use pushbench_protocol::Direction;
use pushbench_wire::tcp_info::TcpInfo;

use crate::witness::list::{Counter, Pair, WITNESSES, WitnessName};

/// What one witness has counted, each connection since it was opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Connections that it could not be asked about; its counts are without theirs.
    pub missing: u64,
    /// Whether its bytes are what was booked and no count of its own: of a connection whose socket is
    /// a library's. They tell whether anything moves, and are compared with nobody's.
    pub are_booked: bool,
    counts: [u64; Counter::ALL.len()],
}

impl Tally {
    /// Bytes of both directions.
    pub fn of_bytes(up: u64, down: u64) -> Self {
        let mut tally = Self::default();
        tally[Counter::Up] = up;
        tally[Counter::Down] = down;
        tally
    }

    /// Of connections none of which could be asked about.
    pub fn unknown(missing: u64) -> Self {
        Self { missing, ..Self::default() }
    }

    fn of_kernel(info: TcpInfo) -> Self {
        let mut tally = Self::of_bytes(info.data_sent(), info.data_received());
        tally[Counter::SegmentsUp] = info.segments_out;
        tally[Counter::SegmentsDown] = info.segments_in;
        tally[Counter::RetransmittedUp] = info.bytes_retransmitted;
        tally[Counter::WithTimestamps] = u64::from(info.timestamps);
        tally
    }

    /// Of one connection, as the kernel tells of its server's end.
    pub fn of_server_end(info: TcpInfo) -> Self {
        let mut tally = Self::of_bytes(info.data_received(), info.data_sent());
        tally[Counter::SegmentsUp] = info.segments_in;
        tally[Counter::SegmentsDown] = info.segments_out;
        tally[Counter::RetransmittedDown] = info.bytes_retransmitted;
        tally[Counter::WithTimestamps] = u64::from(info.timestamps);
        tally[Counter::Connections] = 1;
        tally
    }

    /// What was counted since an earlier look. Where either look could not ask about a connection,
    /// neither can the difference, and its counts say nothing; nor where a count has become less, as
    /// of a witness that sees open connections only.
    fn since(&self, earlier: &Self) -> Self {
        let mut since = Self { missing: self.missing.max(earlier.missing), ..*self };
        for (now, before) in since.counts.iter_mut().zip(earlier.counts) {
            match now.checked_sub(before) {
                Some(grown) => *now = grown,
                None => since.missing = since.missing.max(1),
            }
        }
        if since.missing == 0 { since } else { Self::unknown(since.missing) }
    }
}

impl Index<Counter> for Tally {
    type Output = u64;

    fn index(&self, counter: Counter) -> &u64 {
        &self.counts[counter as usize]
    }
}

impl IndexMut<Counter> for Tally {
    fn index_mut(&mut self, counter: Counter) -> &mut u64 {
        &mut self.counts[counter as usize]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.are_booked |= other.are_booked;
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, more)| *sum += more);
    }
}

/// What all witnesses of a set of connections have counted at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counted {
    tallies: [Option<Tally>; WITNESSES.len()],
    /// The shortest round trip of any connection, as the kernel saw it.
    pub min_round_trip: Option<Duration>,
}

impl Counted {
    /// Of no connection yet: nothing, by all who are asked about clients' connections.
    ///
    /// `of_library` says whether those open their own sockets.
    pub(crate) fn by_clients(of_library: bool) -> Self {
        let names = [WitnessName::ClientSockets, WitnessName::Kernel, WitnessName::TlsRecords];
        names
            .into_iter()
            .fold(Self::default(), |counted, name| counted.with(name, Tally::default()))
            .booked(of_library)
    }

    /// The same of connections whose sockets are a library's own, if they are.
    pub(crate) fn booked(mut self, of_library: bool) -> Self {
        if let Some(sockets) = &mut self.tallies[WitnessName::ClientSockets as usize] {
            sockets.are_booked = of_library;
        }
        self
    }

    /// Nothing, by everybody: what a trial begins with.
    pub fn nothing() -> Self {
        Self { tallies: [Some(Tally::default()); WITNESSES.len()], ..Self::default() }
    }

    /// One connection in clear text, as its socket and its kernel counted it; a kernel that could not
    /// be asked is missing.
    pub(crate) fn of(read: u64, written: u64, kernel: Option<TcpInfo>) -> Self {
        let of_kernel = kernel.map_or(Tally::unknown(1), Tally::of_kernel);
        let mut sockets = Tally::of_bytes(written, read);
        sockets[Counter::Connections] = 1;
        let min_round_trip = kernel.and_then(|info| info.min_round_trip);
        Self { min_round_trip, ..Self::default() }
            .with(WitnessName::ClientSockets, sockets)
            .with(WitnessName::Kernel, of_kernel)
            .with(WitnessName::TlsRecords, Tally::default())
    }

    /// The same with what one witness has counted.
    #[must_use]
    pub fn with(mut self, name: WitnessName, tally: Tally) -> Self {
        self.tallies[name as usize] = Some(tally);
        self
    }

    /// The same as if one witness had not been asked.
    #[must_use]
    pub fn without(mut self, name: WitnessName) -> Self {
        self.tallies[name as usize] = None;
        self
    }

    /// What a witness has counted; `None` if it was not asked.
    pub fn tally(&self, name: WitnessName) -> Option<&Tally> {
        self.tallies[name as usize].as_ref()
    }

    /// What a witness has counted, if it could be asked about every connection. One that says how
    /// many it has counted has counted all that there were, or not the same bytes as the others.
    pub fn whole(&self, name: WitnessName) -> Option<&Tally> {
        let has_all = |tally: &Tally| {
            !name.entry().counts_connections() || tally[Counter::Connections] == self.connections()
        };
        self.tally(name).filter(|tally| tally.missing == 0 && has_all(tally))
    }

    /// Connections that were opened.
    pub fn connections(&self) -> u64 {
        self.tally(WitnessName::ClientSockets).map_or(0, |sockets| sockets[Counter::Connections])
    }

    /// Bytes of one witness, and none where it was not asked.
    pub fn bytes(&self, name: WitnessName, direction: Direction) -> u64 {
        self.tally(name).map_or(0, |tally| tally[Counter::bytes(direction)])
    }

    /// Bytes that both sides of a pair have counted; `None` where one was not asked about all.
    pub fn pair(&self, pair: &Pair, direction: Direction) -> Option<(u64, u64)> {
        let bytes = |name| {
            let tally = self.whole(name).filter(|tally| !tally.are_booked)?;
            Some(tally[Counter::bytes(direction)])
        };
        let sum =
            |names: &[WitnessName]| -> Option<u64> { names.iter().map(|&name| bytes(name)).sum() };
        Some((sum(pair.left)?, sum(pair.right)?))
    }

    /// Whether a pair has counted the same, as far as it was asked.
    pub fn agrees(&self, pair: &Pair) -> bool {
        let of = |&direction: &Direction| self.pair(pair, direction);
        Direction::ALL.iter().filter_map(of).all(|(left, right)| left == right)
    }

    /// What was counted since an earlier look, by whoever was asked then too.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = *self;
        for (now, before) in since.tallies.iter_mut().zip(&earlier.tallies) {
            *now = now.as_ref().zip(before.as_ref()).map(|(now, before)| now.since(before));
        }
        since
    }

    /// Segments that the kernel counted, both ways.
    pub(crate) fn segments(&self) -> u64 {
        let kernel = self.tally(WitnessName::Kernel);
        kernel.map_or(0, |kernel| kernel[Counter::SegmentsUp] + kernel[Counter::SegmentsDown])
    }

    /// The same as it was before the last `received` bytes came, `tls` of them TLS's own.
    pub(crate) fn before(mut self, received: u64, tls: u64, segments: u64) -> Self {
        let taken = [
            (WitnessName::ClientSockets, received),
            (WitnessName::TlsRecords, tls),
            (WitnessName::Kernel, received),
        ];
        for (name, bytes) in taken {
            let tally = self.tallies[name as usize].as_mut().filter(|tally| tally.missing == 0);
            let Some(tally) = tally else { continue };
            tally[Counter::Down] -= bytes;
            // An estimate of the peer's segments, which cuts them as it likes.
            tally[Counter::SegmentsDown] = tally[Counter::SegmentsDown].saturating_sub(segments);
        }
        self
    }

    /// What the kernel received and nobody read, or a reset that followed a FIN, is on nobody's
    /// books.
    pub(crate) fn without_unread(mut self) -> Self {
        let read = self.bytes(WitnessName::ClientSockets, Direction::Down);
        if let Some(kernel) = &mut self.tallies[WitnessName::Kernel as usize] {
            kernel[Counter::Down] = kernel[Counter::Down].min(read);
        }
        self
    }
}

/// Of two sets of connections. A witness of one of them only is that of both.
impl AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.tallies.iter_mut().zip(other.tallies) {
            match (sum.as_mut(), more) {
                (Some(sum), Some(more)) => *sum += more,
                (None, more) => *sum = more,
                (Some(_), None) => {}
            }
        }
        let trips = [self.min_round_trip, other.min_round_trip];
        self.min_round_trip = trips.into_iter().flatten().min();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::witness::list::PAIRS;

    fn kernel(received: u64) -> TcpInfo {
        TcpInfo { bytes_sent: 10, bytes_received: received, ..TcpInfo::default() }
    }

    #[test]
    fn a_kernel_that_was_not_asked_about_all_is_not_compared() {
        let mut counted = Counted::of(20, 10, Some(kernel(24)));
        assert_eq!(counted.pair(&PAIRS[1], Direction::Down), Some((20, 24)));
        assert!(!counted.agrees(&PAIRS[1]));
        counted += Counted::of(1, 1, None);
        assert_eq!(counted.pair(&PAIRS[1], Direction::Down), None);
        assert!(counted.agrees(&PAIRS[1]), "nobody who knows says no");
    }

    #[test]
    fn what_a_codec_and_its_records_say_together_is_what_the_socket_carried() {
        let counted = Counted::of(22, 10, None)
            .with(WitnessName::Codec, Tally::of_bytes(10, 15))
            .with(WitnessName::TlsRecords, Tally::of_bytes(0, 7));
        assert_eq!(counted.pair(&PAIRS[0], Direction::Down), Some((22, 22)));
        assert!(counted.agrees(&PAIRS[0]));
        assert_eq!(counted.pair(&PAIRS[2], Direction::Up), None, "the server was not asked");
    }

    #[test]
    fn since_an_earlier_look_is_the_difference_of_those_who_were_asked_twice() {
        let earlier = Counted::of(20, 10, Some(kernel(20)));
        let now = Counted::of(50, 10, Some(kernel(50)))
            .with(WitnessName::ServerSockets, Tally::of_bytes(10, 50));
        let since = now.since(&earlier);
        assert_eq!(since.bytes(WitnessName::Kernel, Direction::Down), 30);
        // A connection of which the kernel says nothing any more.
        let gone = Counted::of(50, 10, None).since(&earlier);
        assert_eq!(gone.whole(WitnessName::Kernel), None);
        assert_eq!((since.connections(), since.tally(WitnessName::ServerSockets)), (0, None));
    }
}
