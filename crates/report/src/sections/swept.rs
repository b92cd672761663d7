//! Swept settings as variables: their values in order, as numbers where they are numbers.

use std::collections::BTreeSet;

use pushbench_protocol::figure::Unit;
use pushbench_store::{CellV1, RunV2};

/// A setting that a sweep varies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Swept {
    /// Its dotted name.
    pub(crate) name: String,
    /// Its values as written, in the order of the scenario.
    pub(crate) values: Vec<String>,
    /// What tells each value from the others, in as few words as do: `payload.bytes 20`, or of a
    /// table of settings the first that no other has alike, `request chrome`.
    pub(crate) labels: Vec<String>,
    /// Unit of the values and the values in it; `None` if any is no quantity.
    pub(crate) numbers: Option<(Unit, Vec<f64>)>,
}

/// The settings that a run's sweep varies, by name; none without a sweep.
pub(crate) fn swept(run: &RunV2) -> Vec<Swept> {
    let names: BTreeSet<&String> = run.scenario.cells.iter().flat_map(CellV1::keys).collect();
    let settings = names.into_iter().map(|name| {
        let mut values: Vec<String> = Vec::new();
        for value in run.scenario.cells.iter().filter_map(|cell| cell.get(name)) {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        let (labels, numbers) = (labels(name, &values), numbers(&values));
        Swept { name: name.clone(), values, labels, numbers }
    });
    settings.collect()
}

impl Swept {
    /// Its name for people.
    pub(crate) fn short_name(&self) -> &str {
        short_name(&self.name)
    }

    /// The words that all of its labels begin with, but for the last word of any.
    pub(crate) fn shared_words(&self) -> &str {
        let Some((first, others)) = self.labels.split_first() else { return "" };
        let ends = first.match_indices(' ').map(|(end, _)| end);
        let shared =
            ends.take_while(|&end| others.iter().all(|other| other.starts_with(&first[..=end])));
        &first[..shared.last().unwrap_or(0)]
    }

    /// The number that a cell has of it.
    pub(crate) fn number_in(&self, cell: &CellV1) -> Option<f64> {
        let place = self.place_in(cell)?;
        self.numbers.as_ref().map(|(_, numbers)| numbers[place])
    }

    /// Which of its values a cell has.
    pub(crate) fn place_in(&self, cell: &CellV1) -> Option<usize> {
        let value = cell.get(&self.name)?;
        self.values.iter().position(|known| known == value)
    }
}

/// What a cell is called among those of its run; a value that the run does not know, in full.
pub(crate) fn called(settings: &[Swept], cell: &CellV1) -> String {
    let names = cell.iter().map(|(name, value)| {
        let setting = settings.iter().find(|setting| setting.name == *name);
        let label = setting.and_then(|setting| Some(&setting.labels[setting.place_in(cell)?]));
        label.cloned().unwrap_or_else(|| format!("{} {value}", short_name(name)))
    });
    names.collect::<Vec<_>>().join(", ")
}

/// A value that sets several things at once is written `name value, name value`.
fn labels(name: &str, values: &[String]) -> Vec<String> {
    let parts = |value: &str| value.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let shortest = |value: &String| {
        let of_value = parts(value);
        let mut lengths = 1..of_value.len();
        let tells = |&length: &usize| {
            let others = values.iter().filter(|other| *other != value);
            others.map(|other| parts(other)).all(|other| !other.starts_with(&of_value[..length]))
        };
        let length = lengths.find(tells).unwrap_or(of_value.len());
        of_value[..length].join(", ")
    };
    // A whole section is varied: its settings have names of their own.
    let is_section = !name.contains('.') && values.iter().all(|value| value.contains(' '));
    let prefix = if is_section { String::new() } else { format!("{} ", short_name(name)) };
    values.iter().map(|value| format!("{prefix}{}", shortest(value))).collect()
}

/// All of them in one unit.
fn numbers(values: &[String]) -> Option<(Unit, Vec<f64>)> {
    let quantities: Option<Vec<_>> = values.iter().map(|value| quantity(value)).collect();
    let quantities = quantities?;
    let unit = quantities.first()?.0;
    let same = quantities.iter().all(|(other, _)| *other == unit);
    same.then(|| (unit, quantities.into_iter().map(|(_, number)| number).collect()))
}

/// A quantity as scenarios write it: `1_000`, `1.5s`, `1m30s`, `4KiB`, `5/s`, `1/30s`.
fn quantity(text: &str) -> Option<(Unit, f64)> {
    const TIMES: [(&str, f64); 6] =
        [("h", 3_600.0), ("m", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];
    const SIZES: [(&str, f64); 5] =
        [("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("KiB", 1_024.0), ("MiB", 1_048_576.0)];
    if let Some((count, per)) = text.split_once('/') {
        let per = if per.starts_with(|c: char| c.is_ascii_digit()) {
            quantity(per)?
        } else {
            quantity(&format!("1{per}"))?
        };
        let (Unit::Count, count) = quantity(count)? else { return None };
        return (per.0 == Unit::Seconds && per.1 > 0.0).then(|| (Unit::PerSecond, count / per.1));
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && !"._".contains(c));
        let (number, after) = rest.split_at(digits.unwrap_or(rest.len()));
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: f64 = number.replace('_', "").parse().ok()?;
        let is_whole = rest.len() == text.len() && after.is_empty();
        let size = SIZES.iter().find(|(known, _)| *known == unit);
        match (unit, size, TIMES.iter().find(|(known, _)| *known == unit)) {
            ("", ..) if is_whole => return Some((Unit::Count, number)),
            (_, Some((_, size)), _) if is_whole => return Some((Unit::Bytes, number * size)),
            (_, _, Some((_, length))) => seconds += number * length,
            _ => return None,
        }
        rest = after;
    }
    (!text.is_empty()).then_some((Unit::Seconds, seconds))
}

/// A setting's name without the table that most are in.
pub(crate) fn short_name(name: &str) -> &str {
    name.strip_prefix("workload.").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_scenarios_write_them() {
        for (text, expected) in [
            ("20", Some((Unit::Count, 20.0))),
            ("10_000", Some((Unit::Count, 10_000.0))),
            ("500ms", Some((Unit::Seconds, 0.5))),
            ("1m30s", Some((Unit::Seconds, 90.0))),
            ("4KiB", Some((Unit::Bytes, 4_096.0))),
            ("5/s", Some((Unit::PerSecond, 5.0))),
            ("1/20s", Some((Unit::PerSecond, 0.05))),
            ("every", None),
            ("", None),
            ("5 s", None),
            ("5/0s", None),
            ("1s5", None),
            ("-3", None),
        ] {
            assert_eq!(quantity(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_is_called_by_what_tells_it_from_the_others() {
        let of = |name: &str, values: &[&str]| {
            labels(name, &values.iter().map(|&v| v.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            of("headers", &["request minimal, response minimal", "request chrome, cookie_bytes 2"]),
            ["request minimal", "request chrome"]
        );
        assert_eq!(
            of("headers", &["request chrome", "request chrome, cookie_bytes 2"]),
            ["request chrome", "request chrome, cookie_bytes 2"]
        );
        assert_eq!(
            of("workload.payload.bytes", &["20", "200"]),
            ["payload.bytes 20", "payload.bytes 200"]
        );
        assert_eq!(
            of("workload.publish", &["rate 5/s, arrivals poisson", "every 1s"]),
            ["publish rate 5/s", "publish every 1s"]
        );
    }

    #[test]
    fn words_that_all_labels_begin_with_are_shared() {
        for (labels, expected) in [
            (vec!["publish every 1s", "publish every 10s"], "publish every"),
            (vec!["publish every 1s", "publish rate 5/s"], "publish"),
            (vec!["request chrome", "request chrome, cookie_bytes 2"], "request"),
            (vec!["bytes 20"], "bytes"),
            (vec!["x", "y"], ""),
            (vec![], ""),
        ] {
            let labels = labels.into_iter().map(str::to_owned).collect();
            let swept = Swept { name: String::new(), values: Vec::new(), labels, numbers: None };
            assert_eq!(swept.shared_words(), expected);
        }
    }

    #[test]
    fn values_of_different_units_are_no_numbers() {
        let values = |values: &[&str]| values.iter().map(|&v| v.to_owned()).collect::<Vec<_>>();
        assert_eq!(numbers(&values(&["1s", "20"])), None);
        assert_eq!(numbers(&values(&["1s", "500ms"])), Some((Unit::Seconds, vec![1.0, 0.5])));
        assert_eq!(numbers(&[]), None);
    }
}
