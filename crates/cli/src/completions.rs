//! `pushbench completions`: what a shell completes, by the commands and options that there are.

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use pushbench_adapter::SHIPPED;

use crate::exit::Exit;
use crate::output;
use crate::shipped::Shipped;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench completions bash > /etc/bash_completion.d/pushbench
  source <(pushbench completions bash)
  pushbench completions zsh > ~/.zfunc/_pushbench
  pushbench completions fish > ~/.config/fish/completions/pushbench.fish

The Debian package installs them.")]
pub(crate) struct CompletionsOptions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints a shell's completions of the command line.
pub(crate) fn completions(options: &CompletionsOptions, command: Command) -> anyhow::Result<Exit> {
    output::put(&script(options.shell, command)?, None)?;
    Ok(Exit::Ok)
}

/// A script for a shell.
fn script(shell: Shell, command: Command) -> anyhow::Result<String> {
    let mut script = Vec::new();
    generate(shell, &mut with_names(command), "pushbench", &mut script);
    Ok(String::from_utf8(script)?)
}

/// The command line with the names that an argument takes, where it takes nothing else. What may also be
/// a file, as a scenario to be run, completes files.
fn with_names(command: Command) -> Command {
    let scenarios: Vec<_> = Shipped::all().iter().map(|shipped| shipped.name).collect();
    let adapters: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
    let names = [("scenarios", scenarios), ("adapters", adapters)];
    names.into_iter().fold(shown(&command), |command, (of, names)| {
        command.mut_subcommand(of, |of| {
            of.mut_arg("name", |name| name.value_parser(PossibleValuesParser::new(names)))
        })
    })
}

/// The command line without what is hidden, which clap_complete completes as well.
fn shown(command: &Command) -> Command {
    let shown = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    let version = command.get_version().unwrap_or_default().to_owned();
    Command::new(command.get_name().to_owned()).version(version).subcommands(shown.cloned())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::environment::command;

    #[test]
    fn every_shell_gets_every_command_that_is_shown() {
        let command = command();
        let (hidden, shown): (Vec<_>, Vec<_>) =
            command.get_subcommands().partition(|subcommand| subcommand.is_hide_set());
        assert_eq!(hidden.len(), 1, "the part of a trial, which a run starts");
        for &shell in Shell::value_variants() {
            let script = script(shell, command.clone()).expect("it is UTF-8");
            for subcommand in &shown {
                assert!(
                    script.contains(subcommand.get_name()),
                    "{shell}: {}",
                    subcommand.get_name()
                );
            }
            assert!(script.contains("begin-at"), "{shell}");
        }
        assert!(
            script(Shell::Bash, command.clone()).expect("it is UTF-8").contains("servers/nchan")
        );
    }
}
