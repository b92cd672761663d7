//! `pushbench floor`: what this machine can do at all.

mod options;
mod remark;
mod table;

use std::io::{stdin, stdout};
use std::os::fd::AsFd;

use anyhow::Context;
use pushbench_floor::{Lengths, Plan, play};
use pushbench_report::{TextOptions, render_text};
use pushbench_runner::{ServerCommand, own_cores, play_floor, raise_open_files};
use pushbench_store::FloorPlayV2;
use serde_json::json;

use self::options::FloorFormat;
pub(crate) use self::options::FloorOptions;
use self::remark::Remark;
use crate::exit::Exit;
use crate::output;
use crate::say::say;
use crate::signals::Stop;
use crate::tool::{environment, own_command};

/// How a side of the floor is started.
pub(crate) fn floor_command() -> anyhow::Result<ServerCommand> {
    own_command(&["floor", "--side"])
}

/// Plays the floor of polls and of pushes in turn, and shows what each costs.
pub(crate) fn floor(options: &FloorOptions) -> anyhow::Result<Exit> {
    raise_open_files();
    if options.side {
        let input = stdin().as_fd().try_clone_to_owned().context("cannot read stdin")?;
        play(input, &mut stdout().lock())?;
        return Ok(Exit::Ok);
    }
    let without_effect = options.without_effect();
    if !without_effect.is_empty() {
        say(format_args!(
            "pushbench: {} would change nothing: --only leaves out what it is of",
            without_effect.join(", ")
        ));
        return Ok(Exit::WrongUsage);
    }
    let plans = options.plans();
    for plan in &plans {
        if let Err(error) = plan.check() {
            say(format_args!(
                "pushbench: {error} (connections are --connections of polls and --clients of pushes)"
            ));
            return Ok(Exit::WrongUsage);
        }
    }
    if cfg!(debug_assertions) {
        say("pushbench: this is a debug build; its times and CPU figures mean nothing");
    }
    let command = floor_command()?;
    let cores = if options.anywhere { [None; 2] } else { own_cores() };
    let lengths = Lengths { warm_up: options.warm_up, measure: options.duration };
    let stop = Stop::listen()?;
    let mut rounds: Vec<Vec<FloorPlayV2>> = vec![Vec::new(); plans.len()];
    let mut is_stopped = false;
    'played: for round in 0..options.rounds.get() as usize {
        // Who comes first changes, so that drift of the machine hits both alike.
        for place in 0..plans.len() {
            let which = (place + round) % plans.len();
            let mut watch = || stop.flow();
            match play_floor(&command, &plans[which], lengths, cores, &mut watch)? {
                Some(played) => rounds[which].push(played),
                None => {
                    is_stopped = true;
                    break 'played;
                }
            }
        }
    }
    if is_stopped && rounds.iter().all(Vec::is_empty) {
        say("pushbench: stopped before a round was over; nothing was measured");
        return Ok(Exit::Stopped);
    }
    if is_stopped {
        let played: Vec<_> = rounds.iter().map(|rounds| rounds.len().to_string()).collect();
        say(format_args!(
            "pushbench: stopped; the result is of the rounds until then, {} of {}",
            played.join(" and "),
            options.rounds
        ));
    }
    let remarks: Vec<_> = rounds.iter().filter_map(|rounds| Remark::of(rounds)).collect();
    for remark in remarks.iter().filter(|_| options.format == FloorFormat::Json) {
        say(format_args!("pushbench: {}", remark.text()));
    }
    let output = options.output.as_deref();
    match options.format {
        FloorFormat::Text => {
            let colour = output::has_colour(output, options.no_color);
            let text = TextOptions { colour, width: output::width(), record: None };
            output::put_styled(&render_text(&table::document(&rounds, &remarks), &text), output)?;
        }
        FloorFormat::Json => {
            let document = json!({
                "format": "pushbench-floor",
                "version": 1,
                "environment": environment(),
                "rounds": rounds,
            });
            output::put_json(&(serde_json::to_string_pretty(&document)? + "\n"), output)?;
        }
    }
    Ok(match is_stopped {
        true => Exit::Stopped,
        false if remarks.iter().any(Remark::is_of_nothing) => Exit::Invalid,
        false => Exit::Ok,
    })
}

/// The floors that are asked for.
impl FloorOptions {
    fn plans(&self) -> Vec<Plan> {
        let all = [self.polls(), self.pushes()];
        all.into_iter().flatten().collect()
    }
}
