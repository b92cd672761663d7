//! What a client library costs beside the load generator's own client.

use pushbench_store::{RunV2, TransportV1};

use crate::figures::{measured, trials};
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, bytes, number, numbered, seconds};

/// The option that names a client's program; absent of the load generator's own.
const CLIENT: &str = "client";

/// A row: what it says, how it is found, how it is shown.
struct Figure {
    label: &'static str,
    of: fn(&RunV2, &TransportV1) -> Option<f64>,
    show: fn(f64) -> String,
}

const FIGURES: [Figure; 9] = [
    Figure {
        label: "request headers per poll, B",
        of: |run, of| value(run, of, "header_bytes_up_per_poll"),
        show: number,
    },
    Figure {
        label: "response headers per poll, B",
        of: |run, of| value(run, of, "header_bytes_down_per_poll"),
        show: number,
    },
    Figure {
        label: "wire bytes per poll",
        of: |run, of| value(run, of, "wire_bytes_per_poll"),
        show: number,
    },
    Figure {
        label: "wire bytes per delivery",
        of: |run, of| value(run, of, "wire_bytes_per_delivery"),
        show: number,
    },
    Figure {
        label: "stream bytes per connection to connect",
        of: |run, of| value(run, of, "connect_stream_bytes_per_connection"),
        show: number,
    },
    Figure { label: "client CPU per poll", of: cpu_per_poll, show: seconds },
    Figure {
        label: "client CPU per delivery",
        of: |run, of| value(run, of, "load_cpu_per_delivery"),
        show: seconds,
    },
    Figure {
        label: "client memory per connection",
        of: |run, of| value(run, of, "load_memory_per_connection"),
        show: bytes,
    },
    Figure { label: "latency, median", of: |run, of| value(run, of, "latency.p50"), show: seconds },
];

/// Each transport that a library played beside the same one of the load generator's own client;
/// `None` without a library, and where settings were swept.
pub(crate) fn client_libraries(run: &RunV2) -> Option<Section> {
    if run.trials.is_empty() || !run.scenario.cells.is_empty() {
        return None;
    }
    let of_libraries: Vec<_> =
        run.transports.iter().filter(|of| of.options.contains_key(CLIENT)).collect();
    if of_libraries.is_empty() {
        return None;
    }
    let mut section = Section::new("Client libraries, measured");
    section.say(
        Tone::Plain,
        "The exact client sends the scenario's header profile byte for byte and parses no more than \
         it needs; a library sends its own headers and does what an application pays it for. The \
         CPU time is the load generator's, of its publisher too.",
    );
    let sentences: Vec<_> = of_libraries.iter().filter_map(|of| sentence(run, of)).collect();
    for sentence in sentences {
        section.say(Tone::Strong, sentence);
    }
    section.blocks.extend(of_libraries.iter().map(|of| Block::Table(table(run, of))));
    Some(section)
}

fn table(run: &RunV2, library: &TransportV1) -> Table {
    let exact = exact_one(run, library);
    let columns = [
        exact.map(|exact| format!("{} (exact)", exact.label)),
        Some(format!("{} ({})", library.label, program(library))),
        exact.map(|_| "difference".to_owned()),
    ];
    let rows = FIGURES.iter().filter_map(|figure| {
        let theirs = (figure.of)(run, library)?;
        let ours = exact.map(|exact| (figure.of)(run, exact));
        let shown = |value: Option<f64>| match value {
            Some(value) => Tone::Plain.span((figure.show)(value)),
            None => Tone::Faint.span(ABSENT),
        };
        let difference = |ours: f64| {
            let sign = if theirs < ours { "-" } else { "+" };
            Tone::Plain.span(format!("{sign}{}", (figure.show)((theirs - ours).abs())))
        };
        let cells = [
            ours.map(shown),
            Some(shown(Some(theirs))),
            ours.map(|ours| ours.map_or_else(|| Tone::Faint.span(ABSENT), difference)),
        ];
        let cells = cells.into_iter().flatten().collect();
        Some(Row::Values { label: Tone::Plain.span(figure.label), cells })
    });
    Table {
        label: library.kind.label().to_owned(),
        groups: vec![ColumnGroup {
            title: String::new(),
            columns: columns.into_iter().flatten().collect(),
        }],
        rows: rows.collect(),
    }
}

/// What the library costs more for each poll, where it polls and there is what to compare it with.
fn sentence(run: &RunV2, library: &TransportV1) -> Option<String> {
    let exact = exact_one(run, library)?;
    let more = |of: &dyn Fn(&TransportV1) -> Option<f64>| Some(of(library)? - of(exact)?);
    let headers = more(&|of| value(run, of, "header_bytes_up_per_poll"))?;
    let than = |more: f64| if more < 0.0 { "less" } else { "more" };
    let cpu = match more(&|of| cpu_per_poll(run, of)) {
        Some(cpu) => format!(", and takes {} {} CPU time", seconds(cpu.abs()), than(cpu)),
        None => String::new(),
    };
    let program = program(library);
    let sends = match headers {
        0.0 => format!("{program} sends as many bytes of request headers as the exact client"),
        _ => {
            let fewer = if headers < 0.0 { "fewer byte" } else { "more byte" };
            let bytes = numbered(headers.abs(), fewer);
            format!("{program} sends {bytes} of request headers than the exact client")
        }
    };
    Some(format!("Per poll, {sends}{cpu}."))
}

/// The same transport, played by the load generator's own client.
fn exact_one<'run>(run: &'run RunV2, library: &TransportV1) -> Option<&'run TransportV1> {
    let but_for_client = |of: &TransportV1| {
        let mut options = of.options.clone();
        options.remove(CLIENT);
        (of.kind, options)
    };
    let is_exact = |of: &&TransportV1| !of.options.contains_key(CLIENT);
    let mut exact = run.transports.iter().filter(is_exact);
    exact.find(|of| but_for_client(of) == but_for_client(library))
}

fn program(library: &TransportV1) -> &str {
    library.options.get(CLIENT).map_or("", String::as_str)
}

fn value(run: &RunV2, of: &TransportV1, figure: &str) -> Option<f64> {
    measured(run, of, figure).map(|rounds| rounds.value)
}

fn cpu_per_poll(run: &RunV2, of: &TransportV1) -> Option<f64> {
    let clients = trials(run, of).next()?.clients as f64;
    let polls = value(run, of, "requests_per_second")?;
    let cpu = value(run, of, "load_cpu_per_client_second")? * clients;
    (polls > 0.0).then(|| cpu / polls)
}
