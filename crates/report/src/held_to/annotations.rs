//! Annotations of GitHub's workflows: lines on stdout that a workflow shows beside the commit
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>).

use crate::held_to::{Held, Outcome};

/// Most of one kind: GitHub shows ten of each for a step and drops the rest.
const SHOWN: usize = 10;

/// An error for whatever did not hold, a warning for whatever has something to look at, and how many held.
pub fn annotations(held: &[Held]) -> String {
    let mut out = String::new();
    for (outcome, command) in [(Outcome::Failed, "error"), (Outcome::Warned, "warning")] {
        let all: Vec<_> = held.iter().filter(|held| held.outcome == outcome).collect();
        // One more line is not longer than the line that says so.
        let shown = if all.len() <= SHOWN { all.len() } else { SHOWN - 1 };
        for Held { suite, name, text, .. } in &all[..shown] {
            let title = property(&format!("{suite}: {name}"));
            out.push_str(&format!("::{command} title={title}::{}\n", message(text)));
        }
        if shown < all.len() {
            let more = all.len() - shown;
            out.push_str(&format!("::{command} title=pushbench::and {more} more like these\n"));
        }
    }
    let of = |outcome| held.iter().filter(|held| held.outcome == outcome).count();
    out.push_str(&format!(
        "::notice title=pushbench::{} held, {} of them with a warning, {} failed, {} could not be looked at\n",
        of(Outcome::Passed) + of(Outcome::Warned),
        of(Outcome::Warned),
        of(Outcome::Failed),
        of(Outcome::Skipped)
    ));
    out
}

/// A message: one line, whatever it says.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: as a message, and nothing that would end it.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &str, outcome: Outcome) -> Held {
        Held {
            suite: "ticker".to_owned(),
            name: name.to_owned(),
            outcome,
            text: "found 7%".to_owned(),
        }
    }

    #[test]
    fn what_failed_comes_first_and_every_kind_is_counted() {
        let all = [
            held("books, measure", Outcome::Passed),
            held("lateness", Outcome::Warned),
            held("sound", Outcome::Failed),
            held("age", Outcome::Skipped),
        ];
        assert_eq!(
            annotations(&all),
            "::error title=ticker%3A sound::found 7%25\n\
             ::warning title=ticker%3A lateness::found 7%25\n\
             ::notice title=pushbench::2 held, 1 of them with a warning, 1 failed, 1 could not be looked at\n"
        );
    }

    #[test]
    fn more_than_are_shown_are_counted_and_not_dropped_in_silence() {
        for (count, lines, last) in
            [(10, 10, "found"), (11, 10, "and 2 more"), (30, 10, "and 21 more")]
        {
            let all: Vec<_> = (0..count).map(|n| held(&format!("n{n}"), Outcome::Failed)).collect();
            let text = annotations(&all);
            let errors: Vec<_> = text.lines().filter(|line| line.starts_with("::error")).collect();
            assert_eq!(errors.len(), lines, "{text}");
            assert!(errors.last().expect("lines").contains(last), "{text}");
        }
    }

    #[test]
    fn nothing_that_a_file_says_begins_a_command_of_its_own() {
        let mut bad = held("a\n::stop-commands::x", Outcome::Failed);
        bad.text = "one\r\n::error::two".to_owned();
        let text = annotations(&[bad]);
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
