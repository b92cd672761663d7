//! Closing the books at a boundary: at one moment, codec, sockets, kernel and server have counted
//! the same bytes.
//!
//! While the schedule stands still nothing is published and no poll is due, but the server's clock
//! goes on: holds end and are asked for again, heartbeats are sent and answered. So stillness is not
//! waited for but made. All workers stop; what they have counted is compared with the kernel's books
//! and with the server's; if a byte is on its way they go on for a moment and it is tried again.
//!
//! A server may say the beginning of a response long before the rest, as the headers of a poll that it
//! holds. All of a response belongs to one phase, so what has come of one that is not whole counts for
//! nobody yet: it is taken off the books of the clients' sockets and kernel, and of the server.
//!
//! Where something is on its way at each attempt, the clients' books are closed by themselves, and
//! the server's are compared over a longer span: at the latest over the whole trial, when all
//! connections are closed and every byte has arrived.

#[cfg(test)]
mod tests;

use std::os::fd::RawFd;

use tokio::sync::mpsc::UnboundedSender;

use crate::bounds;
use crate::command::{Command, Standing};
use crate::outcome::{Boundary, InFlight, ServerSums};
use crate::witness::counted::{Counted, Tally};
use crate::witness::list::{Counter, PAIRS, WitnessName};

/// Attempts in a row that must find the same before two counts that differ are taken for what they
/// are and not for a byte on its way: with the pause between them, at least 0.1 s.
const STILL: u32 = 20;

/// Who on the server's side has counted what it carried for the clients of this trial. Asked while
/// every client stands still.
pub trait ServerWitnesses {
    /// What the server says of its sockets; `None` if it has no books, or others use it too.
    fn sockets(&mut self) -> Option<ServerSums>;

    /// What the kernel says of the server's ends of these connections, whose descriptors are this
    /// process's; `None` if it cannot be asked of any.
    fn kernel(&mut self, open: &[RawFd]) -> Option<Tally>;

    /// Whose ends those are: the server's, or those of a proxy in its place.
    fn kernel_name(&self) -> WitnessName {
        WitnessName::ServerKernel
    }
}

/// Asks nobody.
impl ServerWitnesses for () {
    fn sockets(&mut self) -> Option<ServerSums> {
        None
    }

    fn kernel(&mut self, _: &[RawFd]) -> Option<Tally> {
        None
    }
}

impl Standing {
    /// Whether all pairs of the clients' own witnesses agree: nothing waits to be read, or sent, or
    /// booked.
    ///
    /// The kernel has never received less than was read, nor sent more than was written, and the
    /// codec never booked more than passed: so sums that are equal are equal for each connection. Nor
    /// may a client be between a response and the request that belongs with it: both are in one phase.
    pub(crate) fn agrees(&self) -> bool {
        let mut own = PAIRS.iter().filter(|pair| !pair.asks_the_server());
        self.turning == 0 && own.all(|pair| self.counted.agrees(pair))
    }

    /// What a witness of the server's has counted, but for what has come of responses that are not
    /// whole. One that has sent less than that has not counted it.
    fn of_whole(&self, mut tally: Tally) -> Tally {
        if let Some(whole) = tally[Counter::Down].checked_sub(self.in_part) {
            tally[Counter::Down] = whole;
        }
        tally
    }

    /// Whether the pairs of one of the server's witnesses agree.
    fn agrees_with(&self, name: WitnessName, tally: Tally) -> bool {
        let counted = self.counted.with(name, tally);
        PAIRS
            .iter()
            .filter(|pair| pair.witnesses().any(|of| of == name))
            .all(|pair| counted.agrees(pair))
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
    /// What the server's witnesses had counted that can be compared at this moment.
    pub(crate) server: Counted,
}

/// What the attempts to take one boundary have found so far.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// What the clients' and the server's witnesses had counted at the last.
    last: Option<(Counted, Counted)>,
    /// How many before it had found just that.
    same: u32,
}

