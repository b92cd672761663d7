//! A trial from its shards: each was played by another process or machine, at the same time and
//! against the same server. Pure.

#[cfg(test)]
mod tests;

use pushbench_store::{Sums, SumsError, TrialV2};

use crate::derive::{self, Played};
use crate::judge::Circumstances;

/// Puts shards of one trial together: their sums are added, and books, figures, checks and model are
/// made of the whole, as of a trial that one process has played. Each machine keeps its own readings.
///
/// One of the shards is whoever conducted: it has the publisher, and the server's own counts.
///
/// # Errors
///
/// If the shards are not of one trial, one of them has no sums, two have the server's counts, or a sum
/// is more than its counter holds.
pub fn merge(shards: &[TrialV2], played: Played<'_>) -> Result<TrialV2, SumsError> {
    let trial = |shard: &TrialV2| format!("`{}`, round {}", shard.transport, shard.round);
    let whole = format!("`{}`, round {}", played.transport.label, played.round);
    for shard in shards {
        same("the trial", &whole, &trial(shard))?;
        same("the cell", &format!("{:?}", played.cell), &format!("{:?}", shard.cell))?;
    }
    let headers = shards.iter().map(|shard| shard.books.header_bytes_per_segment.to_string());
    let headers: Vec<_> = headers.collect();
    for pair in headers.windows(2) {
        same("headers of a segment of so many bytes:", &pair[0], &pair[1])?;
    }
    let parts = shards.iter().map(Sums::of_record).collect::<Result<Vec<_>, _>>()?;
    let sums = Sums::of(&parts)?;
    let mut machines: Vec<_> =
        shards.iter().flat_map(|shard| shard.machines.iter().cloned()).collect();
    machines.sort();
    let server = shards.iter().find_map(|shard| shard.server.clone());
    let trial = derive::trial(played, sums, machines, &Circumstances::default());
    Ok(TrialV2 { server, ..trial })
}

fn same(what: &'static str, left: &str, right: &str) -> Result<(), SumsError> {
    if left == right {
        return Ok(());
    }
    Err(SumsError::Apart { what, left: left.to_owned(), right: right.to_owned() })
}
