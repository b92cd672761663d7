//! Help that reads at every width: sentences end, and prose has no line breaks of the source's.
//!
//! `clap` breaks lines at the terminal's width, and keeps those that a text has. So prose is handed to
//! it in paragraphs; examples and tables, which are indented, keep their lines.

use clap::{Arg, Command};

/// The same command line with its texts in that form.
pub(crate) fn readable(command: Command) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    let command = paragraphs_after(command).mut_args(with_sentences);
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, readable))
}

fn paragraphs_after(command: Command) -> Command {
    match command.get_after_help().map(ToString::to_string) {
        Some(text) => command.after_help(unbroken(&text)),
        None => command,
    }
}

fn with_sentences(argument: Arg) -> Arg {
    let short = argument.get_help().map(|help| sentence(&help.to_string()));
    let long = argument.get_long_help().map(|help| sentence(&help.to_string()));
    let argument = match short {
        Some(help) => argument.help(help),
        None => argument,
    };
    match long {
        Some(help) => argument.long_help(help),
        None => argument,
    }
}

/// A text with the full stop that a derived help is without: what follows it, a default or a
/// variable, is no part of its last sentence.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim_end();
    match text.chars().last() {
        None | Some('.' | ':' | '!' | '?') => text.to_owned(),
        Some(_) => format!("{text}."),
    }
}

/// Lines of prose that follow one another as one; an indented line, an empty one, and one that ends
/// with a colon stand for themselves.
fn unbroken(text: &str) -> String {
    let mut out = String::new();
    let mut is_open = false;
    for line in text.lines() {
        let is_prose = !line.is_empty() && !line.starts_with(' ');
        if !out.is_empty() {
            out.push(if is_open && is_prose { ' ' } else { '\n' });
        }
        out.push_str(line);
        is_open = is_prose && !line.ends_with(':');
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::environment::command;

    use super::*;

    const WIDTH: usize = 80;

    fn at_width(mut command: Command) -> Vec<(String, String)> {
        command = command.term_width(WIDTH);
        command.build();
        let mut helps = vec![("pushbench".to_owned(), command.render_long_help().to_string())];
        for subcommand in command.get_subcommands_mut() {
            let name = subcommand.get_name().to_owned();
            helps.push((name.clone(), subcommand.render_long_help().to_string()));
            helps.push((name, subcommand.render_help().to_string()));
        }
        helps
    }

    #[test]
    fn no_line_of_help_is_longer_than_a_terminal_of_80_columns_and_no_example_is_torn() {
        for (name, help) in at_width(command()) {
            for line in help.lines() {
                assert!(line.chars().count() <= WIDTH, "{name}: {line}");
            }
        }
        let command = command();
        for of in command.get_subcommands().chain([&command]) {
            let after = of.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in after.lines().filter(|line| line.starts_with(' ')) {
                assert!(line.chars().count() <= WIDTH, "{}: {line}", of.get_name());
            }
        }
    }

    #[test]
    fn prose_is_broken_by_the_terminal_and_not_by_the_source() {
        // Of two lines that follow one another, the second's first word would not have fitted.
        for (name, help) in at_width(command()) {
            let Some((_, after)) = help.split_once("\nExamples:\n") else { continue };
            let lines: Vec<_> = after.lines().collect();
            for pair in lines.windows(2) {
                let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
                if let [line, next] = pair
                    && is_prose(line)
                    && is_prose(next)
                {
                    let word = next.split(' ').next().unwrap_or_default();
                    assert!(line.len() + 1 + word.len() > WIDTH, "{name}: {line}\n{next}");
                }
            }
        }
    }

    #[test]
    fn what_an_option_does_is_a_sentence_that_ends() {
        let mut command = command();
        command.build();
        for subcommand in command.get_subcommands() {
            for argument in subcommand.get_arguments() {
                let of = (subcommand.get_name(), argument.get_id().as_str());
                if matches!(of.1, "help" | "version") || of.0 == "help" {
                    continue;
                }
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                let before_default = help.split(" [default: ").next().unwrap_or_default();
                assert!(before_default.ends_with(['.', ':', '!', '?']), "{of:?}: {help}");
            }
        }
    }

    #[test]
    fn lines_of_prose_are_joined_and_all_else_is_left() {
        let text = "Examples:\n  a\n  b\n\nOne line\nand more.\n\nTwo.\n  an example";
        assert_eq!(
            unbroken(text),
            "Examples:\n  a\n  b\n\nOne line and more.\n\nTwo.\n  an example"
        );
    }
}
