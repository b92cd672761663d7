//! `pushbench run`.

mod conclusion;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use anyhow::Context;
use pushbench_runner::{
    Options, Part, Placement, ShardCommand, ShardJob, Target, TargetTls, Tried, link_refusal,
    machine, missing_programs, raise_open_files, servers_beyond_loopback,
};
use pushbench_scenario::{Scenario, Shards, most_shards};
use pushbench_store::{Journal, RunStatus};
use pushbench_tls::Certificate;

use self::conclusion::conclude;
pub(crate) use self::conclusion::{exit, render_beside};
use crate::arguments::RunOptions;
use crate::bounded::read_text;
use crate::exit::Exit;
use crate::floor::floor_command;
use crate::say::say;
use crate::scenario_file::{
    Read, limit_beyond_loopback, limits_of_this_machine, missing_variables, read_scenario,
};
use crate::signals::{Stage, Stop};
use crate::tag::by_name;
use crate::tool::{environment, own_command, server_command, tool};
use crate::tui;
use crate::watching::Watching;

/// Runs a scenario: read, check, run, store, report.
pub(crate) fn run(options: &RunOptions) -> anyhow::Result<Exit> {
    options.output.insist();
    if let Some(refusal) = tui::refusal().filter(|_| options.tui) {
        say(format_args!("pushbench: {refusal}"));
        return Ok(Exit::WrongUsage);
    }
    let mut set = set_with_shards(options);
    set.extend(options.pin.map(|pin| format!("pin={pin}")));
    let read = read_scenario(&options.scenario, &set, &options.changes.only)?;
    let scenario = match &read.scenario {
        Ok(scenario) => scenario.clone(),
        Err(refused) => {
            say(refused);
            return Ok(Exit::Refused);
        }
    };
    let tags = match by_name(&options.tag) {
        Ok(tags) => tags,
        Err(name) => {
            say(format_args!("pushbench: --tag: `{name}` is given two values, expected one"));
            return Ok(Exit::WrongUsage);
        }
    };
    let part = match (&options.shard, &options.begin_at) {
        (Some(shard), Some(begin_at)) => match Part::read(shard, begin_at) {
            Ok(part) => Some(part),
            Err(error) => {
                say(format_args!("pushbench: {error}"));
                return Ok(Exit::WrongUsage);
            }
        },
        _ => None,
    };
    if part.is_some() && !(scenario.load.shards == Shards::ONE && scenario.servers().is_empty()) {
        say(
            "pushbench: --shard plays one process against a server of its own, but the scenario has \
             load.shards or a third-party server: --set load.shards=1, or select transports with --only",
        );
        return Ok(Exit::WrongUsage);
    }
    if part.is_some() && scenario.find.is_some() {
        say(
            "pushbench: --shard plays a part of each trial, but each step of [find] depends on what came of \
             the whole of the last one: leave out --shard",
        );
        return Ok(Exit::WrongUsage);
    }
    if part.is_some() && scenario.until.is_some() {
        say(
            "pushbench: --shard plays a part of each trial, but `until` of workload.rounds depends on what came \
             of the whole of them: --set workload.rounds=3, or another number for all machines",
        );
        return Ok(Exit::WrongUsage);
    }
    if let Some(of) = part.as_ref().map(|part| part.shard.of())
        && of > most_shards(&scenario)
    {
        say(format_args!(
            "pushbench: --shard: {of} shards, expected at most {}: each plays a client",
            most_shards(&scenario)
        ));
        return Ok(Exit::WrongUsage);
    }
    let limits = limits_of_this_machine(&of_part(&scenario, part.as_ref()));
    let missing = missing_variables(&scenario);
    let not_ready = limits.iter().map(ToString::to_string);
    let not_ready: Vec<_> = not_ready
        .chain(missing.iter().map(ToString::to_string))
        .chain(missing_programs(&scenario))
        .collect();
    if !not_ready.is_empty() {
        for problem in not_ready {
            say(format_args!("{}: {problem}", options.scenario.display()));
        }
        return Ok(Exit::Refused);
    }
    let third_party = scenario.transports.iter().find_map(|of| Some((of, of.server.as_ref()?)));
    if let Some((transport, server)) = third_party.filter(|_| options.target.is_some()) {
        say(format_args!(
            "pushbench: --target names one server for every transport, but {} asks server.{} of the \
             scenario: leave out --target, or select other transports with --only",
            transport.label, server.name
        ));
        return Ok(Exit::WrongUsage);
    }
    let proxied = scenario.transports.iter().find_map(|of| Some((of, of.proxy.as_ref()?)));
    let given = [("--target", options.target.is_some()), ("--shard", part.is_some())];
    let given = given.into_iter().find_map(|(option, is_given)| is_given.then_some(option));
    if let (Some((transport, proxy)), Some(given)) = (proxied, given) {
        say(format_args!(
            "pushbench: {given} is of a server or clients elsewhere, but {} goes through proxy.{} of the \
             scenario, which the run starts before a server of its own: leave out {given}, or select other \
             transports with --only",
            transport.label, proxy.name
        ));
        return Ok(Exit::WrongUsage);
    }
    if options.target.is_some() && scenario.with_cells().any(|cell| cell.faults.is_some()) {
        say(
            "pushbench: --target names a server that runs already, but the scenario has [fault], which is done to \
             a server that the run starts: leave out --target, or [fault]",
        );
        return Ok(Exit::WrongUsage);
    }
    let over_link = scenario.with_cells().any(|cell| cell.network.link.is_some());
    if over_link && (options.target.is_some() || part.is_some()) {
        let given = if options.target.is_some() { "--target" } else { "--shard" };
        say(format_args!(
            "pushbench: {given} is of a server or clients elsewhere, but the scenario has [network] put both \
             at the ends of a link that the run makes: leave out {given}, or the link's keys"
        ));
        return Ok(Exit::WrongUsage);
    }
    if options.target.is_some() && pushbench_scenario::is_split(&scenario, &machine()) {
        say(
            "pushbench: --target names one server, but load.shards has each shard start one of its own: \
             leave out --target, or --set load.shards=1",
        );
        return Ok(Exit::WrongUsage);
    }
    let untold = scenario.asked_of_server();
    if options.target.is_some() && !untold.is_empty() {
        say(cannot_be_told(&untold));
        return Ok(Exit::WrongUsage);
    }
    if cfg!(debug_assertions) {
        say("pushbench: this is a debug build; its times and CPU figures mean nothing");
    }
    for dropped in &scenario.dropped {
        say(format_args!(
            "pushbench: `{}` is not judged: --only leaves out a transport that it names",
            dropped.written_figure
        ));
    }
    raise_open_files();
    if let Some(missing) = link_refusal(&scenario) {
        say(format_args!("{}: [network]: {missing}", options.scenario.display()));
        return Ok(Exit::Refused);
    }

    let mut run_options = run_options(options, read)?;
    run_options.tags = tags;
    let placement = Placement::of(&scenario, run_options.target.is_some());
    if let Some(reason) = placement.not_as_asked() {
        say(format_args!(
            "pushbench: the processes are not placed on halves of the cores: {reason}"
        ));
    }
    run_options.placement = Some(placement);
    run_options.part = part;
    if over_link {
        "a link between two network namespaces".clone_into(&mut run_options.environment.link);
    }
    let beyond = servers_beyond_loopback(&scenario);
    for url in &beyond {
        run_options.environment.link.push_str(&format!(" and {url}"));
    }
    let is_beyond = run_options.target.as_ref().is_some_and(|t| !t.address.ip().is_loopback())
        || !beyond.is_empty();
    if let Some(limit) = limit_beyond_loopback(&scenario).filter(|_| is_beyond) {
        say(format_args!("{}: {limit}", options.scenario.display()));
        return Ok(Exit::Refused);
    }
    let begun = pushbench_runner::begin(&scenario, &run_options);
    let stop = Stop::listen()?;
    let mut watch = || stop.flow();
    match pushbench_runner::preflight(&begun, &scenario, &run_options, &mut watch)? {
        Tried::BrokenOff => return Ok(Exit::Stopped),
        Tried::Playable { findings } => {
            for finding in findings {
                say(format_args!("pushbench: a first message through the target: {finding}"));
            }
        }
    }
    if !stop.go_on_to(Stage::Playing) {
        return Ok(Exit::Stopped);
    }
    if let Some(part) = &run_options.part {
        say(format_args!("pushbench: {}", part.announced()));
    }
    let mut watching = Watching::begin(options, stop.clone(), &begun, &scenario)?;
    let mut journal = Journal::begin(&options.results, &begun, scenario.most_trials())
        .context("nothing was run, since its record could not be written; see --results")?;
    let folder = journal.folder().display().to_string();
    let run = pushbench_runner::run(begun, &scenario, &run_options, &mut journal, &mut watching);
    // Its bar must be gone before anything else is written to the terminal.
    watching.all_played();
    // Asked to end or not, what was played is kept.
    stop.go_on_to(Stage::Reporting);
    let has_record = !run.trials.is_empty() || run.status == RunStatus::Completed;
    let ended = conclude(options, &run_options, &run, journal);
    let code = ended.as_ref().map_or(Exit::CouldNotRun, |exit| *exit).code();
    watching.end(code, has_record.then_some(folder));
    ended
}

