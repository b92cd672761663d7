//! `[find]` held against the scenario of which it is.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::figure::{self, Unit};
use pushbench_toml::kind::grouped;
use pushbench_toml::{At, Line, Problems};

use crate::expect::has::{Written, figures_are_there};
use crate::expect::labels::Labels;
use crate::expect::parse::expectation;
use crate::file::{MOST_CLIENTS, MOST_PUBLISHES, ScenarioFile};
use crate::find_file::{FindFile, MOST};
use crate::{Base, Condition, Expectation, Find, Quantity, Relation, Scenario, SearchRange};

impl FindFile {
    /// Holds it against the scenario of which it is; `None` if anything was refused.
    pub(crate) fn resolve(&self, scenario: &Scenario, problems: &Problems) -> Option<Find> {
        if !scenario.expect.is_empty() || !scenario.dropped.is_empty() {
            let expected = "either `[find]` or `[expect]`".to_owned();
            let help =
                "a search ends where something does not hold, so what is expected would fail";
            self.table.refuse(problems, expected, Some(help));
            return None;
        }
        let conditions = self.conditions(scenario, problems);
        let range = self.range(scenario, problems);
        Some(Find {
            quantity: self.max.as_ref()?.value,
            conditions: conditions?,
            written: self.condition.as_ref()?.value.clone(),
            range: range?,
        })
    }

    /// The condition of each transport.
    fn conditions(&self, scenario: &Scenario, problems: &Problems) -> Option<Vec<Expectation>> {
        let written = self.condition.as_ref()?;
        let (figure, condition) = split(&written.value);
        let labels: Vec<_> = scenario.transports.iter().map(|of| of.label.as_str()).collect();
        let first = *labels.first()?;
        let line = Line {
            name: format!("{first}.{figure}"),
            place: written.place,
            right: At {
                key: written.key.clone(),
                place: written.place,
                shown: written.shown.clone(),
                value: condition.to_owned(),
            },
        };
        let of_first = expectation(&line, Labels { known: &labels, are_all: true }, problems)?;
        if !matches!(of_first.condition.operand().base, Base::Number(_)) {
            let expected = "a number behind the sign, since each transport has its own search";
            written.refuse(problems, expected.to_owned(), None);
            return None;
        }
        let is_more = match of_first.condition {
            Condition::Compare { relation: Relation::More | Relation::AtLeast, .. } => true,
            Condition::Compare { .. } | Condition::Within { .. } => false,
        };
        if is_more && !may_fall(&of_first.figure) {
            let expected = format!("`{figure} <` or `{figure} <=` and a number");
            let help =
                "a search goes to more work while something holds, and this only grows with work";
            written.refuse(problems, expected, Some(help));
            return None;
        }
        let of = |label: &&str| Expectation {
            transport: (*label).to_owned(),
            written_figure: format!("{label}.{figure}"),
            ..of_first.clone()
        };
        let conditions: Vec<_> = labels.iter().map(of).collect();
        for condition in &conditions {
            let (key, place) = (written.key.clone(), written.place);
            let written = Written { key, name: place, condition: place };
            figures_are_there(condition, &written, scenario, problems);
        }
        Some(conditions)
    }

    fn range(&self, scenario: &Scenario, problems: &Problems) -> Option<SearchRange> {
        let max = self.max.as_ref()?;
        let quantity = max.value;
        if quantity == Quantity::Rate && !scenario.is_published() {
            let expected = "\"clients\", since the servers publish by themselves".to_owned();
            max.refuse(problems, expected, None);
            return None;
        }
        let (from, to) = (self.from.as_ref()?, self.to.as_ref()?);
        let least = scenario.least_of(quantity).get();
        let most = most(quantity, scenario);
        let range = SearchRange {
            least,
            from: from.value.unwrap_or_else(|| scenario.has_of(quantity)).get(),
            to: to.value.map_or(most, NonZeroU32::get),
            precision: self.precision.as_ref()?.value,
        };
        if range.from < least {
            let expected = format!("at least {}, a client for each topic", grouped(least.into()));
            from.refuse(problems, expected, None);
            return None;
        }
        if range.to > most {
            let why = match quantity {
                Quantity::Clients => "clients",
                Quantity::Rate => "per second, by what one trial may publish",
            };
            to.refuse(problems, format!("at most {} {why}", grouped(most.into())), None);
            return None;
        }
        if range.from > range.to {
            let expected = format!("at least what it begins with, {}", grouped(range.from.into()));
            // The default is as it is because of the scenario's own value.
            let at = if to.value.is_some() { to } else { from };
            at.refuse(problems, expected, None);
            return None;
        }
        Some(range)
    }
}

/// A search repeats each of its steps as often as a number says.
pub(crate) fn a_search_has_a_number_of_rounds(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    file.find.as_ref()?.as_ref()?;
    let until = file.workload.rounds.until.as_ref()?.as_ref()?;
    let help = "each step of a search is played as often as the others";
    until.refuse(problems, "a number of rounds with [find]".to_owned(), Some(help));
    Some(())
}

/// Whether a figure may become less with more work, so that it can be asked to stay above something: what
/// was delivered, and shares and rates. Times, bytes and what went wrong do not.
fn may_fall(name: &str) -> bool {
    let unit = figure::find(name).map(|figure| figure.unit);
    match unit {
        Some(Unit::PerSecond | Unit::BitsPerSecond | Unit::Share) => true,
        Some(Unit::Count) => name == "deliveries",
        Some(Unit::Bytes | Unit::Seconds | Unit::CpuSeconds | Unit::Times) | None => false,
    }
}

/// The largest value that a scenario can have.
fn most(quantity: Quantity, scenario: &Scenario) -> u32 {
    match quantity {
        Quantity::Clients => MOST_CLIENTS,
        Quantity::Rate => {
            let workload = &scenario.workload;
            let time = workload.warm_up + workload.measure;
            let topics = u128::from(workload.topics.get());
            let per_second = MOST_PUBLISHES * Duration::from_secs(1).as_nanos()
                / (topics * time.as_nanos().max(1));
            u32::try_from(per_second).unwrap_or(MOST).clamp(1, MOST)
        }
    }
}

/// `latency.p99` and `< 100ms`.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| c.is_whitespace() || "<>=".contains(c)).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}
