//! The scenarios that a search plays.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::find::{Find, Quantity, SearchRange};
use crate::needs::{Limit, Machine, limits, needs};
use crate::{Rate, Scenario};

impl Scenario {
    /// What it has of a quantity, rounded up.
    pub(crate) fn has_of(&self, quantity: Quantity) -> NonZeroU32 {
        match quantity {
            Quantity::Clients => self.workload.clients,
            Quantity::Rate => {
                let rate = self.workload.publish.rate.per_second().ceil();
                NonZeroU32::new(rate as u32).unwrap_or(NonZeroU32::MIN)
            }
        }
    }

    /// The smallest value of a quantity that it can have: each topic needs a client.
    pub(crate) fn least_of(&self, quantity: Quantity) -> NonZeroU32 {
        match quantity {
            Quantity::Clients => self.workload.topics,
            Quantity::Rate => NonZeroU32::MIN,
        }
    }

    /// The scenario of one step of a search: with this value, and without the search.
    ///
    /// # Panics
    ///
    /// If the value is 0, which no search plays.
    pub fn step(&self, quantity: Quantity, value: u32) -> Self {
        let value = NonZeroU32::new(value).expect("a search plays no value of 0");
        let mut step = Self { find: None, ..self.clone() };
        match quantity {
            Quantity::Clients => step.workload.clients = value,
            Quantity::Rate => {
                step.workload.publish.rate = Rate { count: value, per: Duration::from_secs(1) };
            }
        }
        step
    }

    /// The most trials that a run of it plays.
    pub fn most_trials(&self) -> usize {
        match &self.find {
            None => self.trials().len(),
            Some(find) => self.most_trials_in(find.range),
        }
    }

    /// The most trials that searches in this range play, of all transports together.
    pub fn most_trials_in(&self, range: SearchRange) -> usize {
        let rounds = self.workload.rounds.get() as usize;
        range.most_steps() as usize * self.transports.len() * rounds
    }
}

impl Find {
    /// The values that this machine has room for, and what it has too little of for the next one; the
    /// search ends there, whatever still holds. `beyond` is a further limit, as of a target elsewhere.
    ///
    /// Pure: a larger value needs no less.
    pub fn within(
        &self,
        scenario: &Scenario,
        machine: &Machine,
        beyond: &dyn Fn(&Scenario) -> Option<Limit>,
    ) -> (SearchRange, Option<Limit>) {
        let lacks = |value: u32| {
            let step = scenario.step(self.quantity, value);
            limits(&needs(&step, machine), machine).into_iter().next().or_else(|| beyond(&step))
        };
        let Some(mut limit) = lacks(self.range.to) else { return (self.range, None) };
        // What the run begins with was looked at before; so the search is above it.
        let (mut fits, mut too_many) = (self.range.from, self.range.to);
        while too_many - fits > 1 {
            let middle = fits + (too_many - fits) / 2;
            match lacks(middle) {
                None => fits = middle,
                Some(found) => (too_many, limit) = (middle, found),
            }
        }
        (SearchRange { to: fits, ..self.range }, Some(limit))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{PortRange, Source, TimeWait, read};

    fn scenario(find: &str) -> Scenario {
        let text = format!(
            "question = \"?\"\nworkload = {{ clients = 100, topics = 4, publish = {{ every = \"2s\" }} }}\n\
             [[transport]]\nkind = \"websocket\"\n[[transport]]\nkind = \"sse\"\n[find]\n{find}\n"
        );
        let no_file = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        let path = Path::new("a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &no_file };
        read(&source).unwrap_or_else(|refused| panic!("{refused}"))
    }

    fn machine(open_files_limit: u64) -> Machine {
        Machine {
            open_files_of_all: None,
            open_files_limit,
            ports: PortRange::LINUX,
            time_wait: TimeWait::LINUX,
            memory_available: None,
        }
    }

    #[test]
    fn it_begins_with_what_the_workload_says_and_asks_each_transport_by_itself() {
        let scenario = scenario("max = \"clients\"\nwhile = \"latency.p99 < 100ms\"");
        let find = scenario.find.as_ref().expect("it is written");
        assert_eq!((find.range.least, find.range.from, find.range.to), (4, 100, 100_000));
        let asked: Vec<_> =
            find.conditions.iter().map(|of| (of.transport.as_str(), of.figure.as_str())).collect();
        assert_eq!(asked, [("websocket", "latency.p99"), ("sse", "latency.p99")]);
        let step = scenario.step(find.quantity, 800);
        assert_eq!((step.workload.clients.get(), step.find.is_none()), (800, true));
        assert_eq!(scenario.most_trials(), 2 * 3 * find.range.most_steps() as usize);
    }

    #[test]
    fn a_rate_is_of_each_topic_and_per_second() {
        let scenario = scenario("max = \"rate\"\nwhile = \"latency.p99 < 100ms\"\nto = 50");
        let find = scenario.find.as_ref().expect("it is written");
        assert_eq!((find.range.least, find.range.from, find.range.to), (1, 1, 50));
        let step = scenario.step(find.quantity, 20);
        assert_eq!(step.workload.publish.rate.per_second(), 20.0);
        assert_eq!(find.quantity.written(20), "20/s");
    }

    #[test]
    fn the_search_ends_where_the_machine_has_no_room() {
        let scenario = scenario("max = \"clients\"\nwhile = \"latency.p99 < 100ms\"");
        let find = scenario.find.as_ref().expect("it is written");
        let (range, limit) = find.within(&scenario, &machine(20_000), &|_| None);
        let limit = limit.expect("100,000 clients are too many");
        assert_eq!(limit.what, "open files of the load generator");
        // The next one needs one file too many.
        assert_eq!((u64::from(range.to), limit.need), (20_000 - 128, 20_001));
        let (range, limit) = find.within(&scenario, &machine(1_000_000), &|_| None);
        assert_eq!((range.to, limit), (100_000, None));
    }
}
