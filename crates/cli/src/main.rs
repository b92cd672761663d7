//! The command line: flags, wiring, exit codes, printing.
//!
//! The only crate that prints and ends the process. Each subcommand is a file; `run` reads as a
//! table of contents: read, check, run, store, report.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this crate is the one that prints")]

mod anatomy;
mod arguments;
mod bounded;
mod check;
mod compare;
mod environment;
mod exit;
mod lab;
mod output;
mod pace;
mod plan;
mod progress;
mod report;
mod results;
mod run;
mod runs;
mod scenario_file;
mod serve;
mod signals;

use std::process::ExitCode;

use crate::arguments::Command;
use crate::exit::Exit;

fn main() -> ExitCode {
    let arguments = environment::parse();
    let done = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Serve(options) => serve::serve(&options),
        Command::Check(options) => check::check(&options),
        Command::Report(options) => report::report(&options),
        Command::Anatomy(options) => anatomy::anatomy(&options),
        Command::Plan(options) => plan::plan(&options),
        Command::Compare(options) => compare::compare(&options),
        Command::Results(options) => results::results(&options),
        Command::Lab(options) => lab::lab(&options),
    };
    let exit = done.unwrap_or_else(|error| {
        eprintln!("pushbench: {error:#}");
        Exit::CouldNotRun
    });
    exit.into()
}
