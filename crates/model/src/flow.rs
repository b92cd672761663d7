//! Bytes that flow between client and server, and the figures that are sums of them.

use std::collections::BTreeMap;

use pushbench_protocol::figure::{SECONDS_PER_HOUR, bytes_per};
use pushbench_protocol::{ByteKind, Direction, Layer};

use crate::exchange::Exchange;
use crate::link::TlsLink;
use crate::situation::Situation;

/// Predicted figures, by the names of the catalogue.
pub type Figures = BTreeMap<String, f64>;

/// Mean bytes of each kind per client and second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    up: [f64; ByteKind::ALL.len()],
    down: [f64; ByteKind::ALL.len()],
}

impl std::ops::AddAssign for Flow {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.up.iter_mut().zip(other.up) {
            *sum += more;
        }
        for (sum, more) in self.down.iter_mut().zip(other.down) {
            *sum += more;
        }
    }
}

impl Flow {
    /// One exchange.
    pub(super) fn of(exchange: &Exchange) -> Self {
        let mut flow = Self::default();
        flow.add(exchange, 1.0);
        flow
    }

    pub(super) fn add(&mut self, exchange: &Exchange, per_second: f64) {
        for &kind in ByteKind::ALL {
            self.up[kind as usize] += exchange.up[kind] as f64 * per_second;
            self.down[kind as usize] += exchange.down[kind] as f64 * per_second;
        }
    }

    /// The sum of both.
    pub(super) fn plus(mut self, other: Self) -> Self {
        self += other;
        self
    }

    /// The same so many times.
    pub(super) fn times(mut self, factor: f64) -> Self {
        for bytes in self.up.iter_mut().chain(&mut self.down) {
            *bytes *= factor;
        }
        self
    }

    pub(super) fn kind(&self, direction: Direction, kind: ByteKind) -> f64 {
        match direction {
            Direction::Up => self.up[kind as usize],
            Direction::Down => self.down[kind as usize],
        }
    }

    pub(super) fn layer(&self, direction: Direction, layer: Layer) -> f64 {
        ByteKind::ALL
            .iter()
            .filter(|kind| kind.is_in(layer))
            .map(|&kind| self.kind(direction, kind))
            .sum()
    }
}

impl Situation {
    pub(super) fn flow_figures(&self, flow: &Flow, deliveries: f64) -> Figures {
        let mut figures = Figures::new();
        let mut put_sum = |name: &str, up: f64, down: f64| {
            for (direction, bytes) in
                [(None, up + down), (Some(Direction::Up), up), (Some(Direction::Down), down)]
            {
                figures.insert(bytes_per(name, direction, "client_second"), bytes);
                if deliveries > 0.0 {
                    figures.insert(bytes_per(name, direction, "delivery"), bytes / deliveries);
                }
            }
        };
        for &kind in ByteKind::ALL {
            put_sum(kind.label(), flow.kind(Direction::Up, kind), flow.kind(Direction::Down, kind));
        }
        for &layer in Layer::ALL {
            put_sum(
                layer.label(),
                flow.layer(Direction::Up, layer),
                flow.layer(Direction::Down, layer),
            );
        }
        let both = |layer| flow.layer(Direction::Up, layer) + flow.layer(Direction::Down, layer);
        let bits = 8.0 * self.clients;
        let header = flow.kind(Direction::Up, ByteKind::Header)
            + flow.kind(Direction::Down, ByteKind::Header);
        for (name, value) in [
            ("wire_bits_per_second", both(Layer::Wire) * bits),
            ("stream_bits_per_second", both(Layer::Stream) * bits),
            ("header_bits_per_second", header * bits),
            ("goodput", deliveries * self.payload as f64 * bits),
            ("deliveries_per_second", deliveries * self.clients),
        ] {
            figures.insert(name.to_owned(), value);
        }
        if self.rate == 0.0 {
            let idle = both(Layer::Wire) * SECONDS_PER_HOUR;
            figures.insert("idle_wire_bytes_per_client_hour".to_owned(), idle);
        }
        figures
    }

    pub(super) fn connect_figures(&self, figures: &mut Figures, exchanges: &[Exchange]) {
        let sum = |layer| {
            exchanges.iter().map(|e| e.up.layer(layer) + e.down.layer(layer)).sum::<u64>() as f64
        };
        figures.insert("connect_stream_bytes_per_connection".to_owned(), sum(Layer::Stream));
        match self.link.tls {
            // How long the handshake of another's server is nobody knows before.
            Some(TlsLink { handshake: None }) => return,
            Some(TlsLink { handshake: Some(_) }) => {
                let tls = sum(Layer::Socket) - sum(Layer::Stream);
                figures.insert("connect_tls_bytes_per_connection".to_owned(), tls);
            }
            None => {}
        }
        figures.insert("connect_wire_bytes_per_connection".to_owned(), sum(Layer::Wire));
    }
}

pub(super) fn per_poll_figures(figures: &mut Figures, per_poll: &Flow) {
    let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
    let header = |d| per_poll.kind(d, ByteKind::Header);
    put("header_bytes_up_per_poll", header(Direction::Up));
    put("header_bytes_down_per_poll", header(Direction::Down));
    put("header_bytes_per_poll", header(Direction::Up) + header(Direction::Down));
    for layer in [Layer::Stream, Layer::Wire] {
        let both = per_poll.layer(Direction::Up, layer) + per_poll.layer(Direction::Down, layer);
        put(&format!("{layer}_bytes_per_poll"), both);
    }
}

/// The mean of the figures of messages of several lengths, by how many there are of each: a frame's
/// header and its segments grow in steps, so those of a mean length are not it.
pub(crate) fn mean_figures(
    lens: &BTreeMap<u64, u64>,
    figures_of: impl Fn(u64) -> BTreeMap<String, f64>,
) -> BTreeMap<String, f64> {
    let all = lens.values().sum::<u64>() as f64;
    let mut mean = BTreeMap::new();
    for (&len, &count) in lens {
        for (name, value) in figures_of(len) {
            *mean.entry(name).or_default() += value * count as f64;
        }
    }
    mean.values_mut().for_each(|sum| *sum /= all);
    mean
}
