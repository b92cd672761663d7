//! Bytes for each delivered message: by kind, at each layer, and up and down apart.

use pushbench_protocol::figure::{Unit, bytes_per};
use pushbench_protocol::{ByteKind, Direction, Layer};
use pushbench_store::{RunV2, TransportV1};

use super::{is_plain, note, section};
use crate::chart::{Bar, Bars, Chart, Part, Picture};
use crate::figures::{measured, modelled};
use crate::layout::{Line, Section};
use crate::sections::legend;

/// What the bars' lengths are.
const AXIS: &str = "bytes per message";

/// The bars of each layer, from what the network carries to what a program hands over.
pub(crate) fn layers(run: &RunV2) -> Option<Section> {
    if !is_plain(run) {
        return None;
    }
    let mut charts = Vec::new();
    let mut above: Option<(Layer, Bars)> = None;
    for &layer in Layer::ALL {
        let bars = bars(run, layer, None);
        let same = above.filter(|(_, above)| above.bars == bars.bars).map(|(layer, _)| layer);
        let notes = vec![note(meaning(layer))];
        match same {
            // The same bars a second time would only make the reader look for a difference.
            Some(same) => {
                if let Some(chart) = charts.last_mut() {
                    let Chart { notes, .. } = chart;
                    notes.push(note(format!(
                        "{layer}: {} Here that is nothing, so its bars are the same as those of {same}.",
                        meaning(layer)
                    )));
                }
            }
            None => {
                charts.push(chart(
                    &format!("bytes-{layer}"),
                    &format!("Bytes per delivered message: {}", title(layer)),
                    bars.clone(),
                    notes,
                ));
            }
        }
        above = Some((layer, bars));
    }
    charts.reverse();
    charts.retain(|chart| !chart.is_empty());
    if let Some(first) = charts.first_mut() {
        first.notes.push(note(BEHIND));
        first.notes.extend(legend::about(&kinds_in(&first.picture)));
    }
    section("Bytes per delivered message", charts)
}

/// Up and down apart, at the lowest layer that was counted, on axes of the same length.
pub(crate) fn directions(run: &RunV2) -> Option<Section> {
    if !is_plain(run) {
        return None;
    }
    let is_counted = |layer: &&Layer| {
        let figure = bytes_per(layer.label(), None, "delivery");
        run.transports.iter().any(|transport| measured(run, transport, &figure).is_some())
    };
    let &layer = Layer::ALL.iter().rev().find(is_counted)?;
    let mut bars: Vec<_> = Direction::ALL
        .iter()
        .map(|&direction| (direction, bars(run, layer, Some(direction))))
        .collect();
    let reach = bars.iter().map(|(_, bars)| bars.longest()).fold(0.0, f64::max);
    let charts = bars.iter_mut().map(|(direction, bars)| {
        bars.reach = reach;
        let what = match direction {
            Direction::Up => "From the client to the server: requests and acknowledgements.",
            Direction::Down => {
                "From the server to the client: responses, messages, acknowledgements."
            }
        };
        let title = format!("Bytes per delivered message, {direction}: {}", title(layer));
        let notes = vec![note(format!("{what} Up and down have the same scale."))];
        chart(&format!("bytes-{direction}"), &title, bars.clone(), notes)
    });
    section("Up and down", charts.collect())
}

const BEHIND: &str = "The grey bar behind each is what the model predicts; where it shows only \
                      above and below, the two agree.";

fn chart(name: &str, title: &str, bars: Bars, notes: Vec<Line>) -> Chart {
    Chart { name: name.to_owned(), title: title.to_owned(), picture: Picture::Bars(bars), notes }
}

/// The place of a kind's fill.
fn fill(kind: ByteKind) -> usize {
    match kind {
        ByteKind::Payload => 0,
        ByteKind::Repeat => 1,
        ByteKind::Header => 2,
        ByteKind::Framing => 3,
        ByteKind::Control => 4,
        ByteKind::Handshake => 5,
        ByteKind::Tls => 6,
        ByteKind::TcpIp => 7,
        ByteKind::Wrapping => 8,
        ByteKind::Unexplained => 9,
    }
}

/// One bar a transport, of those kinds in the layer that any of them has.
fn bars(run: &RunV2, layer: Layer, direction: Option<Direction>) -> Bars {
    let value = |transport: &TransportV1, sum: &str| {
        let figure = bytes_per(sum, direction, "delivery");
        measured(run, transport, &figure).map(|rounds| rounds.value)
    };
    let kinds: Vec<_> = ByteKind::ALL
        .iter()
        .filter(|kind| kind.is_in(layer))
        .filter(|kind| {
            let found = |transport| value(transport, kind.label());
            run.transports.iter().filter_map(found).any(|bytes| bytes > 0.0)
        })
        .collect();
    let parts = kinds.iter().map(|kind| Part {
        name: kind.label().to_owned(),
        // A kind has its own fill, whichever others are shown.
        fill: Some(fill(**kind)),
    });
    let bars = run.transports.iter().map(|transport| {
        let total = value(transport, layer.label());
        let parts = kinds.iter().map(|kind| {
            // Where there is none of what only third-party servers have, the figure is left out.
            let none = kind.is_third_party().then_some(0.0);
            value(transport, kind.label()).or(none)
        });
        let model = modelled(run, transport, &bytes_per(layer.label(), direction, "delivery"));
        Bar {
            label: transport.label.clone(),
            // A whole that is not known must not look like the sum of what is.
            parts: total.and_then(|_| parts.collect::<Option<_>>()).unwrap_or_default(),
            total,
            model,
        }
    });
    let axis = match direction {
        None => format!("{AXIS}, both directions"),
        Some(direction) => format!("{AXIS}, {direction}"),
    };
    Bars { axis, unit: Unit::Bytes, parts: parts.collect(), bars: bars.collect(), reach: 0.0 }
}

fn title(layer: Layer) -> &'static str {
    match layer {
        Layer::Stream => "stream",
        Layer::Socket => "socket, with TLS",
        Layer::Wire => "on the wire, with TCP/IP (layer 3)",
    }
}

fn meaning(layer: Layer) -> &'static str {
    match layer {
        Layer::Stream => "Everything that a program hands to its connection.",
        Layer::Socket => "The stream and what TLS adds.",
        Layer::Wire => {
            "What a network carries: the socket's bytes with the IP and TCP headers of every segment."
        }
    }
}

fn kinds_in(picture: &Picture) -> Vec<&str> {
    match picture {
        Picture::Bars(bars) => bars.parts.iter().map(|part| part.name.as_str()).collect(),
        Picture::Curves(_) => Vec::new(),
    }
}
