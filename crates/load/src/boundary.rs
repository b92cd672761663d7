//! Closing the books at a boundary: at one moment, codec, sockets, kernel and server have counted
//! the same bytes.
//!
//! While the schedule stands still nothing is published and no poll is due, but the server's clock
//! goes on: holds end and are asked for again, heartbeats are sent and answered. So stillness is not
//! waited for but made. All workers stop; what they have counted is compared with the kernel's books
//! and with the server's; if a byte is on its way they go on for a moment and it is tried again.
//!
//! Where something is on its way at each attempt, the clients' books are closed by themselves, and
//! the server's are compared over a longer span: at the latest over the whole trial, when all
//! connections are closed and every byte has arrived.

use tokio::sync::mpsc::UnboundedSender;

use crate::bounds;
use crate::command::{Command, Standing};
use crate::outcome::{Boundary, InFlight, ServerSums};
use crate::witness::list::{PAIRS, WitnessName};

/// Asks the server what it has carried for the clients of this trial; `None` if it has no books, or
/// others use it too.
pub type ServerBooks<'a> = dyn FnMut() -> Option<ServerSums> + 'a;

impl Standing {
    /// Whether all pairs of the clients' own witnesses agree: nothing waits to be read, or sent, or
    /// booked.
    ///
    /// The kernel has never received less than was read, nor sent more than was written, and the
    /// codec never booked more than passed: so sums that are equal are equal for each connection.
    pub(crate) fn agrees(&self) -> bool {
        PAIRS.iter().filter(|pair| !pair.asks_the_server()).all(|pair| self.0.agrees(pair))
    }

    /// Whether the pairs with the server's witnesses agree.
    fn agrees_with(&self, server: ServerSums) -> bool {
        let counted = self.0.with(WitnessName::ServerSockets, server.into());
        PAIRS.iter().filter(|pair| pair.asks_the_server()).all(|pair| counted.agrees(pair))
    }
}

/// What must agree for a boundary to be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Demand {
    /// The clients' books among themselves and with the server's.
    All,
    /// The clients' books among themselves.
    Clients,
    /// Nothing.
    Nothing,
}

/// A boundary that was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Taken {
    /// What did not agree.
    pub(crate) in_flight: Option<InFlight>,
    /// What the server had carried, if it agreed.
    pub(crate) server: Option<ServerSums>,
}

/// Stops all workers, compares the books, and closes them if what is demanded agrees.
pub(crate) fn attempt<'w>(
    workers: impl Iterator<Item = &'w UnboundedSender<Command>>,
    boundary: Boundary,
    demand: Demand,
    server: &mut ServerBooks<'_>,
) -> Option<Taken> {
    let (replies, verdicts): (Vec<_>, Vec<_>) = workers
        .filter_map(|worker| {
            let (reply, standing) = std::sync::mpsc::sync_channel(1);
            let (verdict, told) = std::sync::mpsc::channel();
            let decide = Box::new(move |standing| {
                let _ = reply.try_send(standing);
                told.recv_timeout(bounds::WORKER).unwrap_or(false)
            });
            worker.send(Command::Close { boundary, decide }).ok()?;
            Some((standing, verdict))
        })
        .unzip();
    let mut standing = Standing::default();
    for reply in replies {
        // A worker that has ended has nothing under way.
        standing += reply.recv_timeout(bounds::WORKER).unwrap_or_default();
    }
    let taken = judge(&standing, demand, server);
    for verdict in verdicts {
        let _ = verdict.send(taken.is_some());
    }
    taken
}

/// Whether a boundary is taken where the clients' books stand so, and what did not agree.
pub(crate) fn judge(
    standing: &Standing,
    demand: Demand,
    server: &mut ServerBooks<'_>,
) -> Option<Taken> {
    let clients_agree = standing.agrees();
    if !clients_agree && demand != Demand::Nothing {
        return None;
    }
    let server = server();
    let agreeing = server.filter(|server| standing.agrees_with(*server));
    let in_flight = match (clients_agree, server.is_none() || agreeing.is_some()) {
        (false, _) => Some(InFlight::Clients),
        (true, false) => Some(InFlight::Server),
        (true, true) => None,
    };
    let is_enough = match demand {
        Demand::All => in_flight.is_none(),
        Demand::Clients | Demand::Nothing => true,
    };
    is_enough.then_some(Taken { in_flight, server: agreeing })
}

#[cfg(test)]
mod tests {
    use pushbench_wire::tcp_info::TcpInfo;

    use crate::witness::counted::{Counted, Tally};

    use super::*;

    /// Clients who have written 10 bytes and read 20, as far as codec and kernel know.
    fn standing(booked: u64, received: u64) -> Standing {
        let info = TcpInfo { bytes_sent: 10, bytes_received: received, ..TcpInfo::default() };
        let counted = Counted::of(20, 10, Some(info));
        Standing(counted.with(WitnessName::Codec, Tally::of_bytes(10, booked)))
    }

    fn check(standing: Standing, sent: Option<u64>, demand: Demand, expected: Option<Taken>) {
        let mut server = || sent.map(|sent| ServerSums { received: 10, sent });
        let taken = judge(&standing, demand, &mut server);
        assert_eq!(taken, expected, "{standing:?}, server sent {sent:?}, {demand:?}");
    }

    #[test]
    fn a_boundary_is_taken_when_all_have_counted_the_same() {
        let still = standing(20, 20);
        let server = Some(ServerSums { received: 10, sent: 20 });
        check(still, Some(20), Demand::All, Some(Taken { in_flight: None, server }));
        // A server without books has nothing to disagree with.
        check(still, None, Demand::All, Some(Taken { in_flight: None, server: None }));
    }

    #[test]
    fn a_byte_on_its_way_is_waited_for_and_then_left_to_a_longer_span() {
        check(standing(20, 20), Some(24), Demand::All, None);
        let without = |in_flight| Some(Taken { in_flight: Some(in_flight), server: None });
        check(standing(20, 20), Some(24), Demand::Clients, without(InFlight::Server));
        for unread in [standing(20, 24), standing(16, 20)] {
            check(unread, Some(24), Demand::All, None);
            check(unread, Some(24), Demand::Clients, None);
            check(unread, Some(24), Demand::Nothing, without(InFlight::Clients));
        }
    }
}
