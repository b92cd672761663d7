//! What the topics of a run are called: those of its trials, and those of what is tried before them. Pure.

use pushbench_protocol::TopicNames;
use pushbench_scenario::{Scenario, Transport};

/// Where the names of a preflight begin among those of a run: far behind those of its trials.
const BEHIND_TRIALS: u32 = 7_000_000;

/// The names of a run's topics, as its trials take them one after another.
#[derive(Debug)]
pub(crate) struct RunTopics<'r> {
    /// The run's id.
    run: &'r str,
    /// Names of its own that its trials have taken.
    taken: u32,
}

impl<'r> RunTopics<'r> {
    /// Of the run of this id, none taken yet.
    pub(crate) const fn new(run: &'r str) -> Self {
        Self { run, taken: 0 }
    }

    /// Those of a trial: at a server that others may use at the same time, names of this run's own. A
    /// server that is started for each trial has no other user, and a published head brings its topic
    /// with it. A third-party server that runs on may still hold what the names of earlier trials were
    /// sent, so each trial at one has names that none before it had.
    pub(crate) fn next(
        &mut self,
        scenario: &Scenario,
        transport: &Transport,
        has_target: bool,
    ) -> TopicNames {
        match &transport.server {
            Some(server) if server.start.is_none() => {
                let names = TopicNames::of_run(self.run).behind(self.taken);
                self.taken = self.taken.wrapping_add(scenario.workload.topics.get());
                names
            }
            None if has_target && !scenario.headers.request.has_own_path() => {
                TopicNames::of_run(self.run)
            }
            Some(_) | None => TopicNames::PLAIN,
        }
    }
}

/// Those of what is tried before the trials of the run of this id.
pub(crate) fn of_preflight(run: &str) -> TopicNames {
    TopicNames::of_run(run).behind(BEHIND_TRIALS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use pushbench_scenario::{Source, read};

    use super::*;

    fn scenario(server: &str) -> Scenario {
        let text = format!(
            "question = \"?\"\nworkload = {{ clients = 100, publish = {{ every = \"1s\" }} }}\n\
             [server.a]\nadapter = \"nchan\"\n{server}\n\
             [[transport]]\nkind = \"sse\"\nserver = \"a\"\n[[transport]]\nkind = \"sse\"\n\
             [sweep]\ntopics = [100, 10, 1]\n"
        );
        let no_file = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        let path = Path::new("a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &no_file };
        read(&source).unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// The names of each trial at the transport of that place.
    fn of_trials(scenario: &Scenario, place: usize, has_target: bool) -> Vec<TopicNames> {
        let mut topics = RunTopics::new("a run");
        let trials = scenario.trials().into_iter().filter(|plan| plan.transport == place);
        let of_trial = |plan| {
            let played = scenario.of(plan);
            topics.next(played, &played.transports[place], has_target)
        };
        trials.map(of_trial).collect()
    }

    #[test]
    fn no_name_is_taken_twice_at_a_server_that_runs_on_however_many_topics_its_trials_have() {
        let scenario = scenario("url = \"http://127.0.0.1:8081\"");
        let plans = scenario.trials().into_iter().filter(|plan| plan.transport == 0);
        let names = plans.zip(of_trials(&scenario, 0, false));
        let all: Vec<_> = names
            .flat_map(|(plan, names)| {
                let topics = scenario.of(plan).workload.topics.get();
                (0..topics).map(move |topic| names.name(topic))
            })
            .collect();
        assert_eq!(all.len(), 3 * (100 + 10 + 1));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        let preflight = of_preflight("a run");
        assert!((0..100).all(|topic| !all.contains(&preflight.name(topic))));
    }

    #[test]
    fn a_server_that_nobody_else_uses_has_plain_names_and_a_target_those_of_the_run() {
        let scenario = scenario("url = \"http://127.0.0.1:${port}\"\nstart = [\"nginx\"]");
        let all_are = |place, has_target, names| {
            of_trials(&scenario, place, has_target).iter().all(|of| *of == names)
        };
        assert!(all_are(0, false, TopicNames::PLAIN));
        assert!(all_are(1, false, TopicNames::PLAIN));
        assert!(all_are(1, true, TopicNames::of_run("a run")));
    }
}
