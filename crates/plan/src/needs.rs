//! What servers a plan would need: cores by measured CPU time, memory as measured, network cards by
//! bits.

use pushbench_protocol::Direction;
use pushbench_protocol::figure::bytes_per;
use serde::Serialize;

use crate::plan::Planned;

/// What a network card of today carries each way, in bits a second.
pub(crate) const CARD: f64 = 100e9;

/// What all clients of a transport together would need.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Needs {
    /// Cores that do nothing else; absent where no record says how much CPU time it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<f64>,
    /// Memory of the server in bytes; absent where no record says how much it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<f64>,
    /// Network cards of 100 Gb/s, each way, whole ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_cards: Option<f64>,
}

impl Needs {
    /// Of so many clients.
    pub fn of(planned: &Planned, clients: f64) -> Self {
        let figure = |name: &str| planned.modelled.get(name).copied();
        let bits = |direction| {
            let bytes = figure(&bytes_per("wire", Some(direction), "client_second"))?;
            Some(bytes * 8.0 * clients)
        };
        let cards = |(up, down): (f64, f64)| (up.max(down) / CARD).ceil().max(1.0);
        Self {
            cores: planned
                .cpu
                .as_ref()
                .and_then(|cpu| Some(figure(cpu.event.per_second())? * cpu.seconds_per_event)),
            memory_bytes: planned
                .memory
                .as_ref()
                .map(|memory| memory.server_bytes_per_client * clients),
            network_cards: bits(Direction::Up).zip(bits(Direction::Down)).map(cards),
        }
    }
}
