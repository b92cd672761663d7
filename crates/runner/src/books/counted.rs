//! What witnesses had counted, looked up in sums by the list of witnesses. Pure.

use pushbench_load::{Counter, Pair, WitnessName};
use pushbench_protocol::{Direction, Phase};
use pushbench_store::{Sums, TallyV2};

/// What a witness had counted when a phase ended; `None` if it was not asked.
pub(crate) fn tally(sums: &Sums, name: WitnessName, phase: Phase) -> Option<&TallyV2> {
    sums.witnesses.get(name.entry().label)?.until.get(&phase)
}

/// Whether the clients' sockets were a library's, which nobody could count on.
pub(super) fn are_booked(sums: &Sums) -> bool {
    let sockets = sums.witnesses.get(WitnessName::ClientSockets.entry().label);
    let has_none = |tally: &TallyV2| !tally.counts.contains_key(Counter::Up.label());
    sockets.is_some_and(|sockets| sockets.until.values().any(has_none))
}

/// Whether a phase was played to its end.
pub(super) fn was_reached(sums: &Sums, phase: Phase) -> bool {
    tally(sums, WitnessName::ClientSockets, phase).is_some()
}

/// What one counter of a witness grew by; `None` where it was not asked about every connection.
pub(super) fn grown(
    sums: &Sums,
    name: WitnessName,
    counter: Counter,
    after: Option<Phase>,
    to: Phase,
) -> Option<u64> {
    let at = |phase| of(tally(sums, name, phase)?, counter).filter(|_| has_all(sums, name, phase));
    let before = after.map_or(Some(0), at)?;
    // Nobody has counted less than before, but who reads a damaged record.
    at(to)?.checked_sub(before)
}

/// Whether a witness that says how many connections it has counted has counted all that there were:
/// the kernel knows nothing of the server's ends of those that are closed.
pub(super) fn has_all(sums: &Sums, name: WitnessName, phase: Phase) -> bool {
    let connections = |name| of(tally(sums, name, phase)?, Counter::Connections);
    !name.entry().counts_connections()
        || connections(name) == connections(WitnessName::ClientSockets)
}

/// Bytes that both sides of a pair counted, each by this look at one witness.
pub(super) fn sides(pair: &Pair, look: impl Fn(WitnessName) -> Option<u64>) -> Option<(u64, u64)> {
    let sum = |names: &[WitnessName]| names.iter().map(|&name| look(name)).sum::<Option<u64>>();
    Some((sum(pair.left)?, sum(pair.right)?))
}

/// Bytes of connections that came for a ticket only.
pub(super) fn of_tickets(sums: &Sums, name: WitnessName, direction: Direction) -> Option<u64> {
    of(sums.tickets.get(name.entry().label)?, Counter::bytes(direction))
}

/// One counter of a tally that has them all.
fn of(tally: &TallyV2, counter: Counter) -> Option<u64> {
    tally.counts.get(counter.label()).copied().filter(|_| tally.missing == 0)
}
