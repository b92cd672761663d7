//! A trial from its shards: each was played by another process or machine, at the same time. Pure.

mod runs;
#[cfg(test)]
mod tests;

pub use runs::{MergeError, NamedRun, merge_runs, shards_of_one_run};

use pushbench_load::WitnessName;
use pushbench_scenario::{Scenario, Shard, Transport};
use pushbench_store::{CellV1, MachineV2, ShardV2, Sums, SumsError, TrialV2};

use crate::derive::{self, Played};
use crate::judge::Circumstances;
use crate::tls::tls_link_to;

/// Puts shards of one trial together: their sums are added, and books, figures, checks and model are
/// made of the whole, as of a trial that one process has played. Each machine keeps its own readings.
///
/// One of the shards is whoever conducted: it has the publisher, and the server's own counts. Or each
/// has a server of its own, and counts of that.
///
/// # Errors
///
/// If the shards are not of one trial, one of them has no sums, two have the same server's counts, or a
/// sum is more than its counter holds.
pub fn merge(shards: &[TrialV2], played: Played<'_>) -> Result<TrialV2, SumsError> {
    merge_without(&[], shards, played)
}

/// The same of a trial some of whose shards were lost: who, and why. It is invalid.
///
/// # Errors
///
/// As [`merge`].
pub(crate) fn merge_without(
    lost: &[String],
    shards: &[TrialV2],
    played: Played<'_>,
) -> Result<TrialV2, SumsError> {
    let trial = |shard: &TrialV2| format!("`{}`, round {}", shard.transport, shard.round);
    let whole = format!("`{}`, round {}", played.transport.label, played.round);
    for shard in shards {
        same("the trial", &whole, &trial(shard))?;
        same("the cell", &format!("{:?}", played.cell), &format!("{:?}", shard.cell))?;
    }
    // One that ended before any books were closed knows nothing of its connections.
    let kernel = WitnessName::Kernel.entry().label;
    let headers = shards.iter().filter(|shard| shard.books.witnesses.contains_key(kernel));
    let headers: Vec<_> =
        headers.map(|shard| shard.books.header_bytes_per_segment.to_string()).collect();
    for pair in headers.windows(2) {
        same("headers of a segment of so many bytes:", &pair[0], &pair[1])?;
    }
    let parts = shards.iter().map(Sums::of_record).collect::<Result<Vec<_>, _>>()?;
    let mut sums = Sums::of(&parts)?;
    sums.broken_off = sums.broken_off.saturating_add(lost.len() as u64);
    let machines = machines(shards);
    let server = shards.iter().find_map(|shard| shard.server.clone());
    let on_record = shards.iter().filter_map(|shard| shard.shard.as_ref());
    let of = on_record.clone().map(|shard| shard.of).max();
    let circumstances = Circumstances {
        lost_shards: of.map(|_| lost.to_vec()),
        ..Circumstances::of_shards(on_record)
    };
    let trial = derive::trial(played, sums, machines, &circumstances);
    Ok(TrialV2 { server, shards: of, ..trial })
}

/// Readings of each machine, once: several shards may have run on one.
fn machines(shards: &[TrialV2]) -> Vec<MachineV2> {
    let mut all: Vec<_> = shards.iter().flat_map(|shard| shard.machines.iter().cloned()).collect();
    all.sort();
    // Sorted by their names first.
    all.dedup_by(|next, kept| next.name.is_some() && next.name == kept.name);
    all
}

impl<'a> Played<'a> {
    /// What was to be played by shards that are on record; `None` if one of them is not of a shard.
    pub(crate) fn of_shards(
        (scenario, transport): (&'a Scenario, &'a Transport),
        cell: CellV1,
        shards: &'a [TrialV2],
        is_ours: bool,
    ) -> Option<Self> {
        // Whichever comes first in time says when it began, and whichever comes first in their order
        // how a server was addressed: neither depends on the order of the files.
        let first = shards.iter().min_by_key(|trial| trial.shard.as_ref().map(|of| of.number))?;
        let ShardV2 { host, ipv6, certificate_bytes, .. } = first.shard.as_ref()?;
        let tls = certificate_bytes.and_then(|bytes| tls_link_to(transport, host, bytes, is_ours));
        Some(Self {
            scenario,
            transport,
            round: first.round,
            cell,
            started_at: shards.iter().map(|trial| trial.started_at.clone()).min()?,
            host,
            is_ipv6: *ipv6,
            tls,
            is_ours,
            is_adapted: false,
            shard: Shard::WHOLE,
        })
    }
}

fn same(what: &'static str, left: &str, right: &str) -> Result<(), SumsError> {
    if left == right {
        return Ok(());
    }
    Err(SumsError::Apart { what, left: left.to_owned(), right: right.to_owned() })
}
