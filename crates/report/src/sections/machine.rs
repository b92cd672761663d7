//! Where the run ran, with which settings, and where its record lies.

use pushbench_store::{EnvironmentV1, PlacementV2, RunV2, ThirdPartyV1, TlsV1, TrialV2};

use crate::layout::{Section, Tone};
use crate::units::{bytes, counted, grouped};

/// Machine, network, each transport's options, the scenario's settings, the record's path.
pub(crate) fn machine(run: &RunV2, record: Option<&str>) -> Section {
    let mut section = Section::new("Where and how");
    let environment = &run.environment;
    if let Some(warning) = of_build(run) {
        section.say(Tone::Warning, warning);
    }
    let mut items = vec![format!("machine: {}", hardware(environment))];
    items.extend(environment.placement.as_ref().map(placement));
    items.push(format!("network: {}", network(run)));
    items.extend(run.trials.iter().find_map(|trial| trial.tls.as_ref()).map(tls));
    for text in run.trials.iter().filter_map(processes) {
        if !items.contains(&text) {
            items.push(text);
        }
    }
    items.extend(run.transports.iter().map(|transport| {
        let options = transport.options.iter().map(|(name, value)| format!("{name} {value}"));
        let options: Vec<_> = options.collect();
        let options = if options.is_empty() { "no options".to_owned() } else { options.join(", ") };
        let server = transport.server.as_ref().map(third_party).unwrap_or_default();
        format!("{}: {server}{options}", transport.label)
    }));
    // The question and the transports' options stand elsewhere in the report.
    let settings = run.scenario.settings.iter();
    let settings = settings
        .filter(|(name, _)| *name != "question" && !name.starts_with("transport."))
        .map(|(name, value)| format!("{name} {value}"));
    items.push(format!("settings: {}", settings.collect::<Vec<_>>().join(", ")));
    if !run.scenario.overrides.is_empty() {
        items.push(format!("set by hand: {}", run.scenario.overrides.join(", ")));
    }
    if !run.tags.is_empty() {
        items.push(format!("tags: {}", tags(run)));
    }
    items.push(format!(
        "run: {} {}, {} build, started {}, ended {}, id {}",
        run.tool.name, run.tool.version, environment.build, run.started_at, run.ended_at, run.id
    ));
    if let Some(record) = record {
        items.push(format!("record: {record}"));
    }
    section.list(items.into_iter().map(|item| vec![Tone::Faint.span(item)]).collect());
    section
}

/// `commit=abc, host=a`; empty without any.
pub(crate) fn tags(run: &RunV2) -> String {
    let tags = run.tags.iter().map(|(name, value)| format!("{name}={value}"));
    tags.collect::<Vec<_>>().join(", ")
}

/// What a build that is not the one to be measured cannot say.
pub(crate) fn of_build(run: &RunV2) -> Option<String> {
    let build = &run.environment.build;
    (!run.environment.is_optimized()).then(|| {
        format!(
            "This was a {build} build: its CPU, memory and short latencies say nothing about a release build."
        )
    })
}

/// Over how many processes a trial was split, or which part of one it is.
fn processes(trial: &TrialV2) -> Option<String> {
    if let Some(shard) = &trial.shard {
        return Some(format!(
            "shard {}/{}: the figures are of its clients only",
            shard.number, shard.of
        ));
    }
    let shards = trial.shards?;
    Some(format!(
        "shards: {shards}, each a load process with a server process of its own; every message is \
         published to each server"
    ))
}

/// A third-party server, and how far its adapter may be trusted; what follows are its options.
fn third_party(server: &ThirdPartyV1) -> String {
    let ThirdPartyV1 { name, adapter, about, tested, .. } = server;
    let about = about.as_ref().map(|about| format!(" ({about})")).unwrap_or_default();
    let tested = match (tested, adapter.as_str()) {
        (Some(tested), _) => format!("tested with {tested}"),
        (None, "inline") => "described in the scenario".to_owned(),
        // Every other is a file of whoever wrote the scenario.
        (None, path) if path.contains(['/', '.']) => "which names no test".to_owned(),
        (None, _) => "not run against the real server, only against a transcript".to_owned(),
    };
    format!("third-party server {name}{about}, adapter {adapter}, {tested}; ")
}

fn hardware(environment: &EnvironmentV1) -> String {
    let EnvironmentV1 { cpu, cores, memory_bytes, kernel, os, open_files_limit, .. } = environment;
    known([
        cpu.clone(),
        cores.map(|cores| counted(cores.into(), "core")),
        memory_bytes.map(|memory| format!("{} memory", bytes(memory as f64))),
        os.clone(),
        kernel.as_ref().map(|kernel| format!("kernel {kernel}")),
        open_files_limit.map(|limit| counted(limit, "open file")),
    ])
}

/// Where the processes ran, and why.
fn placement(placement: &PlacementV2) -> String {
    let PlacementV2 { asked, reason, .. } = placement;
    format!("processes: {} (pin {asked}: {reason})", placement.place())
}

fn network(run: &RunV2) -> String {
    let environment = &run.environment;
    let header = run.trials.iter().map(|trial| trial.books.header_bytes_per_segment).max();
    let header = header.filter(|&bytes| bytes > 0);
    known([
        Some(environment.link.clone()),
        environment.congestion_control.clone(),
        environment
            .tcp_timestamps
            .map(|on| format!("TCP timestamps {}", if on { "on" } else { "off" })),
        header.map(|bytes| format!("{bytes} header bytes per segment")),
        run.scenario.settings.get("network.mss").map(|mss| format!("maximum segment {mss} B")),
        environment.port_range.map(|[first, last]| format!("ports {first} to {last}")),
    ])
}

fn tls(tls: &TlsV1) -> String {
    let TlsV1 { version, library, cipher_suite, record_bytes, tickets, .. } = tls;
    let known = known([
        Some(format!("version {version}")),
        cipher_suite.clone(),
        Some(format!("records of up to {} B", grouped(*record_bytes as f64, 0))),
        tickets.map(|tickets| format!("{tickets} tickets per handshake")),
        Some(library.clone()),
    ]);
    format!("TLS: {known}")
}

fn known<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_on_which_cpus_the_processes_ran_and_why() {
        let none = PlacementV2 {
            asked: "auto".to_owned(),
            placed: "none".to_owned(),
            reason: "there is 1 core for both sides".to_owned(),
            ..PlacementV2::default()
        };
        assert_eq!(
            placement(&none),
            "processes: anywhere (pin auto: there is 1 core for both sides)"
        );
        let halves = PlacementV2 {
            asked: "halves".to_owned(),
            reason: "as asked".to_owned(),
            server_cpus: vec![0, 2],
            load_cpus: vec![1],
            ..none
        };
        assert_eq!(
            placement(&halves),
            "processes: server on CPUs 0, 2, load generator on CPU 1 (pin halves: as asked)"
        );
    }
}
