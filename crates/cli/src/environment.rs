//! Each option as an environment variable, by one rule for all: `PUSHBENCH_<COMMAND>_<OPTION>`.
//!
//! The command's name is in it, so that two commands never share a variable by chance: `--key` is
//! a file to one and sixteen bytes to another. No option names its variable itself.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use crate::arguments::Arguments;
use crate::help::readable;
use crate::serve::documented_default;

/// The arguments of this process.
///
/// # Errors
///
/// What clap has to print where they are wrong, or help or the version is asked for.
pub(crate) fn parse() -> Result<Arguments, clap::Error> {
    let matches = command().try_get_matches()?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command()))
}

/// The command line, with the variable of each option.
pub(crate) fn command() -> Command {
    let command = readable(Arguments::command());
    let names: Vec<String> =
        command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name.clone(), |subcommand| {
            subcommand.mut_args(|argument| with_variable(argument, &name))
        })
    });
    command.mut_subcommand("serve", |serve| serve.mut_args(with_documented_default))
}

/// The default of a server's option is that of its document, which a flag lays itself over.
fn with_documented_default(argument: Arg) -> Arg {
    let default = argument.get_long().and_then(documented_default);
    match (default, argument.get_help()) {
        (Some(default), Some(help)) => {
            let help = format!("{help} [default: {default}]");
            argument.help(help)
        }
        _ => argument,
    }
}

fn with_variable(argument: Arg, command: &str) -> Arg {
    // What a command works on is said where it is called, unless it may be left out there.
    let is_option = argument.get_long().is_some() || !argument.get_default_values().is_empty();
    if !is_option {
        return argument;
    }
    let variable = variable(command, argument.get_long().unwrap_or(argument.get_id().as_str()));
    let argument = argument.env(variable);
    match argument.get_action() {
        // A variable has a value where a flag has none: 1, yes and true set it, 0, no and false do not.
        ArgAction::SetTrue => argument.value_parser(BoolishValueParser::new()),
        ArgAction::Append => {
            let several = match argument.get_value_delimiter() {
                Some(',') => "separated by commas",
                Some('\n') => "each on a line of its own",
                _ => unreachable!("an option that may be repeated says what separates its values"),
            };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            argument.help(format!("{help} In the environment: several values, {several}."))
        }
        _ => argument,
    }
}

/// `PUSHBENCH_RUN_TARGET_TLS` for `target-tls` of `run`.
fn variable(command: &str, option: &str) -> String {
    format!("PUSHBENCH_{command}_{option}").to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_option_has_a_variable_that_names_its_command_and_no_two_share_one() {
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        let command = command();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands() {
            let prefix = variable(subcommand.get_name(), "");
            for argument in subcommand.get_arguments() {
                let owner = format!("{} {}", subcommand.get_name(), argument.get_id());
                let Some(variable) = argument.get_env() else {
                    assert!(argument.get_long().is_none(), "{owner} has no variable");
                    continue;
                };
                let variable = variable.to_string_lossy().into_owned();
                assert!(variable.starts_with(&prefix), "{owner}: {variable}");
                if let Some(other) = owners.insert(variable.clone(), owner.clone()) {
                    panic!("{variable} is both {owner} and {other}");
                }
            }
        }
        for expected in [
            "PUSHBENCH_RUN_SET",
            "PUSHBENCH_SERVE_KEY",
            "PUSHBENCH_ANATOMY_KEY",
            "PUSHBENCH_PLAN_FORMAT",
        ] {
            assert!(owners.contains_key(expected), "{expected}: {owners:?}");
        }
    }
}
