//! How far the model was from what was measured.

use pushbench_report::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use pushbench_report::units;

use crate::plan::Plan;

pub(super) fn accuracy(plan: &Plan) -> Section {
    let mut section = Section::new("How far the model was from measurement");
    if plan.accuracy.is_empty() {
        section.say(
            Tone::Warning,
            "No record of a run was found, so nothing here has been compared with a measurement. \
             `pushbench run` makes one; `--results` names the folder with the records.",
        );
        return section;
    }
    section.say(
        Tone::Plain,
        "Every valid trial of the newest valid record of each scenario, planned again with the \
         messages that really arrived, against what was counted and timed in it.",
    );
    let mut rows = Vec::new();
    let mut heading = "";
    for accuracy in &plan.accuracy {
        if heading != accuracy.name {
            heading = accuracy.name;
            rows.push(Row::Heading(format!("{heading}: measured against modelled")));
        }
        let cells = vec![
            Tone::Plain.span(accuracy.trials.to_string()),
            Tone::Plain.span(units::share(accuracy.median)),
            Tone::Plain.span(signed(accuracy.worst.share)),
            Tone::Faint.span(short(&accuracy.worst.from)),
        ];
        rows.push(Row::Values { label: Tone::Plain.span(accuracy.kind.label()), cells });
    }
    let columns = ["trials", "median off", "worst", "in"].map(str::to_owned).to_vec();
    let groups = vec![ColumnGroup { title: String::new(), columns }];
    let table = Table { label: "transport".to_owned(), groups, rows };
    section.blocks.push(Block::Table(table));
    let left_out = plan.left_out.iter();
    let left_out = left_out
        .map(|left| vec![Tone::Faint.span(format!("skipped: {}: {}", left.what, left.why))]);
    section.list(left_out.collect());
    section
}

fn signed(share: f64) -> String {
    let text = units::share(share.abs());
    match text.as_str() {
        text if text == "0%" || text.starts_with('<') => text.to_owned(),
        _ if share < 0.0 => format!("-{text}"),
        _ => format!("+{text}"),
    }
}

/// The scenario's name: the folder of the record.
fn short(path: &str) -> String {
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let name = match parts.as_slice() {
        [.., "reference", scenario] => scenario,
        [.., scenario, _run] => scenario,
        _ => path,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_has_its_sign_unless_there_is_none_to_speak_of() {
        for (share, text) in
            [(0.0, "0%"), (0.0001, "<0.1%"), (-0.0001, "<0.1%"), (0.042, "+4.2%"), (-0.5, "-50%")]
        {
            assert_eq!(signed(share), text, "{share}");
        }
    }

    #[test]
    fn a_record_is_called_by_its_scenario() {
        for (path, name) in [
            ("results/reference/kaazing-b", "kaazing-b"),
            ("results/quickstart/20261122T143000Z-7k3mqa", "quickstart"),
            ("here", "here"),
        ] {
            assert_eq!(short(path), name, "{path}");
        }
    }
}
