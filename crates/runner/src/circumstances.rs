//! What happened to whoever conducted a part of a trial, on record and back. Pure.

use pushbench_store::ShardV2;

use crate::judge::Circumstances;
use crate::samples::Unreported;

impl Circumstances {
    /// Puts it beside what a part has counted.
    pub(crate) fn put_on_record(&self, shard: &mut ShardV2) {
        let Self {
            unreported,
            server_ends,
            kernel_refusal,
            server_death,
            server_end,
            // A trial that is split has neither.
            link: _,
            proxy: _,
            late,
            // Whoever puts a trial together knows of that.
            lost_shards: _,
        } = self.clone();
        (shard.unreported, shard.unreported_reason) =
            unreported.map(|of| (of.times, of.first)).unzip();
        shard.server_ends_told = server_ends.as_ref().map(Result::is_ok);
        shard.server_ends_refusal = server_ends.and_then(Result::err);
        shard.kernel_refusal = kernel_refusal;
        shard.server_death = server_death;
        shard.server_end = server_end;
        shard.late = late;
    }

    /// What happened to any of these parts; what went wrong says where.
    pub(crate) fn of_shards<'s>(shards: impl Iterator<Item = &'s ShardV2> + Clone) -> Self {
        let mut all = Self::default();
        for shard in shards.clone() {
            if let Some(times) = shard.unreported {
                let first = shard.unreported_reason.clone().unwrap_or_default();
                let sum = all.unreported.get_or_insert(Unreported { times: 0, first });
                sum.times = sum.times.saturating_add(times);
            }
            let told = shard.server_ends_told.map(|told| match told {
                true => Ok(()),
                false => Err(shard.server_ends_refusal.clone().unwrap_or_default()),
            });
            all.server_ends = match (all.server_ends, told) {
                (Some(Err(reason)), _) => Some(Err(reason)),
                (known, None) => known,
                (_, told) => told,
            };
        }
        let any = |of: &dyn Fn(&ShardV2) -> Option<&String>| {
            let said = shards.clone().filter_map(|shard| {
                Some(format!("shard {}/{}: {}", shard.number, shard.of, of(shard)?))
            });
            Some(said.collect::<Vec<_>>().join("; ")).filter(|said| !said.is_empty())
        };
        all.kernel_refusal = any(&|shard| shard.kernel_refusal.as_ref());
        all.server_death = any(&|shard| shard.server_death.as_ref());
        all.server_end = any(&|shard| shard.server_end.as_ref());
        all
    }
}
