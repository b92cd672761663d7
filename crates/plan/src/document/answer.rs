//! Which transport moves the fewest bytes, and what servers it would take.

use pushbench_protocol::figure::bytes_per;
use pushbench_report::layout::{Section, Tone};
use pushbench_report::units;

use crate::needs::Needs;
use crate::plan::{Plan, Planned};

/// Bytes on the wire for each client and second.
fn bytes(planned: &Planned) -> Option<f64> {
    planned.modelled.get(&bytes_per("wire", None, "client_second")).copied()
}

pub(super) fn answer(plan: &Plan) -> Section {
    let mut section = Section::new("Answer");
    let with_bytes = || plan.transports.iter().filter_map(|t| Some((t, bytes(t)?)));
    let least = with_bytes().min_by(|a, b| a.1.total_cmp(&b.1));
    let most = with_bytes().max_by(|a, b| a.1.total_cmp(&b.1));
    let Some(((least, few), (most, many))) = least.zip(most) else { return section };
    let bits = |bytes: f64| units::bits_per_second(bytes * 8.0 * f64::from(plan.clients));
    section.say(
        Tone::Strong,
        match few < many {
            // A push without a message or a heartbeat sends nothing, and no ratio says how much less.
            true if few == 0.0 => format!(
                "{} moves nothing on the wire (modelled), {} moves {}.",
                least.label,
                most.label,
                bits(many)
            ),
            true => format!(
                "{} moves the fewest bytes on the wire (modelled): {}, against {} by {}, {} times \
                 more.",
                least.label,
                bits(few),
                bits(many),
                most.label,
                units::ratio(many / few)
            ),
            false => format!("{} on the wire (modelled).", bits(few)),
        },
    );
    for planned in [Some(least), (few < many).then_some(most)].into_iter().flatten() {
        section.say(Tone::Plain, needs(planned, f64::from(plan.clients)));
    }
    section
}

/// What servers it would take, and what of that is not known.
fn needs(planned: &Planned, clients: f64) -> String {
    let Needs { cores, memory_bytes, network_cards } = Needs::of(planned, clients);
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    match cores {
        Some(cores) => known.push(units::numbered(whole(cores), "core")),
        None => unknown.push("CPU"),
    }
    match memory_bytes {
        Some(bytes) => known.push(format!("{} of memory", units::bytes(bytes))),
        None => unknown.push("memory"),
    }
    match network_cards {
        Some(cards) => known.push(units::numbered(cards, "network card") + " of 100 Gb/s"),
        None => unknown.push("network"),
    }
    let mut text = format!("{} would need (modelled): {}", planned.label, known.join(", "));
    if !unknown.is_empty() {
        text.push_str(&format!(
            "; unknown: {}, since no record of a valid run has these settings",
            unknown.join(" and ")
        ));
    }
    text + "."
}

/// Cores are whole ones.
pub(super) fn whole(cores: f64) -> f64 {
    cores.ceil().max(1.0)
}
