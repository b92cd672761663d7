//! Adding sums: exact, checked, and the same in every order.

use std::collections::BTreeMap;

use crate::record::{CountsV1, FieldBlocksV2, InFlightV2, ReconnectsV2, TallyV2, WitnessV2};
use crate::sums::{ClientHandshakes, Sums, SumsError};

/// Whether something could be added.
pub(super) type Added = Result<(), SumsError>;

impl Sums {
    /// Adds another part.
    ///
    /// # Errors
    ///
    /// If a sum is more than its counter holds, or both parts have the server's counts. What was
    /// added until then is undefined.
    pub fn add(&mut self, other: &Self) -> Added {
        add("clients", &mut self.clients, other.clients)?;
        add("connections", &mut self.connections, other.connections)?;
        add("parts that were broken off", &mut self.broken_off, other.broken_off)?;
        for (phase, seconds) in &other.phase_seconds {
            let longest = self.phase_seconds.entry(*phase).or_default();
            *longest = longest.max(*seconds);
        }
        self.counts.add(&other.counts)?;
        add_all("bytes", &mut self.ledger, &other.ledger)?;
        self.add_of_servers(other)?;
        for (name, more) in &other.tickets {
            self.tickets.entry(name.clone()).or_default().add(name, more)?;
        }
        for (phase, in_flight) in &other.in_flight {
            let worst = self.in_flight.entry(*phase).or_insert(InFlightV2::Server);
            *worst = (*worst).max(*in_flight);
        }
        self.unbalanced.extend_from_slice(&other.unbalanced);
        self.unbalanced.sort();
        for (name, more) in &other.samples {
            self.samples.entry(name.clone()).or_default().merge(more);
        }
        for (what, area, more) in [
            ("ages", &mut self.age, other.age),
            ("versions behind", &mut self.version_age, other.version_age),
        ] {
            *area = area.checked_add(more).ok_or_else(|| too_large(what))?;
        }
        for (who, stall) in &other.longest_stall_ns {
            let longest = self.longest_stall_ns.entry(who.clone()).or_default();
            *longest = (*longest).max(*stall);
        }
        let trips = [self.shortest_round_trip_ns, other.shortest_round_trip_ns];
        self.shortest_round_trip_ns = trips.into_iter().flatten().min();
        if let Some(more) = &other.handshakes {
            self.handshakes.get_or_insert_default().add(more)?;
        }
        self.work.load.extend_from_slice(&other.work.load);
        self.work.load.sort();
        first(&mut self.sample, other.sample.as_ref());
        first_of_each(&mut self.unexpected, &other.unexpected);
        Ok(())
    }
}

impl CountsV1 {
    fn add(&mut self, other: &Self) -> Added {
        // By name, so that a count that is added to the record is added up too.
        let Self {
            published,
            sent,
            publishes_by_itself,
            without_id,
            without_time,
            expected,
            delivered,
            superseded,
            lost,
            duplicates,
            out_of_order,
            foreign,
            altered,
            deliveries_in_measure,
            uncompressed_payload_bytes_in_measure,
            polls,
            empty_polls,
            answers,
            connects,
            retries,
            reconnects,
            heartbeats,
            acknowledgements,
            overtaken,
            coded_messages,
            connecting_segments,
            field_blocks,
            examples,
            gap_messages,
            errors,
            close_errors,
        } = other;
        for (what, sum, more) in [
            ("messages due", &mut self.published, published),
            ("messages expected", &mut self.expected, expected),
            ("deliveries", &mut self.delivered, delivered),
            ("messages superseded", &mut self.superseded, superseded),
            ("messages lost", &mut self.lost, lost),
            ("duplicates", &mut self.duplicates, duplicates),
            ("messages out of order", &mut self.out_of_order, out_of_order),
            ("foreign messages", &mut self.foreign, foreign),
            ("deliveries", &mut self.deliveries_in_measure, deliveries_in_measure),
            ("polls", &mut self.polls, polls),
            ("empty polls", &mut self.empty_polls, empty_polls),
        ] {
            add(what, sum, *more)?;
        }
        for (what, sum, more) in [
            ("messages sent", &mut self.sent, sent),
            ("messages without an id", &mut self.without_id, without_id),
            ("messages without a time", &mut self.without_time, without_time),
            ("altered messages", &mut self.altered, altered),
            (
                "payload bytes",
                &mut self.uncompressed_payload_bytes_in_measure,
                uncompressed_payload_bytes_in_measure,
            ),
            ("connects", &mut self.connects, connects),
            ("retries", &mut self.retries, retries),
            ("heartbeats", &mut self.heartbeats, heartbeats),
            ("acknowledgements", &mut self.acknowledgements, acknowledgements),
            ("messages overtaken", &mut self.overtaken, overtaken),
            ("compressed messages", &mut self.coded_messages, coded_messages),
            ("connecting segments", &mut self.connecting_segments, connecting_segments),
        ] {
            if let Some(more) = more {
                add(what, sum.get_or_insert_default(), *more)?;
            }
        }
        self.publishes_by_itself |= publishes_by_itself;
        if let Some(more) = reconnects {
            self.reconnects.get_or_insert_default().add(more)?;
        }
        if let Some(more) = field_blocks {
            self.field_blocks.get_or_insert_default().add(more)?;
        }
        // The number is the server's: the sum stops at the largest that there is.
        self.gap_messages = self.gap_messages.saturating_add(*gap_messages);
        add_all("responses", &mut self.answers, answers)?;
        add_all("failures", &mut self.errors, errors)?;
        add_all("failures", &mut self.close_errors, close_errors)?;
        first_of_each(&mut self.examples, examples);
        Ok(())
    }
}

