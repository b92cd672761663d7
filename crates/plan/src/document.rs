//! A plan in words and tables.

mod accuracy;
mod answer;
mod battery;
mod figures;
mod flips;
mod grounds;
mod prices;

use jiff::civil::Date;
use pushbench_report::layout::{Document, Section, Tone};
use pushbench_report::units;

pub use prices::prices_section;

use crate::plan::Plan;

/// Builds what a plan says; `today` tells how old its prices are.
pub fn document(plan: &Plan, today: Date) -> Document {
    let mut sections =
        vec![question(plan), answer::answer(plan), figures::figures(plan), flips::flips(plan)];
    sections.extend(battery::battery(plan));
    sections.extend(prices_section(&plan.services, today));
    sections.push(accuracy::accuracy(plan));
    sections.push(grounds::grounds(plan));
    Document { sections }
}

fn question(plan: &Plan) -> Section {
    let clients = units::counted(plan.clients.into(), "client");
    let mut section = Section::new(format!("What would {clients} cost?"));
    let setting = |name: &str| plan.settings.get(name).map_or("?", String::as_str);
    section.say(
        Tone::Plain,
        format!(
            "Modelled, not measured: a message every {} in the topic of each client, {} B per \
             message, {} of them needed; headers as in the profiles {} and {}, {} B of cookie.",
            units::seconds(1.0 / plan.messages_per_second),
            units::number(setting("workload.payload.bytes").parse().unwrap_or(0.0)),
            match setting("workload.deliver") {
                "every" => "every one",
                _ => "the newest",
            },
            setting("headers.request"),
            setting("headers.response"),
            setting("headers.cookie_bytes"),
        ),
    );
    section
}
