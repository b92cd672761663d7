//! `pushbench scenarios`: those that are in the program.

use clap::Args;

use crate::exit::Exit;
use crate::length::in_words;
use crate::output;
use crate::scenario_file::read_shipped;
use crate::shipped::Shipped;

/// Without a name: lists the scenarios.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench scenarios
  pushbench scenarios quickstart
  pushbench scenarios quickstart > mine.toml
  pushbench run quickstart

`run`, `check` and `plan` take one by its name, unless there is a file of that name, or of that \
name with `.toml`.")]
pub(crate) struct ScenariosOptions {
    /// Print this scenario, with its comments
    #[arg(value_parser = shipped)]
    name: Option<Shipped>,
}

fn shipped(name: &str) -> Result<Shipped, String> {
    Shipped::named(name).ok_or_else(|| match Shipped::closest(name) {
        Some(close) => format!("there is none of this name; did you mean `{close}`?"),
        None => "there is none of this name; `pushbench scenarios` lists them".to_owned(),
    })
}

/// Lists or prints scenarios.
pub(crate) fn scenarios(options: &ScenariosOptions) -> anyhow::Result<Exit> {
    match options.name {
        Some(shipped) => output::put(shipped.text, None)?,
        None => output::put_list(&list())?,
    }
    Ok(Exit::Ok)
}

/// A line for each scenario: its name, how long it takes, and its question.
fn list() -> String {
    let all = Shipped::all();
    let rows = all.iter().filter_map(|&shipped| {
        // Each is held by a test; one that this machine cannot read says so when it is run.
        let scenario = read_shipped(shipped, &[], &[]).scenario.ok()?;
        Some((shipped, in_words(&scenario), scenario.question))
    });
    let rows: Vec<_> = rows.collect();
    let widest = |widths: &dyn Fn(&(Shipped, String, String)) -> usize| {
        rows.iter().map(widths).max().unwrap_or(0)
    };
    let name = widest(&|row| row.0.name.len());
    let length = widest(&|row| row.1.len());
    let mut lines = String::new();
    let mut is_of_servers = false;
    for (shipped, takes, question) in &rows {
        if shipped.is_of_servers() && !is_of_servers {
            lines.push_str("\nThese need a server of others on this machine:\n");
            is_of_servers = true;
        }
        lines.push_str(&format!("{:name$}  {takes:length$}  {question}\n", shipped.name));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_scenario_with_its_question_and_how_long_it_takes() {
        let list = list();
        for shipped in Shipped::all() {
            let line = list.lines().find(|line| line.split(' ').next() == Some(shipped.name));
            let line = line.unwrap_or_else(|| panic!("{} is not in\n{list}", shipped.name));
            let question = shipped.text.split('"').nth(1).expect("its first line has it");
            assert!(line.ends_with(question), "{line}");
            assert!(line.contains("about ") || line.contains("at most "), "{line}");
        }
        assert!(list.starts_with("quickstart "), "{list}");
    }

    #[test]
    fn a_name_that_no_scenario_has_is_told_the_one_that_was_meant() {
        assert!(shipped("quickstart").is_ok());
        let refused = shipped("quick-start").expect_err("no such scenario");
        assert!(refused.ends_with("did you mean `quickstart`?"), "{refused}");
        let refused = shipped("x").expect_err("no such scenario");
        assert!(refused.contains("pushbench scenarios"), "{refused}");
    }
}
