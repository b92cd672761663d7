//! One exchange taken apart, with what the model says of it.

use pushbench_model::{Exchange as Modelled, Link, Pause};
use pushbench_protocol::{ByteKind, Direction, Layer};
use serde::Serialize;

use crate::AnatomyError;
use crate::part::Passage;
use crate::said::said;
use crate::segment::Segments;
use crate::story::{Paid, paid, words};
use crate::totals::{Both, KindTotal, of};
use crate::transcript::{Act, Connection, Exchange};

/// One exchange of an anatomy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What was done.
    pub title: &'static str,
    /// What is to be seen in it.
    pub story: &'static str,
    /// Over which connection, from 1.
    pub connection: usize,
    /// When it has to be paid.
    pub paid: Paid,
    /// Who said what.
    pub passages: Vec<Passage>,
    /// Its segments, counted.
    pub segments: Segments,
    /// Bytes of their headers in the middle of a long conversation, modelled; `None` where the model
    /// has no such exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modelled_tcp_ip: Option<u64>,
    /// Why the model may say less than was counted.
    pub fewer_because: &'static str,
    /// Its bytes by kind, kinds without a byte left out.
    pub totals: Vec<KindTotal>,
}

impl Step {
    /// Bytes of one kind, both directions.
    pub fn total(&self, kind: ByteKind) -> u64 {
        of(&self.totals, kind)
    }

    /// Sum of the kinds that a layer includes, both directions.
    pub fn layer(&self, layer: Layer) -> u64 {
        let kinds = self.totals.iter().filter(|total| total.kind.is_in(layer));
        kinds.map(|total| total.both()).sum()
    }
}

/// Takes an exchange apart.
pub(super) fn step(
    exchange: &Exchange,
    connection: &Connection,
    coding: Option<&str>,
) -> Result<Step, AnatomyError> {
    let said = |direction| said(exchange, direction, coding);
    let (up, down) = (said(Direction::Up)?, said(Direction::Down)?);
    let passages: Vec<_> =
        [up, down].into_iter().flatten().filter(|passage| !passage.is_empty()).collect();
    let headers = connection.headers;
    let syn_extra = match exchange.act {
        Act::Connect => headers.syn_len() - headers.len(),
        _ => 0,
    };
    let segments = Segments {
        up: exchange.segments_up,
        down: exchange.segments_down,
        header_bytes_up: exchange.segments_up * headers.len() + syn_extra + exchange.retransmitted,
        header_bytes_down: exchange.segments_down * headers.len() + syn_extra,
    };
    let (title, story) = words(exchange.act);
    let mut step = Step {
        title,
        story,
        connection: exchange.connection + 1,
        paid: paid(exchange.act),
        passages,
        segments,
        modelled_tcp_ip: None,
        fewer_because: match exchange.act {
            Act::HeldPoll => "the next request follows at once and acknowledges the response",
            _ => {
                "a new connection acknowledges at once what is later acknowledged by the next segment"
            }
        },
        totals: Vec::new(),
    };
    let mut sum = Both::default();
    sum.add_exchange(&step.passages, step.segments);
    step.totals = sum.totals();
    let link = Link { headers, mss: connection.mss, tls: None };
    step.modelled_tcp_ip = modelled(exchange.act, &sum, link)
        // The model of an event has its field names around it, which a coded one does not show.
        .filter(|_| coding.is_none() || !matches!(exchange.act, Act::Event | Act::Line))
        .map(|modelled| modelled.up[ByteKind::TcpIp] + modelled.down[ByteKind::TcpIp]);
    Ok(step)
}

/// What the model says of such an exchange.
fn modelled(act: Act, sum: &Both, link: Link) -> Option<Modelled> {
    let down = |kind| sum.down[kind];
    let (header, payload) = (down(ByteKind::Header), down(ByteKind::Payload));
    let framing = down(ByteKind::Framing);
    let (request, answer) = (sum.up.layer(Layer::Stream), sum.down.layer(Layer::Stream));
    match act {
        Act::Connect => Some(Modelled::tcp_connect(link)),
        Act::Poll | Act::Fetch => Some(Modelled::poll(request, header, payload, 0, framing, link)),
        Act::HeldPoll => Some(Modelled::long_poll(request, header, payload, framing, link)),
        Act::BeginStream => Some(Modelled::stream_begin(request, answer, link)),
        Act::Upgrade => Some(Modelled::websocket_upgrade(request, answer, link)),
        Act::Event => Some(Modelled::event_push(payload, link, Pause::Long)),
        Act::Line => Some(Modelled::line_push(payload, link, Pause::Long)),
        Act::Frame => Some(Modelled::websocket_push(payload, link, Pause::Long)),
        Act::Notice => Some(Modelled::nudge(link)),
        // No transport of a trial publishes over the connection that it is told by. How much of TCP's
        // own farewell is counted with a close depends on when the kernel is asked.
        Act::Publish | Act::Close => None,
    }
}
