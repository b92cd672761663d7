//! `pushbench new --ask`: what a scenario begins with, asked one by one.

use std::io::{self, BufRead};

use anyhow::{Context, bail};

use super::template::{SETTINGS, Setting, Settings, setting_may_be};

/// Asks on `told` and reads from `said`, a line for each question; an empty one is the default. What may
/// not be is told, and asked again.
///
/// # Errors
///
/// If what is said ends before the last question.
pub(super) fn ask(said: &mut dyn BufRead, told: &mut dyn FnMut(&str)) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    for (number, (Setting { key, asks, .. }, value)) in
        SETTINGS.iter().zip(&mut settings.0).enumerate()
    {
        let question = format!("{} of {}: {asks}", number + 1, SETTINGS.len());
        loop {
            told(&format!("{question} [{value}]"));
            let line = line(said).context("cannot read from stdin")?;
            let Some(line) = line else { bail!("stdin ended before question {question}") };
            match line.trim() {
                "" => break,
                line => match setting_may_be(key, line) {
                    Ok(()) => {
                        line.clone_into(value);
                        break;
                    }
                    Err(why) => told(&format!("  {why}")),
                },
            }
        }
    }
    Ok(settings)
}

/// Longest line that is read: no setting has so much.
const LONGEST: u64 = 1_000;

fn line(said: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = io::Read::take(said, LONGEST).read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(said: &str) -> (anyhow::Result<Settings>, Vec<String>) {
        let mut told = Vec::new();
        let settings = ask(&mut said.as_bytes(), &mut |line| told.push(line.to_owned()));
        (settings, told)
    }

    #[test]
    fn five_questions_are_asked_and_an_empty_line_takes_the_default() {
        let (settings, told) = asked("2_000\n\n120\nevery\n5s\n");
        let expected = Settings(["2_000", "1s", "120", "every", "5s"].map(str::to_owned));
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(settings.expect("all is said"), expected);
        assert_eq!(told[0], "1 of 5: How many clients are there? [100]");
    }

    #[test]
    fn what_may_not_be_is_asked_again_and_an_early_end_is_an_error() {
        let (settings, told) = asked("many\n7\n\n\n\n\n");
        assert_eq!(settings.expect("all is said").0[0], "7");
        assert!(told[1].contains("that is \"many\", expected a whole number"), "{told:?}");
        let (settings, _) = asked("7\n1s\n");
        let error = settings.expect_err("three are missing").to_string();
        assert!(error.contains("ended before question 3 of 5"), "{error}");
    }
}
