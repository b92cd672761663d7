//! A run as comma-separated values: one row for each transport and round.

use pushbench_protocol::figure::{self, Figure, Unit};
use pushbench_store::{RunV2, TrialV2, Verdict};

use crate::sections::curve::name_of;
use crate::sections::swept::{Swept, swept};

/// Columns before the figures.
const KEYS: [&str; 10] = [
    "run",
    "scenario",
    "transport",
    "kind",
    "round",
    "cell",
    "started_at",
    "clients",
    "measure_s",
    "verdict",
];

/// A run as CSV (RFC 4180, but for line ends of one byte): a heading, then one row a trial. Every
/// figure has a column, and one with `model_` before its name; absent values are empty. These
/// columns are the same for every run, so files can be put together. Behind them stands a column
/// for each setting that a sweep varies, with `swept_` before its name: a number, if it is one. In a search
/// `find_held` is behind them.
pub fn csv(run: &RunV2) -> String {
    let figures = figure::all();
    let names: Vec<_> = figures.iter().map(column).collect();
    let modelled = names.iter().map(|name| format!("model_{name}"));
    let settings = swept(run);
    let varied = settings.iter().map(swept_column);
    let found: &[&str] = if run.finds.is_empty() { &[] } else { &["find_held"] };
    let found = found.iter().map(|&name| name.to_owned());
    let heading = KEYS.iter().map(|&key| key.to_owned()).chain(names.clone());
    let mut out = row(heading.chain(modelled).chain(varied).chain(found));
    for trial in &run.trials {
        let measured = figures.iter().map(|figure| trial.figures.get(&figure.name));
        let modelled = figures.iter().map(|figure| trial.model.figures.get(&figure.name));
        let values = measured.chain(modelled);
        let values = values.map(|value| value.map_or(String::new(), f64::to_string));
        let varied = settings.iter().map(|setting| match setting.number_in(&trial.cell) {
            Some(number) => number.to_string(),
            None => trial.cell.get(&setting.name).cloned().unwrap_or_default(),
        });
        let held = (!run.finds.is_empty()).then(|| held(run, trial));
        out.push_str(&row(keys(run, trial).into_iter().chain(values).chain(varied).chain(held)));
    }
    out
}

fn keys(run: &RunV2, trial: &TrialV2) -> [String; KEYS.len()] {
    let kind = run.transports.iter().find(|transport| transport.label == trial.transport);
    let measure = trial.phase_seconds.get(&pushbench_protocol::Phase::Measure);
    let verdict = match trial.worst_verdict() {
        Verdict::NotChecked => "not-checked",
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Invalid => "invalid",
    };
    [
        run.id.clone(),
        run.scenario.name.clone(),
        trial.transport.clone(),
        kind.map_or(String::new(), |transport| transport.kind.label().to_owned()),
        trial.round.to_string(),
        name_of(&trial.cell),
        trial.started_at.clone(),
        trial.clients.to_string(),
        measure.map_or(String::new(), f64::to_string),
        verdict.to_owned(),
    ]
}

/// Whether the step of a search that a trial is of held.
fn held(run: &RunV2, trial: &TrialV2) -> String {
    let steps = run.finds.iter().filter(|find| find.transport == trial.transport);
    let mut steps = steps.flat_map(|find| &find.steps);
    let step = steps.find(|step| step.cell == trial.cell && step.rounds.contains(&trial.round));
    step.map_or(String::new(), |step| step.held.to_string())
}

/// Name of a swept setting's column, with its unit.
fn swept_column(setting: &Swept) -> String {
    let name = format!("swept_{}", setting.short_name().replace(['.', '-', ' '], "_"));
    match setting.numbers.as_ref().map_or(Unit::Count, |(unit, _)| *unit) {
        Unit::Bytes => format!("{name}_bytes"),
        Unit::Seconds | Unit::CpuSeconds => format!("{name}_s"),
        Unit::PerSecond => format!("{name}_per_second"),
        Unit::BitsPerSecond => format!("{name}_bits_per_second"),
        Unit::Share => format!("{name}_share"),
        Unit::Count | Unit::Times => name,
    }
}

/// Name of a figure's column: with its unit, before what qualifies it, so that names sort
/// together: `latency_s_p99`, `server_cpu_s_per_delivery`.
pub(crate) fn column(figure: &Figure) -> String {
    let unit = match figure.unit {
        Unit::Bytes => "bytes",
        Unit::BitsPerSecond => "bits_per_second",
        Unit::Seconds | Unit::CpuSeconds => "s",
        Unit::PerSecond => "per_second",
        Unit::Share => "share",
        Unit::Count | Unit::Times => return figure.name.replace('.', "_"),
    };
    let name = &figure.name;
    if unit != "s" && name.contains(unit) {
        return name.clone();
    }
    for (separator, kept) in [(".", "_"), ("_per_", "_per_"), ("_mean", "_mean")] {
        if let Some((what, qualifier)) = name.split_once(separator) {
            return format!("{what}_{unit}{kept}{qualifier}");
        }
    }
    format!("{name}_{unit}")
}

fn row(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<_> = fields.map(quoted).collect();
    fields.join(",") + "\n"
}

fn quoted(field: String) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_named_once_and_with_its_unit() {
        for (figure, expected) in [
            ("latency.p99", "latency_s_p99"),
            ("age_mean", "age_s_mean"),
            ("version_age_mean", "version_age_mean"),
            ("goodput", "goodput_bits_per_second"),
            ("wire_bytes_up_per_delivery", "wire_bytes_up_per_delivery"),
            ("server_cpu_per_client_second", "server_cpu_s_per_client_second"),
            ("server_memory_per_connection", "server_memory_bytes_per_connection"),
            ("requests_per_second", "requests_per_second"),
            ("empty_polls", "empty_polls_share"),
            ("lost", "lost"),
        ] {
            assert_eq!(column(&figure::find(figure).unwrap()), expected);
        }
        let mut names: Vec<_> = figure::all().iter().map(column).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_swept_setting_has_its_unit_in_its_name() {
        let setting = |name: &str, unit: Option<Unit>| Swept {
            name: name.to_owned(),
            values: Vec::new(),
            labels: Vec::new(),
            numbers: unit.map(|unit| (unit, Vec::new())),
        };
        for (name, unit, expected) in [
            ("workload.payload.bytes", Some(Unit::Count), "swept_payload_bytes"),
            (
                "transport.short-poll.interval",
                Some(Unit::Seconds),
                "swept_transport_short_poll_interval_s",
            ),
            ("workload.publish.rate", Some(Unit::PerSecond), "swept_publish_rate_per_second"),
            ("headers.request", None, "swept_headers_request"),
        ] {
            assert_eq!(swept_column(&setting(name, unit)), expected);
        }
    }

    #[test]
    fn fields_with_commas_and_quotes_are_quoted() {
        let fields = ["a", "b,c", "d \"e\"", "f\ng"].map(str::to_owned);
        assert_eq!(row(fields.into_iter()), "a,\"b,c\",\"d \"\"e\"\"\",\"f\ng\"\n");
    }
}
