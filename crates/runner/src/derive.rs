//! From the sums of a trial to its record: books, figures, checks and model. Pure.
//!
//! A trial that was just played and a trial that is put together from shards go this one way.

use std::collections::BTreeMap;

use pushbench_model::{Compressed, Subject, TlsLink, predict_trial};
use pushbench_scenario::{Scenario, Shard, Transport};
use pushbench_store::{CellV1, MachineV2, ModelV1, Sums, TrialV2};

use crate::books::{books, segment_headers};
use crate::figures::{self, figures};
use crate::judge::{Circumstances, Evidence, as_modelled, judge, trust};
use crate::{tls, upstream};

/// What was to be played.
#[derive(Clone, Debug)]
pub struct Played<'a> {
    /// The work, with the seed of the round.
    pub scenario: &'a Scenario,
    /// One of its transports.
    pub transport: &'a Transport,
    /// Round, from 1.
    pub round: u32,
    /// Swept settings; empty without a sweep.
    pub cell: CellV1,
    /// When it began, RFC 3339, UTC.
    pub started_at: String,
    /// How the server is addressed.
    pub host: &'a str,
    /// Whether clients connect by IPv6.
    pub is_ipv6: bool,
    /// TLS, if there is any.
    pub tls: Option<TlsLink>,
    /// Whether the server is ours, so that the model says what it does.
    pub is_ours: bool,
    /// Whether it is spoken to as an adapter says, so that there is no model of it.
    pub is_adapted: bool,
    /// Which part of the trial it is; of a part there is no model, and it is not held against one.
    pub shard: Shard,
}

/// The record of a trial, as far as sums and machines make it.
pub(crate) fn trial(
    played: Played<'_>,
    sums: Sums,
    machines: Vec<MachineV2>,
    circumstances: &Circumstances,
) -> TrialV2 {
    let Played { scenario, transport, .. } = played;
    let headers = segment_headers(&sums, played.is_ipv6);
    let mut books = books(&sums, headers);
    books.reconciliations.extend(circumstances.proxy.iter().flat_map(upstream::compare));
    let workload = &scenario.workload;
    let figures = figures(&figures::Source {
        sums: &sums,
        books: &books,
        machines: &machines,
        headers,
        payload_bytes: workload.payload.bytes,
        scheduled_seconds: workload.measure.as_secs_f64(),
        time_scale: f64::from(workload.time_scale.get()),
        is_poll: transport.settings.kind().polls(),
        is_compressed: Compressed::of(transport.settings) != Compressed::Nothing,
    });
    let evidence = Evidence {
        scenario,
        transport: transport.settings,
        tls: transport.carriage.tls,
        sums: &sums,
        books: &books,
        machines: &machines,
        circumstances,
    };
    let mut checks = judge(&evidence);
    checks.extend(trust(tls::trust(transport)));
    let subject = Subject {
        scenario,
        transport,
        host: played.host,
        headers,
        tls: played.tls,
        started_at: &played.started_at,
    };
    // What a proxy makes of requests and responses is nobody's to predict.
    let has_model = played.shard.is_whole() && transport.without_model().is_none();
    if played.is_ours && has_model {
        checks.extend(as_modelled(&evidence, &subject));
    }
    let model = match played.is_adapted || !has_model {
        true => BTreeMap::new(),
        false => predict_trial(&subject),
    };
    TrialV2 {
        transport: transport.label.clone(),
        round: played.round,
        cell: played.cell,
        started_at: played.started_at,
        servers: sums.servers_on_record(),
        link: circumstances.link.clone(),
        proxy: circumstances.proxy.clone(),
        shard: None,
        shards: None,
        clients: sums.clients,
        connections: Some(sums.connections),
        is_complete: Some(sums.is_complete()),
        books,
        waiting: sums.waiting(),
        tls: tls::record(&sums, transport, played.is_ours),
        phase_seconds: sums.phase_seconds,
        counts: sums.counts,
        work: sums.work,
        machines,
        server: None,
        sample: sums.sample,
        unexpected: sums.unexpected.into_values().collect(),
        checks,
        figures,
        model: ModelV1 { figures: model },
    }
}
