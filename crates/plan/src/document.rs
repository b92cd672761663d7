//! A plan in words and tables.

use std::time::Duration;

use pushbench_protocol::Direction;
use pushbench_protocol::figure::{Unit, bytes_per};
use pushbench_report::layout::{Block, ColumnGroup, Document, Row, Section, Span, Table, Tone};
use pushbench_report::units::{self, ABSENT};
use pushbench_scenario::format_duration;

use crate::borrowed::Origin;
use crate::flip::{Flip, Variable};
use crate::needs::Needs;
use crate::plan::{MONTH, Plan, Planned};

/// Builds what a plan says.
pub fn document(plan: &Plan) -> Document {
    let mut sections = vec![question(plan), answer(plan), figures(plan), flips(plan)];
    sections.push(accuracy(plan));
    sections.push(grounds(plan));
    Document { sections }
}

fn question(plan: &Plan) -> Section {
    let clients = units::number(f64::from(plan.clients));
    let mut section = Section::new(format!("What would {clients} clients cost?"));
    let setting = |name: &str| plan.settings.get(name).map_or("?", String::as_str);
    section.say(
        Tone::Plain,
        format!(
            "Modelled, not measured: a message every {} in the topic of each client, {} B per \
             message, {} of them wanted; headers as in the profiles {} and {}, {} B of cookie.",
            units::seconds(1.0 / plan.news_per_second),
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

/// Bytes on the wire for each client and second.
fn bytes(planned: &Planned) -> Option<f64> {
    planned.modelled.get(&bytes_per("wire", None, "client_second")).copied()
}

fn answer(plan: &Plan) -> Section {
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
        Some(cores) => known.push(plural(whole(cores), "core")),
        None => unknown.push("CPU"),
    }
    match memory_bytes {
        Some(bytes) => known.push(format!("{} of memory", units::bytes(bytes))),
        None => unknown.push("memory"),
    }
    match network_cards {
        Some(cards) => known.push(plural(cards, "network card of 100 Gb/s")),
        None => unknown.push("network"),
    }
    let mut text = format!("{} would need (modelled): {}", planned.label, known.join(", "));
    if !unknown.is_empty() {
        text.push_str(&format!(
            "; not known: {}, since no record of a valid run has these settings",
            unknown.join(" and ")
        ));
    }
    text + "."
}

/// Cores are whole ones.
fn whole(cores: f64) -> f64 {
    cores.ceil().max(1.0)
}

fn plural(count: f64, one: &str) -> String {
    let (noun, rest) = one
        .split_once(" of ")
        .map_or((one, String::new()), |(noun, rest)| (noun, format!(" of {rest}")));
    let s = if count == 1.0 { "" } else { "s" };
    format!("{} {noun}{s}{rest}", units::number(count))
}

/// Where the value of a row comes from.
type Value<'a> = Box<dyn Fn(&Planned) -> Option<f64> + 'a>;
/// A row of the table: its label, its unit, its value.
type Line<'a> = (&'static str, Shown, Value<'a>);

/// How a value is shown.
#[derive(Clone, Copy)]
enum Shown {
    In(Unit),
    Number,
    Price,
}

fn figures(plan: &Plan) -> Section {
    let clients = f64::from(plan.clients);
    let figure = |name: &'static str| -> Value<'static> {
        Box::new(move |planned: &Planned| planned.modelled.get(name).copied())
    };
    let wire = |direction: Option<Direction>, times: f64| -> Value<'static> {
        let name = bytes_per("wire", direction, "client_second");
        Box::new(move |planned: &Planned| planned.modelled.get(&name).map(|bytes| bytes * times))
    };
    let connect = move |planned: &Planned| {
        Some(planned.modelled.get("connect_wire_bytes_per_connection")? * clients)
    };
    let server = move |planned: &Planned| Needs::of(planned, clients).memory_bytes;
    let cores = move |planned: &Planned| Needs::of(planned, clients).cores.map(whole);
    let cards = move |planned: &Planned| Needs::of(planned, clients).network_cards;
    let kernel =
        move |planned: &Planned| Some(planned.memory.as_ref()?.kernel_bytes_per_client? * clients);
    let money_down = |planned: &Planned| Some(planned.money?.month_down);
    let money_both = |planned: &Planned| Some(planned.money?.month_both);
    let (up, down) = (Some(Direction::Up), Some(Direction::Down));
    let month = clients * MONTH;
    let mut parts: Vec<(&str, Vec<Line<'_>>)> = vec![
        (
            "All clients together",
            vec![
                (
                    "bandwidth, modelled",
                    Shown::In(Unit::BitsPerSecond),
                    figure("wire_bits_per_second"),
                ),
                ("of that up, modelled", Shown::In(Unit::BitsPerSecond), wire(up, clients * 8.0)),
                (
                    "of that down, modelled",
                    Shown::In(Unit::BitsPerSecond),
                    wire(down, clients * 8.0),
                ),
                (
                    "HTTP headers, modelled",
                    Shown::In(Unit::BitsPerSecond),
                    figure("header_bits_per_second"),
                ),
                ("requests, modelled", Shown::In(Unit::PerSecond), figure("requests_per_second")),
                (
                    "deliveries, modelled",
                    Shown::In(Unit::PerSecond),
                    figure("deliveries_per_second"),
                ),
            ],
        ),
        (
            "Each client",
            vec![
                (
                    "wire per delivery, modelled",
                    Shown::In(Unit::Bytes),
                    figure("wire_bytes_per_delivery"),
                ),
                ("empty polls, modelled", Shown::In(Unit::Share), figure("empty_polls")),
                ("latency mean, modelled", Shown::In(Unit::Seconds), figure("latency.mean")),
                ("latency p95, modelled", Shown::In(Unit::Seconds), figure("latency.p95")),
                ("age of messages, modelled", Shown::In(Unit::Seconds), figure("age_mean")),
            ],
        ),
        (
            "The server",
            vec![
                ("cores, modelled", Shown::Number, Box::new(cores)),
                ("cards of 100 Gb/s, modelled", Shown::Number, Box::new(cards)),
                ("memory, modelled", Shown::In(Unit::Bytes), Box::new(server)),
                ("kernel memory, modelled", Shown::In(Unit::Bytes), Box::new(kernel)),
                ("all reconnect, modelled", Shown::In(Unit::Bytes), Box::new(connect)),
            ],
        ),
        (
            "A month of it",
            vec![
                ("traffic down, modelled", Shown::In(Unit::Bytes), wire(down, month)),
                ("traffic in all, modelled", Shown::In(Unit::Bytes), wire(None, month)),
            ],
        ),
    ];
    if plan.transports.iter().any(|planned| planned.money.is_some())
        && let Some((_, month)) = parts.last_mut()
    {
        month.push(("price down, modelled", Shown::Price, Box::new(money_down)));
        month.push(("price in all, modelled", Shown::Price, Box::new(money_both)));
    }
    let groups = plan
        .transports
        .iter()
        .map(|planned| ColumnGroup { title: String::new(), columns: vec![planned.label.clone()] });
    let mut rows = Vec::new();
    for (heading, lines) in parts {
        rows.push(Row::Heading(heading.to_owned()));
        for (label, shown, value) in lines {
            let cell = |planned: &Planned| match (value(planned), shown) {
                (Some(value), Shown::Price) => Tone::Plain.span(price(value)),
                (Some(value), Shown::Number) => Tone::Plain.span(units::number(value)),
                (Some(value), Shown::In(unit)) => Tone::Plain.span(units::scaled(unit, value)),
                (None, _) => Tone::Faint.span(ABSENT),
            };
            let cells: Vec<Span> = plan.transports.iter().map(cell).collect();
            rows.push(Row::Values { label: Tone::Plain.span(label), cells });
        }
    }
    let mut section = Section::new("Modelled figures");
    let table = Table { label: "on the wire (layer 3)".to_owned(), groups: groups.collect(), rows };
    section.blocks.push(Block::Table(table));
    section
}

/// Money has two digits while they matter.
fn price(value: f64) -> String {
    units::grouped(value, if value < 1_000.0 { 2 } else { 0 })
}

fn flips(plan: &Plan) -> Section {
    let mut section = Section::new("Where the answer flips");
    section.say(
        Tone::Plain,
        "One setting is changed, all else stays: where would another transport move fewer bytes on \
         the wire per client and second than the one that moves the fewest now? Solved from the \
         model.",
    );
    let mut items = Vec::new();
    let mut rest = plan.flips.as_slice();
    while let Some(first) = rest.first() {
        let of = rest.iter().take_while(|flip| flip.transport == first.transport).count();
        let (these, others) = rest.split_at(of);
        rest = others;
        let there: Vec<_> = these.iter().filter(|flip| flip.at.is_some()).map(flip).collect();
        let nowhere: Vec<_> = these.iter().filter(|flip| flip.at.is_none()).map(never).collect();
        let pair = format!("{} instead of {} (modelled): ", first.transport, first.cheapest);
        let mut text = there.join("; or ");
        if !nowhere.is_empty() {
            let glue = if text.is_empty() { "never " } else { "; never " };
            text.push_str(&format!("{glue}{}", nowhere.join(", nor ")));
        }
        items.push(vec![Tone::Strong.span(pair), Tone::Plain.span(format!("{text}."))]);
    }
    if items.is_empty() {
        section.say(Tone::Plain, "There is nothing to compare.");
    }
    section.list(items);
    section
}

fn flip(flip: &Flip) -> String {
    let at = flip.at.expect("filtered for it");
    let is_more = at > flip.now;
    let value = |value: f64| value_of(flip.variable, value);
    match flip.variable {
        Variable::NewsEvery => format!(
            "with a message every {} or {} (now every {})",
            value(at),
            if is_more { "less often" } else { "more often" },
            value(flip.now)
        ),
        Variable::Interval => format!(
            "polling every {} or {} (now every {}{})",
            value(at),
            if is_more { "less often" } else { "more often" },
            value(flip.now),
            match flip.age_mean {
                Some(mean) =>
                    format!("; a message is then {} old on average", units::seconds(mean)),
                None => String::new(),
            }
        ),
        Variable::Payload => format!(
            "with messages of {} or {} (now {})",
            value(at),
            if is_more { "more" } else { "less" },
            value(flip.now)
        ),
    }
}

fn never(flip: &Flip) -> String {
    let [least, most] = flip.range.map(|value| value_of(flip.variable, value));
    match flip.variable {
        Variable::NewsEvery => format!("with a message every {least} to {most}"),
        Variable::Interval => format!("polling every {least} to {most}"),
        Variable::Payload => format!("with messages of {least} to {most}"),
    }
}

fn value_of(variable: Variable, value: f64) -> String {
    match variable {
        // Beyond some minutes people think in hours.
        Variable::NewsEvery | Variable::Interval if value >= 600.0 => {
            format_duration(Duration::from_secs(value.round() as u64))
        }
        Variable::NewsEvery | Variable::Interval => units::seconds(value),
        Variable::Payload => units::bytes(value),
    }
}

fn accuracy(plan: &Plan) -> Section {
    let mut section = Section::new("How far the model was from measurement");
    if plan.accuracy.is_empty() {
        section.say(
            Tone::Warning,
            "No record of a run was found, so nothing here has been held against a measurement. \
             `pushbench run` makes one; `--results` says where records lie.",
        );
        return section;
    }
    section.say(
        Tone::Plain,
        "Every valid trial of the newest valid record of each scenario, planned anew with the \
         messages that really came, against what was counted and timed in it.",
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

/// What is said where nothing can be borrowed.
const NOT_KNOWN: &str = "not known, no record of a valid run has these settings.";

/// Where something was measured, for people.
fn measured(origin: &Origin) -> String {
    format!(
        "as measured with {} clients by version {} in {}",
        units::number(origin.clients as f64),
        origin.version,
        origin.from
    )
}

fn grounds(plan: &Plan) -> Section {
    let mut section = Section::new("What the figures rest on");
    let mut items = vec![
        "Traffic is layer 3: IPv4, TCP with timestamps and acknowledgements, no loss. A network card \
         carries 100 Gb/s each way; cores are those of the record's machine, busy with nothing else. Megabit and gigabyte are SI, 10^6 and 10^9."
            .to_owned(),
        "Latency is what the transport adds. A push adds none, so there is no figure; the network's \
         delay, and the queue behind a server that sends to many, come on top of every transport."
            .to_owned(),
        format!(
            "A month has {} days. Most providers bill traffic down only.",
            units::number(MONTH / 86_400.0)
        ),
    ];
    for planned in &plan.transports {
        let label = &planned.label;
        items.push(match &planned.memory {
            Some(memory) => format!(
                "Memory of {label}, modelled: {} per client, {}, times the clients{}.",
                units::bytes(memory.server_bytes_per_client),
                measured(&memory.origin),
                match memory.kernel_bytes_per_client {
                    Some(kernel) => {
                        format!("; of the kernel {}, both ends", units::bytes(kernel))
                    }
                    None => String::new(),
                }
            ),
            None => format!("Memory of {label}: {NOT_KNOWN}"),
        });
        items.push(match &planned.cpu {
            Some(cpu) => format!(
                "CPU of {label}, modelled: {} per {}{}, {}.",
                units::scaled(Unit::CpuSeconds, cpu.seconds_per_event),
                cpu.event.label(),
                match cpu.payload_bytes {
                    Some(bytes) => format!(" of {bytes} B"),
                    None => String::new(),
                },
                measured(&cpu.origin)
            ),
            None => format!("CPU of {label}: {NOT_KNOWN}"),
        });
    }
    section.list(items.into_iter().map(|item| vec![Tone::Plain.span(item)]).collect());
    section
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

    #[test]
    fn long_times_are_told_in_hours_and_short_ones_with_three_digits() {
        let of = |seconds| value_of(Variable::NewsEvery, seconds);
        assert_eq!([of(0.1339), of(74.6), of(86_400.0)], ["134 ms", "74.6 s", "24h"]);
    }
}