/// Why settings of our own server do not go with one that runs already, and what does.
fn cannot_be_told(untold: &BTreeMap<String, String>) -> String {
    let settings: Vec<_> = untold.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let flags = untold.iter().map(|(key, value)| {
        let key = key.trim_start_matches("server.").replace('_', "-");
        format!(" --{key} {value}")
    });
    format!(
        "pushbench: the server at --target runs already and cannot be told what the scenario has in \
         [server]: {}. Leave it out of the scenario and start that server with it, as in `pushbench \
         serve{}`; or leave out --target",
        settings.join(", "),
        flags.collect::<String>()
    )
}

/// The scenario with as many clients as are played here, for what it takes.
fn of_part(scenario: &Scenario, part: Option<&Part>) -> Scenario {
    let mut played = scenario.clone();
    let cells = played.cells.iter_mut().map(|cell| &mut cell.scenario.workload);
    if let Some(part) = part {
        for workload in cells.chain([&mut played.workload]) {
            let clients = workload.clients.get().div_ceil(part.shard.of());
            workload.clients = NonZeroU32::new(clients).unwrap_or(NonZeroU32::MIN);
        }
    }
    played
}

/// What changes the scenario, `--shards` among it.
fn set_with_shards(options: &RunOptions) -> Vec<String> {
    let shards = options.shards.iter().map(|shards| format!("load.shards={shards}"));
    options.changes.set.iter().cloned().chain(shards).collect()
}

