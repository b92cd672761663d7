//! What the scenario has done around each trial: a command before it, one after it, and a pause between two.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use pushbench_adapter::Values;
use pushbench_protocol::clock;
use pushbench_scenario::Scenario;

use crate::RunError;
use crate::adapted_server::Group;

/// Longest that a command may take.
const BOUND: Duration = Duration::from_secs(60);
/// Time between two asked at whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Sees whether the run is to end.
type Watch<'a> = dyn FnMut() -> ControlFlow<()> + 'a;

/// The trial that something is around.
pub(crate) struct AroundTrial<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) transport: &'a str,
    /// From 1.
    pub(crate) round: u32,
}

impl AroundTrial<'_> {
    /// Waits, if this is not the first trial, and runs what comes before it. `Break` if the watch ended it.
    pub(crate) fn before(
        &self,
        is_first: bool,
        watch: &mut Watch<'_>,
    ) -> Result<ControlFlow<()>, RunError> {
        let around = &self.scenario.around;
        if !is_first && pause(around.cool_down, watch).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.command("setup", around.setup.as_deref(), watch)
    }

    /// Runs what comes after it. The watch is not asked: what has begun is cleaned up.
    pub(crate) fn after(&self) -> Result<(), RunError> {
        let cleanup = self.scenario.around.cleanup.as_deref();
        self.command("cleanup", cleanup, &mut || ControlFlow::Continue(())).map(|_| ())
    }

    fn command(
        &self,
        key: &'static str,
        command: Option<&[String]>,
        watch: &mut Watch<'_>,
    ) -> Result<ControlFlow<()>, RunError> {
        let Some(command) = command else { return Ok(ControlFlow::Continue(())) };
        let failed = |reason: String| RunError::Around {
            key,
            trial: format!("{} round {}", self.transport, self.round),
            reason,
        };
        let here = self.scenario.around.here.as_deref().filter(|here| !here.as_os_str().is_empty());
        let set = [
            ("PUSHBENCH_TRANSPORT".to_owned(), self.transport.to_owned()),
            ("PUSHBENCH_ROUND".to_owned(), self.round.to_string()),
        ];
        let here = here.unwrap_or(Path::new("."));
        let mut group = Group::start_for_user(command, &set, here, Values::default())
            .map_err(|error| failed(error.to_string()))?;
        let begin = clock::now();
        loop {
            if let Some(succeeded) = group.succeeded() {
                let how = group.ended().unwrap_or_default();
                group.stop();
                return match succeeded {
                    true => Ok(ControlFlow::Continue(())),
                    false => Err(failed(format!("`{}`: {how}", command[0]))),
                };
            }
            if watch().is_break() {
                group.stop();
                return Ok(ControlFlow::Break(()));
            }
            if clock::now().since(begin) >= BOUND {
                let said = group.said();
                group.stop();
                let seconds = BOUND.as_secs();
                return Err(failed(format!(
                    "`{}` did not end within {seconds} s{said}",
                    command[0]
                )));
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn pause(length: Duration, watch: &mut Watch<'_>) -> ControlFlow<()> {
    let begin = clock::now();
    loop {
        watch()?;
        let left = length.saturating_sub(clock::now().since(begin));
        if left.is_zero() {
            return ControlFlow::Continue(());
        }
        std::thread::sleep(left.min(LOOK * 20));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pushbench_scenario::{Source, read};

    use super::*;

    fn scenario_in(folder: &Path, keys: &str) -> Scenario {
        let text = format!(
            "question = \"?\"\n{keys}\nworkload = {{ clients = 1, publish = {{ every = \"1s\" }} }}\n\
             [[transport]]\nkind = \"websocket\"\n"
        );
        let path = folder.join("a.toml");
        let no_file = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
        let source =
            Source { path: &path, text: &text, overrides: &[], only: &[], read_file: &no_file };
        read(&source).unwrap_or_else(|refused| panic!("{refused}"))
    }

    fn played(
        keys: &str,
        watch: &mut Watch<'_>,
    ) -> (tempfile::TempDir, Result<ControlFlow<()>, RunError>) {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = scenario_in(folder.path(), keys);
        let around = AroundTrial { scenario: &scenario, transport: "websocket", round: 2 };
        let played = around.before(true, watch);
        (folder, played)
    }

    fn go_on() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn a_command_runs_in_the_folder_of_the_scenario_and_knows_its_trial() {
        let keys = r#"setup = ["sh", "-c", "echo $PUSHBENCH_TRANSPORT $PUSHBENCH_ROUND > said"]"#;
        let (folder, played) = played(keys, &mut go_on);
        assert!(played.expect("it succeeds").is_continue());
        let said = fs::read_to_string(folder.path().join("said")).expect("it was written there");
        assert_eq!(said, "websocket 2\n");
    }

    #[test]
    fn one_that_fails_says_which_it_was_and_what_it_said() {
        let keys = r#"setup = ["sh", "-c", "echo no such table >&2; exit 3"]"#;
        let (_folder, played) = played(keys, &mut go_on);
        let error = played.expect_err("it fails").to_string();
        for part in ["setup", "websocket round 2", "exit code 3", "no such table"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn one_that_hangs_ends_with_the_run_and_takes_along_what_it_started() {
        let keys = r#"setup = ["sh", "-c", "sleep 600 & echo $! > pid; wait"]"#;
        let folder = tempfile::tempdir().expect("a folder");
        let pid = folder.path().join("pid");
        let scenario = scenario_in(folder.path(), keys);
        let around = AroundTrial { scenario: &scenario, transport: "websocket", round: 1 };
        let has_begun = || fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n'));
        let mut until_begun = || match has_begun() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let played = around.before(true, &mut until_begun).expect("nothing fails");
        assert!(played.is_break());
        let pid = fs::read_to_string(&pid).expect("it was written");
        let gone = !Path::new(&format!("/proc/{}", pid.trim())).exists();
        assert!(gone, "{pid} still runs");
    }

    #[test]
    fn a_pause_can_be_broken_off() {
        let mut asked = 0;
        let flow = pause(Duration::from_secs(600), &mut || {
            asked += 1;
            if asked == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(flow.is_break());
    }
}
