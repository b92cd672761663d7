//! `pushbench new --ask`: what a scenario begins with, asked one by one.

use std::io::{self, BufRead};

use anyhow::{Context, bail};

use super::template::{Settings, setting_may_be};

/// Something that is asked.
struct Question {
    asks: &'static str,
    key: &'static str,
    setting: fn(&mut Settings) -> &mut String,
}

const QUESTIONS: [Question; 5] = [
    Question {
        asks: "How many clients are there?",
        key: "workload.clients",
        setting: |settings| &mut settings.clients,
    },
    Question {
        asks: "How long is it from one message to the next, as in 500ms, 1s or 2m?",
        key: "workload.publish.every",
        setting: |settings| &mut settings.every,
    },
    Question {
        asks: "How many bytes has a message?",
        key: "workload.payload.bytes",
        setting: |settings| &mut settings.bytes,
    },
    Question {
        asks: "Must a client get every message, or only the latest? (every, latest)",
        key: "workload.deliver",
        setting: |settings| &mut settings.deliver,
    },
    Question {
        asks: "How long is it from one poll of a client to the next?",
        key: "transport.short-poll.interval",
        setting: |settings| &mut settings.interval,
    },
];

/// Asks on `told` and reads from `said`, a line for each question; an empty one is the default. What may
/// not be is told, and asked again.
///
/// # Errors
///
/// If what is said ends before the last question.
pub(super) fn ask(said: &mut dyn BufRead, told: &mut dyn FnMut(&str)) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    for (number, Question { asks, key, setting }) in QUESTIONS.iter().enumerate() {
        let setting = setting(&mut settings);
        loop {
            told(&format!("{} of {}: {asks} [{setting}]", number + 1, QUESTIONS.len()));
            let line = line(said).context("cannot read from stdin")?;
            let Some(line) = line else {
                bail!("stdin ended before question {} of {}: {asks}", number + 1, QUESTIONS.len());
            };
            match line.trim() {
                "" => break,
                line => match setting_may_be(key, line) {
                    Ok(()) => {
                        line.clone_into(setting);
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
        let expected = Settings {
            clients: "2_000".to_owned(),
            bytes: "120".to_owned(),
            deliver: "every".to_owned(),
            interval: "5s".to_owned(),
            ..Settings::default()
        };
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(settings.expect("all is said"), expected);
        assert_eq!(told[0], "1 of 5: How many clients are there? [100]");
    }

    #[test]
    fn what_may_not_be_is_asked_again_and_an_early_end_is_an_error() {
        let (settings, told) = asked("many\n7\n\n\n\n\n");
        assert_eq!(settings.expect("all is said").clients, "7");
        assert!(told[1].contains("that is \"many\", expected a whole number"), "{told:?}");
        let (settings, _) = asked("7\n1s\n");
        let error = settings.expect_err("three are missing").to_string();
        assert!(error.contains("ended before question 3 of 5"), "{error}");
    }
}