impl Attempts {
    /// Stops all workers, compares the books, and closes them if what is demanded agrees.
    pub(crate) fn attempt<'w>(
        &mut self,
        workers: impl Iterator<Item = &'w UnboundedSender<Command>>,
        boundary: Boundary,
        demand: Demand,
        server: &mut dyn ServerWitnesses,
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
        let taken = self.judge(&standing, demand, server);
        for verdict in verdicts {
            let _ = verdict.send(taken.is_some());
        }
        taken
    }

    /// Whether a boundary is taken where the clients' books stand so, and what did not agree.
    pub(crate) fn judge(
        &mut self,
        standing: &Standing,
        demand: Demand,
        server: &mut dyn ServerWitnesses,
    ) -> Option<Taken> {
        let clients_agree = standing.agrees();
        if !clients_agree && demand != Demand::Nothing {
            return None;
        }
        let found = ask(standing, server);
        let is_still = self.is_still(standing, &found);
        let server_agrees = found.in_flight.is_none();
        let in_flight = match (clients_agree, server_agrees) {
            (false, _) => Some(InFlight::Clients),
            (true, false) => Some(InFlight::Server),
            (true, true) => None,
        };
        let is_enough = match demand {
            Demand::All => in_flight.is_none(),
            Demand::Clients | Demand::Nothing => true,
        };
        // On one host what one kernel has sent it has received, a moment later: where nothing moves
        // for long and the two differ, nothing is on its way, and the books do not balance.
        let apart = found
            .in_flight
            .filter(|(name, _)| *name == server.kernel_name() && clients_agree && is_still);
        let taken = match apart {
            Some((name, tally)) => {
                Taken { in_flight: None, server: found.comparable.with(name, tally) }
            }
            None => Taken { in_flight, server: found.comparable },
        };
        is_enough.then_some(taken)
    }

    /// Whether this attempt and enough before it have found the same.
    fn is_still(&mut self, standing: &Standing, found: &Found) -> bool {
        let server = found
            .in_flight
            .iter()
            .fold(found.comparable, |counted, (name, tally)| counted.with(*name, *tally));
        let now = Some((standing.counted, server));
        self.same = if self.last == now { self.same + 1 } else { 0 };
        self.last = now;
        self.same >= STILL
    }
}

/// What the server's witnesses say.
struct Found {
    /// Those that can be compared with the clients' at this moment.
    comparable: Counted,
    /// The one that does not agree, as far as anybody can know since a byte is on its way.
    in_flight: Option<(WitnessName, Tally)>,
}

/// Asks the server's witnesses, the cheaper first: where it does not agree the other need not be
/// asked.
fn ask(standing: &Standing, server: &mut dyn ServerWitnesses) -> Found {
    let mut found = Found { comparable: Counted::default(), in_flight: None };
    let sockets = server.sockets();
    if let Some(sums) = sockets {
        let (name, tally) = (WitnessName::ServerSockets, standing.of_whole(sums.into()));
        if !standing.agrees_with(name, tally) {
            return Found { in_flight: Some((name, tally)), ..found };
        }
        found.comparable = found.comparable.with(name, tally);
    }
    let name = server.kernel_name();
    let Some(tally) = server.kernel(&standing.open) else { return found };
    let tally = standing.of_whole(tally);
    let agrees = standing.agrees_with(name, tally);
    match sockets {
        _ if agrees => found.comparable = found.comparable.with(name, tally),
        None => found.in_flight = Some((name, tally)),
        // Asking took a moment. If the server has carried nothing meanwhile, the kernel was asked of
        // the same bytes, and that it says something else is a fault. Otherwise it has not said
        // anything of this moment.
        Some(before) if server.sockets() == Some(before) => {
            found.comparable = found.comparable.with(name, tally);
        }
        Some(_) => {}
    }
    found
}
