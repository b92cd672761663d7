//! Adding what was counted at servers: once of each server.
//!
//! Parts that were played against the same server hold its counts once between them. Parts that had a
//! server each are added; what is not known of one server is not known of all, and is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{HandshakesV2, SideV2, SocketMemoryV1, WitnessV2, WorkV2};
use crate::sums::add::{Added, add};
use crate::sums::{Sums, SumsError};

impl Sums {
    /// Adds what another part has of its server.
    pub(super) fn add_of_servers(&mut self, other: &Self) -> Added {
        let is_of_any = !self.servers.is_empty() && !other.servers.is_empty();
        if is_of_any && self.servers.is_disjoint(&other.servers) {
            self.add_other_servers(other)?;
        } else {
            self.add_of_the_server(other)?;
        }
        self.servers.extend(&other.servers);
        Ok(())
    }

    fn add_of_the_server(&mut self, other: &Self) -> Added {
        once("retransmissions", &mut self.retransmitted_down, &other.retransmitted_down)?;
        only("handshakes", &mut self.server_handshakes, &other.server_handshakes)?;
        add_server_processes(&mut self.work, &other.work, false)?;
        only("socket memory", &mut self.work.server_sockets, &other.work.server_sockets)?;
        for (name, more) in &other.witnesses {
            match self.witnesses.get_mut(name) {
                Some(witness) if witness.side == SideV2::Server && !are_of_parts(witness, more) => {
                    return Err(SumsError::ServerTwice { what: "bytes" });
                }
                Some(witness) => witness.add(name, more)?,
                None => _ = self.witnesses.insert(name.clone(), more.clone()),
            }
        }
        Ok(())
    }

    fn add_other_servers(&mut self, other: &Self) -> Added {
        let retransmitted = &mut self.retransmitted_down;
        retransmitted.retain(|phase, _| other.retransmitted_down.contains_key(phase));
        for (phase, bytes) in retransmitted {
            add("retransmissions", bytes, other.retransmitted_down[phase])?;
        }
        self.server_handshakes = both(self.server_handshakes, other.server_handshakes, handshakes)?;
        add_server_processes(&mut self.work, &other.work, true)?;
        self.work.server_sockets =
            both(self.work.server_sockets, other.work.server_sockets, sockets)?;
        let names = self.witnesses.keys().chain(other.witnesses.keys());
        let names: BTreeSet<_> = names.cloned().collect();
        for name in names {
            let pair = (self.witnesses.remove(&name), other.witnesses.get(&name));
            let sum = match pair {
                (Some(mut witness), Some(more)) => {
                    if is_of_a_server(&witness) && is_of_a_server(more) {
                        witness.until.retain(|phase, _| more.until.contains_key(phase));
                        let shared = more.until.iter();
                        let shared = shared.filter(|(at, _)| witness.until.contains_key(at));
                        let until = shared.map(|(at, tally)| (*at, tally.clone())).collect();
                        witness.add(&name, &WitnessV2 { until, ..more.clone() })?;
                    } else {
                        witness.add(&name, more)?;
                    }
                    witness
                }
                (Some(alone), None) if !is_of_a_server(&alone) => alone,
                (None, Some(alone)) if !is_of_a_server(alone) => alone.clone(),
                _ => continue,
            };
            if !sum.until.is_empty() {
                self.witnesses.insert(name, sum);
            }
        }
        Ok(())
    }
}

/// Adds the server processes of another part, which are others if the servers are.
fn add_server_processes(work: &mut WorkV2, other: &WorkV2, are_apart: bool) -> Added {
    let ours: Vec<_> = work.server_processes().cloned().collect();
    let more: Vec<_> = other.server_processes().cloned().collect();
    if !are_apart && !ours.is_empty() && !more.is_empty() {
        return Err(SumsError::ServerTwice { what: "work" });
    }
    // Where the work of one server is not known, that of all is not.
    let are_known = !are_apart || (!ours.is_empty() && !more.is_empty());
    let all = if are_known { [ours, more].concat() } else { Vec::new() };
    work.put_server_processes(all);
    Ok(())
}

/// Whether a witness on the server's side has counted all that its server carried.
fn is_of_a_server(witness: &WitnessV2) -> bool {
    witness.side == SideV2::Server && !witness.counts_connections()
}

/// Whether two witnesses each say of how many connections they have counted: those of their part, and
/// no other's.
fn are_of_parts(witness: &WitnessV2, other: &WitnessV2) -> bool {
    witness.counts_connections() && other.counts_connections()
}

fn handshakes(of: HandshakesV2, more: HandshakesV2) -> Result<HandshakesV2, SumsError> {
    let mut sum = of;
    for (sum, more) in [
        (&mut sum.full, more.full),
        (&mut sum.resumed, more.resumed),
        (&mut sum.failed, more.failed),
    ] {
        add("handshakes", sum, more)?;
    }
    Ok(sum)
}

fn sockets(of: SocketMemoryV1, more: SocketMemoryV1) -> Result<SocketMemoryV1, SumsError> {
    let mut sum = of;
    add("sockets", &mut sum.sockets, more.sockets)?;
    add("socket memory", &mut sum.bytes, more.bytes)?;
    Ok(sum)
}

/// The sum where both are known.
fn both<T>(
    left: Option<T>,
    right: Option<T>,
    add: impl Fn(T, T) -> Result<T, SumsError>,
) -> Result<Option<T>, SumsError> {
    left.zip(right).map(|(left, right)| add(left, right)).transpose()
}

/// What only one part may have, since they share a server.
fn only<T: Clone>(what: &'static str, of: &mut Option<T>, other: &Option<T>) -> Added {
    match (&of, other) {
        (Some(_), Some(_)) => return Err(SumsError::ServerTwice { what }),
        (None, Some(_)) => of.clone_from(other),
        (_, None) => {}
    }
    Ok(())
}

/// The same of what is known by phase.
fn once<K: Clone + Ord, V: Clone>(
    what: &'static str,
    of: &mut BTreeMap<K, V>,
    other: &BTreeMap<K, V>,
) -> Added {
    match (of.is_empty(), other.is_empty()) {
        (false, false) => return Err(SumsError::ServerTwice { what }),
        (true, false) => of.clone_from(other),
        (_, true) => {}
    }
    Ok(())
}
