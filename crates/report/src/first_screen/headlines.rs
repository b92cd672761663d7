//! The figures that a first screen shows of each transport.

use pushbench_protocol::figure::Unit;
use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, percentile};
use crate::sections::denominator::{per_client_second, some_are_dropped};
use crate::sections::layer::Layer;
use crate::times::{Percentile, Times};
use crate::units::{ABSENT, ratio, scaled};

/// One figure of every transport that is shown.
pub(super) struct Headline {
    /// Where transports are columns: what the row shows.
    pub(super) label: String,
    /// Where transports are rows: what columns it stands with, and its title there.
    pub(super) group: &'static str,
    /// See `group`.
    pub(super) title: String,
    /// Of a transport that has less, and of one that has more.
    words: [&'static str; 2],
    unit: Unit,
    /// One for each transport, in their order.
    pub(super) values: Vec<Option<Rounds>>,
}

/// Where a headline comes from.
enum Of {
    Figure(&'static str),
    Latency(Percentile),
}

/// What bytes are shown by, where it was counted.
const WIRE: &str = "wire_bytes_per_delivery";
const BYTES: [&str; 2] = ["fewer", "more"];
const TIME: [&str; 2] = ["lower", "higher"];
const WORK: [&str; 2] = ["less", "more"];

/// Those of these transports that any of them has, in reading order.
pub(super) fn headlines(run: &RunV2, of: &[&TransportV1], times: &Times) -> Vec<Headline> {
    let has = |figure: &str| of.iter().any(|transport| measured(run, transport, figure).is_some());
    let mut all = Vec::new();
    let mut add = |label: &str, group, title: &str, words, unit, source: Of| {
        let value = |transport: &&TransportV1| match source {
            Of::Figure(name) => measured(run, transport, name),
            Of::Latency(at) => percentile(run, transport, "latency", at.quantile()),
        };
        let values: Vec<_> = of.iter().map(value).collect();
        if values.iter().any(Option::is_some) {
            all.push(Headline {
                label: label.to_owned(),
                group,
                title: title.to_owned(),
                words,
                unit,
                values,
            });
        }
    };
    let layer = "bytes per delivery";
    match has(WIRE) {
        true => add(
            "  bytes on the wire (layer 3)",
            layer,
            "wire",
            BYTES,
            Unit::Bytes,
            Of::Figure(WIRE),
        ),
        false => add(
            "  bytes above TLS",
            layer,
            "stream",
            BYTES,
            Unit::Bytes,
            Of::Figure("stream_bytes_per_delivery"),
        ),
    }
    let header = Of::Figure("header_bytes_per_delivery");
    add("    of that headers", layer, "headers", BYTES, Unit::Bytes, header);
    if some_are_dropped(run, of) {
        let layer = if has(WIRE) { Layer::Wire } else { Layer::Stream };
        let title = match layer {
            Layer::Wire => "wire",
            Layer::Stream => "stream",
        };
        let figure = Of::Figure(per_client_second(layer));
        add(
            "bytes per client and second",
            "bytes per client and s",
            title,
            BYTES,
            Unit::Bytes,
            figure,
        );
    }
    let mean = Of::Figure("latency.mean");
    add("  latency, mean", "latency", "mean", TIME, Unit::Seconds, mean);
    for at in times.percentiles_or(&[99.0]) {
        let (label, title) = (format!("  latency, {at}"), at.to_string());
        add(&label, "latency", &title, TIME, Unit::Seconds, Of::Latency(at));
    }
    let cpu = Of::Figure("server_cpu_per_delivery");
    add("  server CPU", "server", "CPU", WORK, Unit::CpuSeconds, cpu);
    let floor = Of::Figure("server_cpu_over_floor");
    add("    as a multiple of the floor", "server", "x floor", WORK, Unit::Times, floor);
    let idle = Of::Figure("idle_wire_bytes_per_client_hour");
    add("bytes per client and idle hour", "idle hour", "wire", BYTES, Unit::Bytes, idle);
    let idle = Of::Figure("idle_server_cpu_per_client_hour");
    add("server CPU per client and idle hour", "idle hour", "CPU", WORK, Unit::CpuSeconds, idle);
    let memory = Of::Figure("server_working_memory_per_connection");
    add("server memory per client, in use", "server", "memory", WORK, Unit::Bytes, memory);
    if of
        .iter()
        .any(|transport| measured(run, transport, "lost").is_some_and(|lost| lost.max > 0.0))
    {
        add("messages lost", "lost", "messages", BYTES, Unit::Count, Of::Figure("lost"));
    }
    all
}

impl Headline {
    /// One value as a table shows it.
    pub(super) fn shown(&self, value: Option<Rounds>, times: &Times) -> String {
        match (value, self.unit) {
            (None, _) => ABSENT.to_owned(),
            (Some(found), Unit::Seconds | Unit::CpuSeconds) => times.shown(found.value),
            (Some(found), unit) => scaled(unit, found.value),
        }
    }

    /// How the last of two transports stands to the first: `7.5x fewer`. Nothing where one has none, or
    /// where a ratio would say nothing.
    pub(super) fn last_to_first(&self) -> String {
        let [Some(first), Some(last)] = self.values[..] else { return String::new() };
        if first.value <= 0.0 || last.value <= 0.0 {
            return String::new();
        }
        if first.overlaps(&last) {
            return "no difference".to_owned();
        }
        let [less, more] = self.words;
        match last.value < first.value {
            true => format!("{}x {less}", ratio(first.value / last.value)),
            false => format!("{}x {more}", ratio(last.value / first.value)),
        }
    }
}
