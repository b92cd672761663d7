//! Sums and the record of a trial: what of it holds them.

use pushbench_protocol::{ByteKind, Direction};

use crate::record::{AreaV2, BooksV1, HistogramV1, KindsV1, TrialV2, WaitingV2};
use crate::sums::{ClientHandshakes, Sums, SumsError};

impl Sums {
    /// The sums that a record of a trial holds. Adding them to those of another part and making the
    /// figures anew gives the whole.
    ///
    /// # Errors
    ///
    /// If it has none, since it is of version 1, or its samples cannot be read.
    pub fn of_record(trial: &TrialV2) -> Result<Self, SumsError> {
        let (Some(connections), Some(is_complete)) = (trial.connections, trial.is_complete) else {
            return Err(SumsError::NoSums {
                transport: trial.transport.clone(),
                round: trial.round,
            });
        };
        let mut sums = Self {
            clients: trial.clients,
            connections,
            broken_off: u64::from(!is_complete),
            servers: match trial.servers.as_slice() {
                [] => [0].into(),
                several => several.iter().copied().collect(),
            },
            phase_seconds: trial.phase_seconds.clone(),
            counts: trial.counts.clone(),
            witnesses: trial.books.witnesses.clone(),
            tickets: trial.books.tickets.clone(),
            in_flight: trial.books.in_flight.clone(),
            unbalanced: trial.books.unbalanced.clone(),
            age: trial.waiting.age.unwrap_or_default(),
            version_age: trial.waiting.version_age.unwrap_or_default(),
            longest_stall_ns: trial.waiting.longest_stall_ns.clone(),
            shortest_round_trip_ns: trial.waiting.shortest_round_trip_ns,
            handshakes: trial.tls.as_ref().map(|tls| ClientHandshakes {
                full: tls.full_handshakes,
                resumed: tls.resumed_handshakes,
                preliminary: tls.preliminary_handshakes,
                cipher_suite: tls.cipher_suite.clone(),
            }),
            server_handshakes: trial.tls.as_ref().and_then(|tls| tls.server_handshakes),
            work: trial.work.clone(),
            sample: trial.sample.clone(),
            ..Self::default()
        };
        for (phase, books) in &trial.books.phases {
            for (direction, kinds) in [(Direction::Up, &books.up), (Direction::Down, &books.down)] {
                let booked = above_tls(kinds).filter(|(_, bytes)| *bytes > 0);
                let booked = booked.map(|(kind, bytes)| ((*phase, direction, kind), bytes));
                sums.ledger.extend(booked);
            }
            sums.retransmitted_down.extend(books.retransmitted_down.map(|bytes| (*phase, bytes)));
        }
        for (name, histogram) in &trial.waiting.histograms {
            let samples = histogram
                .samples()
                .map_err(|cause| SumsError::Samples { name: name.clone(), cause })?;
            sums.samples.insert(name.clone(), samples);
        }
        let unexpected = trial.unexpected.iter();
        sums.unexpected =
            unexpected.map(|response| (response.error.clone(), response.clone())).collect();
        Ok(sums)
    }

    /// The servers, for the record: none where there is one.
    pub fn servers_on_record(&self) -> Vec<u32> {
        let servers = self.servers.iter().copied();
        if self.servers == [0].into() { Vec::new() } else { servers.collect() }
    }

    /// How long updates took, for the record.
    pub fn waiting(&self) -> WaitingV2 {
        let samples = self.samples.iter().filter(|(_, samples)| !samples.is_empty());
        let area = |area: AreaV2| Some(area).filter(|area| *area != AreaV2::default());
        WaitingV2 {
            histograms: samples
                .map(|(name, samples)| (name.clone(), HistogramV1::of(samples)))
                .collect(),
            age: area(self.age),
            version_age: area(self.version_age),
            longest_stall_ns: self.longest_stall_ns.clone(),
            shortest_round_trip_ns: self.shortest_round_trip_ns,
        }
    }

    /// What of the books adds up, for the record; what is made of it stands beside it.
    pub fn witnessed(&self) -> BooksV1 {
        BooksV1 {
            witnesses: self.witnesses.clone(),
            tickets: self.tickets.clone(),
            in_flight: self.in_flight.clone(),
            unbalanced: self.unbalanced.clone(),
            ..BooksV1::default()
        }
    }
}

/// Bytes of every kind above TLS.
fn above_tls(kinds: &KindsV1) -> impl Iterator<Item = (ByteKind, u64)> {
    [
        (ByteKind::Payload, kinds.payload),
        (ByteKind::Repeat, kinds.repeat),
        (ByteKind::Header, kinds.header),
        (ByteKind::Framing, kinds.framing),
        (ByteKind::Wrapping, kinds.wrapping),
        (ByteKind::Control, kinds.control),
        (ByteKind::Handshake, kinds.handshake),
        (ByteKind::Unexplained, kinds.unexplained),
    ]
    .into_iter()
}
