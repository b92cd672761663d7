//! The command line: flags, wiring, exit codes, printing.
//!
//! The only crate that prints and ends the process. It prints through [`say`] (best effort, for
//! people) and [`output`] (what was asked for; it must arrive), never by macros, which panic where
//! the terminal is gone. Each subcommand is a file; `run` reads as a
//! table of contents: read, check, run, store, report.

mod adapters;
mod anatomy;
mod arguments;
mod baseline;
mod bounded;
#[cfg(test)]
mod built;
mod check;
mod compare;
mod completions;
mod environment;
mod exit;
mod floor;
mod help;
mod kept;
mod lab;
mod length;
mod link;
mod man;
mod merge;
mod new;
mod options;
mod output;
mod places;
mod plan;
mod prices;
mod progress;
#[cfg(test)]
mod promises;
mod report;
mod response_headers;
mod results;
mod run;
mod runs;
mod save_baseline;
mod say;
mod scenario_file;
mod scenarios;
mod schema;
mod serve;
mod shard;
mod shipped;
mod signals;
mod tag;
mod tool;
mod tui;
mod watching;
mod wrapped;

use std::process::ExitCode;

use pushbench_runner::TargetError;

use crate::arguments::Command;
use crate::exit::Exit;
use crate::say::say_error;

fn main() -> ExitCode {
    let prepared = signals::survive_file_size_limit().map_err(anyhow::Error::from);
    let done = prepared.and_then(|()| match environment::parse() {
        Ok(arguments) => done(arguments.command),
        Err(told) => output::put_told(&told),
    });
    let exit = done.unwrap_or_else(|error| {
        say_error(&error);
        match error.downcast_ref::<TargetError>() {
            Some(target) if target.is_wrong_usage() => Exit::WrongUsage,
            Some(_) | None => Exit::CouldNotRun,
        }
    });
    exit.into()
}

fn done(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Run(options) => run::run(&options),
        Command::Serve(options) => serve::serve(&options),
        Command::Check(options) => check::check(&options),
        Command::Report(options) => report::report(&options),
        Command::Anatomy(options) => anatomy::anatomy(&options),
        Command::Plan(options) => plan::plan(&options),
        Command::Floor(options) => floor::floor(&options),
        Command::Compare(options) => compare::compare(&options),
        Command::Results(options) => results::results(&options),
        Command::Merge(options) => merge::merge(&options),
        Command::Scenarios(options) => scenarios::scenarios(&options),
        Command::Adapters(options) => adapters::adapters(&options),
        Command::New(options) => new::new(&options),
        Command::Completions(options) => completions::completions(&options, environment::command()),
        Command::Man(options) => man::man(&options, environment::command()),
        Command::Schema(options) => schema::schema(&options),
        Command::Shard => shard::shard(),
        Command::Lab(options) => lab::lab(&options),
    }
}
