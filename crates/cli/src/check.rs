//! `pushbench check`.

use std::time::Duration;

use pushbench_protocol::counted;
use pushbench_protocol::number::thousands;
use pushbench_runner::{handed_to_axum, machine, missing_programs, without_floor};
use pushbench_scenario::{NamedServer, Scenario, format_duration, needs};

use crate::arguments::CheckOptions;
use crate::exit::Exit;
use crate::length;
use crate::output;
use crate::say::say;
use crate::scenario_file::{limits_of_this_machine, missing_variables, read_scenario};

/// Checks scenarios: says what each would do, or all that is wrong with it.
pub(crate) fn check(options: &CheckOptions) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    for path in &options.scenarios {
        match read_scenario(path, &options.changes.set, &options.changes.only)?.scenario {
            Ok(scenario) => {
                let limits = limits_of_this_machine(&scenario);
                let limits = limits.iter().map(ToString::to_string);
                let missing = missing_variables(&scenario);
                let programs = missing_programs(&scenario);
                let missing = missing.iter().map(ToString::to_string).chain(programs);
                let problems: Vec<_> = missing.chain(limits).collect();
                // What is not ready to run must not be called ok.
                let mark = if problems.is_empty() { "ok, " } else { "" };
                let mut lines = format!("{}: {mark}{}\n", path.display(), summary(&scenario));
                lines.extend(shards(&scenario));
                for server in servers(&scenario) {
                    lines.push_str(&format!("  {server}\n"));
                }
                lines.extend(search(&scenario));
                for note in handed_to_axum(&scenario).into_iter().chain(without_floor(&scenario)) {
                    lines.push_str(&format!("  note: {note}\n"));
                }
                for key in &scenario.without_effect {
                    lines.push_str(&format!("  {key} means nothing: nothing is published\n"));
                }
                output::put_list(&lines)?;
                for text in problems {
                    say(format_args!("{}: {text}", path.display()));
                    exit = Exit::Refused;
                }
            }
            Err(refused) => {
                say(refused);
                exit = Exit::Refused;
            }
        }
    }
    Ok(exit)
}

/// What a search would play, and for how long at most.
fn search(scenario: &Scenario) -> Option<String> {
    let find = scenario.find.as_ref()?;
    let (range, room) = find.within(scenario, &machine(), &|_| None);
    let values = |values: Vec<u32>| {
        values.iter().map(|value| thousands((*value).into())).collect::<Vec<_>>().join(", ")
    };
    let down = match range.downward() {
        none if none.is_empty() => String::new(),
        down => {
            let from = thousands(range.from.into());
            format!("; if it does not hold with {from}, {} until it does", values(down))
        }
    };
    let steps = range.most_steps();
    let room = room.map_or(String::new(), |limit| {
        format!("; not beyond {}: {}", thousands(range.to.into()), limit.of_more())
    });
    Some(format!(
        "  search: {} while {}: {}, then between the last two, to within {}%{down}; at most {} for \
         each transport, {} in all, {} if each is the longest{room}\n",
        find.quantity.label(),
        find.written,
        values(range.upward()),
        range.precision_percent(),
        counted(steps.into(), "step"),
        counted(scenario.most_trials_in(range) as u64, "trial"),
        format_duration(Duration::from_secs(length::of_search(scenario, find, range).as_secs())),
    ))
}

fn summary(scenario: &Scenario) -> String {
    if scenario.find.is_some() {
        return format!(
            "{}, {}",
            counted(scenario.workload.clients.get().into(), "client"),
            labels(scenario)
        );
    }
    let trials = scenario.trials();
    let until = match &scenario.until {
        None => String::new(),
        Some(until) => format!("until {}: at most ", until.written),
    };
    let cells = match scenario.cells.len() {
        0 => String::new(),
        cells => format!("{} of swept settings, ", counted(cells as u64, "combination")),
    };
    format!(
        "{}, {} ({cells}{until}{}, {})",
        counted(scenario.workload.clients.get().into(), "client"),
        labels(scenario),
        counted(trials.len() as u64, "trial"),
        length::in_words(scenario)
    )
}

fn labels(scenario: &Scenario) -> String {
    let labels: Vec<_> = scenario.transports.iter().map(|t| t.label.as_str()).collect();
    labels.join(", ")
}

/// Into how many processes each trial is split, where it is, and what one of them needs.
fn shards(scenario: &Scenario) -> Option<String> {
    let machine = machine();
    let needs = scenario.with_cells().map(|cell| needs(cell, &machine));
    let needs = needs.max_by_key(|needs| needs.shards).filter(|needs| needs.shards.get() > 1)?;
    Some(format!(
        "  {} shards, each a load process with a server process of its own: up to {} and {} open files \
         of {}, clients on {}\n",
        needs.shards,
        needs.open_files_load,
        needs.open_files_server,
        machine.open_files_limit,
        match needs.source_addresses {
            1 => "one loopback address".to_owned(),
            addresses => format!("{addresses} loopback addresses"),
        },
    ))
}

/// A line for each server that others wrote: by which adapter it is spoken to, where, and whether the
/// run starts it.
fn servers(scenario: &Scenario) -> Vec<String> {
    let mut lines = Vec::new();
    for server in scenario.servers() {
        let line = server_line(server);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn server_line(server: &NamedServer) -> String {
    let NamedServer { name, adapter, adapter_name, url, start, .. } = server;
    let how = match (adapter_name.as_str(), &adapter.tested) {
        ("inline", _) => "as the scenario describes it".to_owned(),
        (adapter, Some(tested)) => format!("by the adapter {adapter} (run against {tested})"),
        (adapter, None) => format!("by the adapter {adapter} (not run against the real server)"),
    };
    let started = match start {
        Some(start) => format!("started by `{}`", start.command.join(" ")),
        None => "which runs already".to_owned(),
    };
    format!("server {name}: {how}, at {url}, {started}")
}