impl ReconnectsV2 {
    fn add(&mut self, other: &Self) -> Added {
        let Self { lost_connections, restored_connections, failed_attempts, by_second } = other;
        add("lost connections", &mut self.lost_connections, *lost_connections)?;
        add("restored connections", &mut self.restored_connections, *restored_connections)?;
        add("failed attempts to come back", &mut self.failed_attempts, *failed_attempts)?;
        add_all("clients that came back", &mut self.by_second, by_second)
    }
}

impl FieldBlocksV2 {
    fn add(&mut self, other: &Self) -> Added {
        let Self { connections, first, firsts_in_measure, first_in_measure, uncompressed } = other;
        add("connections", &mut self.connections, *connections)?;
        add("first streams", &mut self.firsts_in_measure, *firsts_in_measure)?;
        for (sums, more) in [
            (&mut self.first, first),
            (&mut self.first_in_measure, first_in_measure),
            (&mut self.uncompressed, uncompressed),
        ] {
            let mut ways = sums.iter_mut().zip(more);
            ways.try_for_each(|(sum, more)| add("bytes of field blocks", sum, *more))?;
        }
        Ok(())
    }
}

impl WitnessV2 {
    /// Adds what the same witness of another part has counted.
    pub(super) fn add(&mut self, name: &str, other: &Self) -> Added {
        for (phase, more) in &other.until {
            self.until.entry(*phase).or_default().add(name, more)?;
        }
        Ok(())
    }
}

impl WitnessV2 {
    /// Whether it says of how many connections it has counted.
    pub(super) fn counts_connections(&self) -> bool {
        self.until.values().all(|tally| tally.counts.contains_key("connections"))
    }
}

impl TallyV2 {
    fn add(&mut self, name: &str, other: &Self) -> Added {
        add(name, &mut self.missing, other.missing)?;
        add_all(name, &mut self.counts, &other.counts)
    }
}

impl ClientHandshakes {
    fn add(&mut self, other: &Self) -> Added {
        for (sum, more) in [
            (&mut self.full, other.full),
            (&mut self.resumed, other.resumed),
            (&mut self.preliminary, other.preliminary),
        ] {
            add("handshakes", sum, more)?;
        }
        first(&mut self.cipher_suite, other.cipher_suite.as_ref());
        Ok(())
    }
}

pub(super) fn too_large(what: &str) -> SumsError {
    SumsError::TooLarge { what: what.to_owned() }
}

pub(super) fn add(what: &str, sum: &mut u64, more: u64) -> Added {
    *sum = sum.checked_add(more).ok_or_else(|| too_large(what))?;
    Ok(())
}

fn add_all<K: Clone + Ord>(
    what: &str,
    sums: &mut BTreeMap<K, u64>,
    more: &BTreeMap<K, u64>,
) -> Added {
    more.iter().try_for_each(|(key, more)| add(what, sums.entry(key.clone()).or_default(), *more))
}

/// An example of several: the one that sorts first, so that no order of adding matters.
fn first<T: Clone + Ord>(of: &mut Option<T>, other: Option<&T>) {
    let both = of.take().into_iter().chain(other.cloned());
    *of = both.min();
}

fn first_of_each<T: Clone + Ord>(of: &mut BTreeMap<String, T>, other: &BTreeMap<String, T>) {
    for (kind, example) in other {
        let of = of.entry(kind.clone()).or_insert_with(|| example.clone());
        if example < of {
            of.clone_from(example);
        }
    }
}
