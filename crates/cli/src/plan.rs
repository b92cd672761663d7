//! `pushbench plan`.

mod options;
mod records;

use std::path::Path;

use pushbench_model::TlsLink;
use pushbench_model::{Subject, predict_rates, predict_rates_of_trial};
use pushbench_plan::radio::lte;
use pushbench_plan::{Plan, Prices, accuracy, compare, document, newest_valid};
use pushbench_protocol::{RequestProfile, TlsUse, TransportKind};
use pushbench_report::render_markdown;
use pushbench_scenario::{
    Rate, Scenario, Source, TOPIC_WITHOUT_A_CLIENT, Transport, each_topic_has_a_client, read,
};
use pushbench_store::TrialV2;
use pushbench_wire::segments::{IPV4_HEADER, IPV6_HEADER, SegmentHeaders, TCP_HEADER};
use serde_json::json;

pub(crate) use self::options::PlanOptions;
use self::options::{Phone, PlanFormat};
use self::records::{Found, find};
use crate::bounded::read_beside;
use crate::exit::Exit;
use crate::output;
use crate::prices::{books, today};
use crate::say::say;
use crate::scenario_file::read_scenario;

/// What nearly every connection of today's Internet has.
const USUAL: SegmentHeaders = SegmentHeaders { ipv6: false, timestamps: true };
/// As long as the addresses that runs use: one of loopback with a port of five digits.
const LOOPBACK: &str = "127.0.0.1:10000";
/// When what is planned begins: HTTP/2 encodes dates, of which some are shorter than others.
const STARTED: &str = "2026-01-01T00:00:00Z";

/// Plans a scenario: read, predict, compare with records, show.
pub(crate) fn plan(options: &PlanOptions) -> anyhow::Result<Exit> {
    let mut scenario = match scenario(options)? {
        Ok(scenario) => scenario,
        Err(refused) => {
            say(refused);
            return Ok(Exit::Refused);
        }
    };
    let books = match books(&options.prices)? {
        Ok(books) => books,
        Err(refused) => {
            say(refused);
            return Ok(Exit::Refused);
        }
    };
    scenario.transports.retain(|transport| {
        if let Some(why) = transport.without_model() {
            say(format_args!("pushbench: {} is left out: {why}", transport.label));
        }
        transport.without_model().is_none()
    });
    if scenario.transports.is_empty() {
        say(
            "pushbench: no transport is left, expected one that asks our own server and goes through no \
             proxy",
        );
        return Ok(Exit::Refused);
    }
    let (topics, clients) = (scenario.workload.topics, scenario.workload.clients);
    if !each_topic_has_a_client(topics, clients) {
        say(format_args!(
            "pushbench: {topics} topics, expected at most as many as clients, {clients}: \
             {TOPIC_WITHOUT_A_CLIENT}"
        ));
        return Ok(Exit::Refused);
    }
    if !scenario.cells.is_empty() {
        say("pushbench: the scenario sweeps settings; the plan is for their first combination");
    }
    let Found { records, unread } = find(&options.results)?;
    let (compared, mut left_out) =
        compare(&newest_valid(&records), &|scenario, transport, record, trial, rate| {
            let host =
                record.run.environment.link.strip_prefix("target http://").unwrap_or(LOOPBACK);
            let (headers, started_at) = (headers_of(trial), trial.started_at.as_str());
            let tls = tls_of(transport);
            let subject = Subject { scenario, transport, host, headers, tls, started_at };
            predict_rates_of_trial(&subject, rate)
        });
    left_out.extend(unread);
    let model = |scenario: &Scenario, transport: &Transport| {
        let (host, tls) = (options.host.as_str(), tls_of(transport));
        let (headers, started_at) = (USUAL, STARTED);
        let rate = scenario.workload.publish.rate.per_second();
        predict_rates(&Subject { scenario, transport, host, headers, tls, started_at }, rate)
    };
    let found = (accuracy(&compared), left_out);
    let radio = options.radio.map(|Phone::Lte| lte());
    let prices = Prices { per_gb: options.price_per_gb, books: &books, radio: radio.as_ref() };
    let plan = Plan::of(&scenario, &model, prices, &records, found);
    let output = options.output.as_deref();
    let document = || document(&plan, today());
    match options.format {
        PlanFormat::Text => output::put_document(&document(), output, options.no_color)?,
        PlanFormat::Md => output::put(&render_markdown(&document()), output)?,
        PlanFormat::Json => {
            let planned = json!({ "format": "pushbench-plan", "version": 1, "modelled": plan });
            output::put_value(&planned, output)?;
        }
    }
    Ok(Exit::Ok)
}

/// The TLS of a transport. Its handshake hangs on a certificate that a plan does not have.
fn tls_of(transport: &Transport) -> Option<TlsLink> {
    match transport.carriage.tls {
        TlsUse::None => None,
        TlsUse::Full | TlsUse::Resumed => Some(TlsLink { handshake: None }),
    }
}

/// The scenario of the file or of the flags, with what the flags change.
fn scenario(
    options: &PlanOptions,
) -> anyhow::Result<Result<Scenario, pushbench_scenario::Refused>> {
    let overrides = options.overrides();
    let only = &options.changes.only;
    let scenario = match options.scenario() {
        Some(path) => read_scenario(path, &overrides, only)?.scenario,
        None => {
            let text = usual(&options.headers);
            let path = Path::new("plan.toml");
            let read_file = |name: &Path| read_beside(name);
            read(&Source { path, text: &text, overrides: &overrides, only, read_file: &read_file })
        }
    };
    Ok(scenario.map(|mut scenario| {
        // These may be larger than a scenario that is to be run.
        if let Some(clients) = options.clients {
            scenario.workload.clients = clients;
        }
        if let Some(topics) = options.topics {
            scenario.workload.topics = topics;
        }
        if let Some(every) = options.message_every {
            scenario.workload.publish.rate = Rate { count: std::num::NonZeroU32::MIN, per: every };
        }
        if let Some(interval) = options.interval {
            for transport in &mut scenario.transports {
                transport.settings = transport.settings.with_interval(interval);
            }
        }
        scenario
    }))
}

/// A scenario with every kind of transport that these headers can ask for.
fn usual(headers: &Option<String>) -> String {
    let profile = headers.as_deref().map(RequestProfile::built_in);
    let has_own_path = matches!(profile, Some(Ok(profile)) if profile.has_own_path());
    let mut text = "question = \"What would it cost?\"\n\n[workload]\nclients = 1_000\n\
                    publish = { every = \"1s\" }\npayload = { bytes = 20 }\n"
        .to_owned();
    let can_ask = |kind: &TransportKind| !has_own_path || kind.properties().takes_own_request_line;
    for kind in TransportKind::ALL.iter().filter(|kind| can_ask(kind)) {
        let interval = if kind.has_timer() { "interval = \"1s\"\n" } else { "" };
        text.push_str(&format!("\n[[transport]]\nkind = \"{kind}\"\n{interval}"));
    }
    text
}

/// Headers of the segments of a trial, by their length on record.
fn headers_of(trial: &TrialV2) -> SegmentHeaders {
    let len = trial.books.header_bytes_per_segment;
    let ipv6 = len >= IPV6_HEADER + TCP_HEADER;
    let bare = TCP_HEADER + if ipv6 { IPV6_HEADER } else { IPV4_HEADER };
    SegmentHeaders { ipv6, timestamps: len > bare }
}
