//! `pushbench man`: manual pages of the commands and options that there are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;

use crate::exit::Exit;
use crate::output;
use crate::say::say;

/// Without a name: the page that names all others.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench man | man -l -
  pushbench man run | man -l -
  pushbench man --dir ~/.local/share/man/man1

The Debian package installs them: `man pushbench-run`.")]
pub(crate) struct ManOptions {
    /// The command whose page is printed
    name: Option<String>,
    /// Write all pages into this folder, which is made if it is not there: pushbench.1 and one for each
    /// command.
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    dir: Option<PathBuf>,
}

/// Prints a manual page of the command line, or writes all.
pub(crate) fn man(options: &ManOptions, command: Command) -> anyhow::Result<Exit> {
    let mut pages = pages(command)?;
    if let Some(folder) = &options.dir {
        write(&pages, folder)?;
        output::put_list(&format!("{} pages are written to {}\n", pages.len(), folder.display()))?;
        return Ok(Exit::Ok);
    }
    let wanted = match &options.name {
        Some(name) => file_of(&format!("pushbench-{name}")),
        None => file_of("pushbench"),
    };
    match pages.iter().position(|page| page.file == wanted) {
        Some(at) => output::put(&pages.swap_remove(at).text, None)?,
        None => {
            let name = options.name.as_deref().unwrap_or_default();
            say(format_args!("pushbench man: there is no command `{name}`"));
            return Ok(Exit::WrongUsage);
        }
    }
    Ok(Exit::Ok)
}

/// A manual page.
struct Page {
    file: String,
    text: String,
}

fn file_of(name: &str) -> String {
    format!("{name}.1")
}

/// The page of the program, then that of each command that is shown.
fn pages(command: Command) -> anyhow::Result<Vec<Page>> {
    let mut whole = command.disable_help_subcommand(true);
    whole.build();
    let shown = whole.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    let named = shown.map(|subcommand| {
        let name = format!("pushbench-{}", subcommand.get_name());
        // Its title is its own, and the version stands on the first page.
        (name.clone(), subcommand.clone().display_name(name))
    });
    let named: Vec<_> = named.collect();
    let first = std::iter::once(("pushbench".to_owned(), whole));
    first.chain(named).map(|(name, command)| page(&name, command)).collect()
}

fn page(name: &str, command: Command) -> anyhow::Result<Page> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text).context("a page is made in memory")?;
    Ok(Page { file: file_of(name), text: String::from_utf8(text)? })
}

fn write(pages: &[Page], folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for Page { file, text } in pages {
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::command;

    #[test]
    fn there_is_a_page_for_the_program_and_for_every_command_that_is_shown() {
        let command = command();
        let pages = pages(command.clone()).expect("they are made in memory");
        let shown = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
        assert_eq!(pages.len(), shown.count() + 1);
        for Page { file, text } in &pages {
            let name = file.trim_end_matches(".1");
            assert!(text.contains(&format!(".TH {name} 1")), "{file}:\n{text}");
            assert!(text.contains(".SH SYNOPSIS") && text.contains(".SH OPTIONS"), "{file}");
        }
        let run = pages.iter().find(|page| page.file == "pushbench-run.1").expect("its page");
        assert!(run.text.contains("\\-\\-begin\\-at"), "{}", run.text);
        assert!(pages[0].text.contains("pushbench\\-run(1)"), "{}", pages[0].text);
    }
}