fn run_options(options: &RunOptions, read: Read) -> anyhow::Result<Options> {
    let Read { path, text: file, files, .. } = read;
    let mut environment = environment();
    let target = options
        .target
        .as_deref()
        .map(Target::parse)
        .transpose()?
        .map(|target| -> anyhow::Result<Target> {
            let tls = target_tls(options)?;
            Ok(Target { publish_token: options.publish_token.clone(), tls, ..target })
        })
        .transpose()?;
    if let Some(target) = &target {
        environment.link = format!("target http://{}", target.host);
        if let Some(tls) = &target.tls {
            environment.link.push_str(&format!(" and https://{}", tls.host));
        }
    }
    let set = set_with_shards(options);
    let mut overrides: Vec<String> = set.iter().map(|set| format!("--set {set}")).collect();
    overrides.extend(options.changes.only.iter().map(|only| format!("--only {only}")));
    overrides.extend(options.pin.map(|pin| format!("--pin {pin}")));
    let cores = environment.cores.unwrap_or(1);
    Ok(Options {
        part: None,
        shards: Some(ShardCommand {
            command: own_command(&["shard"])?,
            job: ShardJob {
                scenario: path,
                text: file.clone(),
                set,
                only: options.changes.only.clone(),
                files: files.clone(),
                ..ShardJob::default()
            },
        }),
        server: server_command()?,
        floor: floor_command()?,
        target,
        cores,
        placement: None,
        file,
        files,
        overrides,
        tags: BTreeMap::new(),
        environment,
        tool: tool(),
    })
}

fn target_tls(options: &RunOptions) -> anyhow::Result<Option<TargetTls>> {
    let (Some(url), Some(file)) = (&options.target_tls, &options.target_certificate) else {
        return Ok(None);
    };
    let pem = read_text(file)
        .with_context(|| format!("cannot read the certificate {}", file.display()))?;
    let certificate = Certificate::from_pem(&pem).with_context(|| file.display().to_string())?;
    Ok(Some(TargetTls::parse(url, certificate)?))
}
