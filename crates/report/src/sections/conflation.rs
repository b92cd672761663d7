//! What was replaced by newer messages, beside the setting that made it so.

use pushbench_store::{RunV2, TransportV1};

use crate::figures::trials;
use crate::layout::{Section, Tone};
use crate::units::{grouped, share};

/// One line for each transport, if messages of any of them were conflated.
pub(crate) fn conflation(run: &RunV2) -> Option<Section> {
    run.transports.iter().find(|transport| setting(transport).is_some())?;
    let mut section = Section::new("Superseded versions");
    section.say(
        Tone::Plain,
        "Versions that were replaced by a newer one before they reached a client, over clients and \
         rounds. A client that receives fewer messages needs fewer resources.",
    );
    section.list(
        run.transports
            .iter()
            .filter_map(|transport| Some(vec![Tone::Plain.span(line(run, transport)?)]))
            .collect(),
    );
    Some(section)
}

fn line(run: &RunV2, transport: &TransportV1) -> Option<String> {
    let (superseded, expected) =
        trials(run, transport).fold((0, 0), |(superseded, expected), t| {
            (superseded + t.counts.superseded, expected + t.counts.expected)
        });
    let by = match setting(transport) {
        Some(every) => format!("conflated to one every {every}"),
        None => match transport.options.get("interval") {
            Some(interval) => format!("polled every {interval}"),
            None => "not conflated".to_owned(),
        },
    };
    (expected > 0).then(|| {
        format!(
            "{}, {by}: {} of {} versions superseded ({})",
            transport.label,
            grouped(superseded as f64, 0),
            grouped(expected as f64, 0),
            share(superseded as f64 / expected as f64),
        )
    })
}

fn setting(transport: &TransportV1) -> Option<&str> {
    transport.options.get("conflate").map(String::as_str).filter(|every| *every != "none")
}
