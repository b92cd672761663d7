//! What the figures rest on: the layer, and where memory and CPU were measured.

use pushbench_protocol::figure::Unit;
use pushbench_report::layout::{Section, Tone};
use pushbench_report::units;

use crate::borrowed::Origin;
use crate::plan::Plan;
use crate::prices::MONTH;

/// What is said where nothing can be borrowed.
const NOT_KNOWN: &str = "unknown: no record of a valid run has these settings.";

/// Where something was measured, for people.
fn measured(origin: &Origin) -> String {
    format!(
        "as measured with {} by version {} in {}",
        units::counted(origin.clients, "client"),
        origin.version,
        origin.from
    )
}

pub(super) fn grounds(plan: &Plan) -> Section {
    let mut section = Section::new("What the figures rest on");
    let mut items = vec![
        "Traffic is layer 3: IPv4, TCP with timestamps and acknowledgements, no loss. A network \
         card carries 100 Gb/s in each direction; cores are those of the record's machine, used \
         for nothing else. Megabit and gigabyte are SI, 10^6 and 10^9."
            .to_owned(),
        "Latency is what the transport adds. A push adds none, so there is no figure; the delay \
         of the network, and queueing at a server that sends to many clients, add to every \
         transport."
            .to_owned(),
        format!(
            "A month has {} days. Most providers bill traffic down only.",
            units::number(MONTH / 86_400.0)
        ),
    ];
    if plan.time_scale > 1.0 {
        items.push(format!(
            "The scenario's clocks run {} times as fast as those of what it stands for. The figures of a \
             month and of a battery are at the slower pace, all others at the scenario's.",
            units::grouped(plan.time_scale, 0)
        ));
    }
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
