//! A shard that was played by itself: part of a run, and no answer to its question.

use pushbench_store::RunV2;

use crate::sections::extent;

/// What a reader does with it; `None` of a whole run.
pub(crate) fn answer(run: &RunV2) -> Option<String> {
    let shard = run.trials.iter().find_map(|trial| trial.shard.as_ref())?;
    let clients = extent::clients(run)?;
    let (number, of) = (shard.number, shard.of);
    let messages = match number {
        1 => "",
        _ => ", and the messages are counted by shard 1",
    };
    Some(format!(
        "This is shard {number}/{of}, a part of a run: its figures are of its own clients, {clients}{messages}. \
         The answer is of the whole: `pushbench merge FILE...` makes it of the records of all {of} shards."
    ))
}
