//! What was counted of messages, polls, failures and heads.

use std::collections::BTreeMap;

use crate::Fault;

/// What was counted. Each count names its population.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Messages due in the measure phase, over the subscribers of their topics.
    pub expected: u64,
    /// Of those, the ones that reached their subscriber, once each.
    pub delivered: u64,
    /// Of the expected, the ones that had to arrive and did not.
    pub lost: u64,
    /// Of the expected, the ones replaced before the client asked (`latest`).
    pub superseded: u64,
    /// Messages pushed again, any phase.
    pub duplicates: u64,
    /// Messages that came after a later one, any phase.
    pub out_of_order: u64,
    /// The same of those whose publish had no response yet when the later one was sent, any phase: two
    /// requests that are under way at once have no order.
    pub overtaken: u64,
    /// Messages that this trial's publisher did not send.
    pub foreign: u64,
    /// The beginning of the first of them.
    pub first_foreign: Option<String>,
    /// Messages that came otherwise than they were sent: cut, lengthened, filled anew, or to another
    /// topic. They are no deliveries.
    pub altered: u64,
    /// What the first of them was.
    pub first_altered: Option<String>,
    /// Deliveries in exchanges of the measure phase.
    pub deliveries_in_measure: u64,
    /// Payload bytes of those, as published.
    pub uncompressed_payload_in_measure: u64,
    /// Polls due in the measure phase; where polls are held, those answered in it.
    pub polls: u64,
    /// Of those, the ones that brought nothing new.
    pub empty_polls: u64,
    /// Answers to polls of the measure phase, by status.
    pub answers: BTreeMap<u16, u64>,
    /// TCP connections opened in the measure phase.
    pub connects: u64,
    /// Polls of the measure phase that were sent again, since the server had closed the connection
    /// under them.
    pub retries: u64,
    /// Clients that came back where their connection was lost; `None` where that ends a client.
    pub reconnects: Option<Reconnects>,
    /// Signs of life of the measure phase: pings and comments.
    pub heartbeats: u64,
    /// What a third-party server said to publishes that it took, in the measure phase.
    pub acknowledgements: u64,
    /// Messages of a third-party server that came in a content coding, any phase: what of their bytes on
    /// the wire was around the payload is not known.
    pub coded_messages: u64,
    /// The beginning of the first bytes that no rule of a third-party server's adapter explains; how
    /// many there were is in the books.
    pub first_unexplained: Option<String>,
    /// How many bytes a client of a third-party server had at its end that no unit had ended in, and
    /// the last of them, of the first such client.
    pub first_unfinished: Option<String>,
    /// Messages of a server that publishes by itself that do not say which they are, any phase: whether
    /// they came again is not known.
    pub without_id: u64,
    /// The beginning of the first of them, where the adapter says that there is an id.
    pub first_without_id: Option<String>,
    /// Messages of such a server that do not say when they were sent, any phase: they have no latency.
    pub without_time: u64,
    /// The beginning of the first of them, where the adapter says that there is a time.
    pub first_without_time: Option<String>,
    /// Messages that the server said it no longer held, any phase.
    pub gap_messages: u64,
    /// Failures, any phase but for the end of connections after the measured part.
    pub faults: BTreeMap<Fault, u64>,
    /// Connections that did not end in order when all was over.
    pub close_faults: BTreeMap<Fault, u64>,
}

impl Counts {
    /// Adds messages that a server said it no longer held. The number is the server's, so the sum
    /// stops at the largest that there is instead of overflowing.
    pub(crate) fn add_gap(&mut self, gap: u64) {
        self.gap_messages = self.gap_messages.saturating_add(gap);
    }

    /// Counts messages that were delivered in the measure phase, and the bytes of their payloads.
    pub(crate) fn add_deliveries(&mut self, messages: u64, payload: u64) {
        self.deliveries_in_measure += messages;
        self.uncompressed_payload_in_measure += payload;
    }

    /// Counts a response to a poll, which brought so many messages.
    pub(crate) fn add_poll(&mut self, status: u16, messages: u64) {
        self.polls += 1;
        self.empty_polls += u64::from(messages == 0);
        *self.answers.entry(status).or_default() += 1;
    }

    /// Counts a poll of the measure phase, and the status of its response, that brought something that
    /// nothing explains: it may have been new.
    pub(crate) fn add_unexplained_poll(&mut self, status: u16) {
        self.polls += 1;
        *self.answers.entry(status).or_default() += 1;
    }

    /// Counts a failure, apart if it is of the end of a connection when all is over.
    pub(crate) fn fail(&mut self, fault: Fault, is_of_the_end: bool) {
        let faults = if is_of_the_end { &mut self.close_faults } else { &mut self.faults };
        *faults.entry(fault).or_default() += 1;
    }
}

/// What was counted where clients come back.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reconnects {
    /// Connections that were lost, any phase but for the end.
    pub lost: u64,
    /// Of those, the ones in whose place the client got another.
    pub restored: u64,
    /// Attempts to get another that failed.
    pub failed: u64,
    /// Clients that came back in each second since the measure phase began.
    pub by_second: BTreeMap<u32, u64>,
}

impl Reconnects {
    /// A client is back, in this second of the measure phase if that has begun.
    pub(crate) fn is_back(&mut self, second: Option<u32>) {
        self.restored += 1;
        if let Some(second) = second {
            *self.by_second.entry(second).or_default() += 1;
        }
    }
}

/// What a worker's connections saw of heads, where those are compressed; no connection elsewhere.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HeadCounts {
    /// Connections.
    pub connections: u64,
    /// Field blocks of their first streams, any phase, up and down.
    pub first: [u64; 2],
    /// Of those, the part in the measure phase.
    pub first_in_measure: [u64; 2],
    /// First streams that began in the measure phase.
    pub firsts_in_measure: u64,
    /// What HTTP/1.1 would have written for the polls of the measure phase, up and down.
    pub uncompressed: [u64; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_add_up_without_a_panic() {
        let mut counts = Counts::default();
        counts.add_gap(u64::MAX);
        counts.add_gap(7);
        assert_eq!(counts.gap_messages, u64::MAX);
    }
}
