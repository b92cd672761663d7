//! The battery that each transport of a plan takes.

use pushbench_protocol::Direction;
use pushbench_protocol::figure::bytes_per;
use pushbench_scenario::{Scenario, Transport};
use serde::Serialize;

use crate::Predict;
use crate::radio::{Energy, Packet, Radio};

/// Seconds that are walked over: twelve hours, so that what happens each quarter of an hour counts
/// rightly.
const SPAN: f64 = 43_200.0;
/// The least seconds between two packets that are walked over one by one: what moves more often keeps
/// the radio active all the time.
const LEAST: f64 = 0.05;

/// What one client's radio uses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Battery {
    /// The transport.
    pub transport: String,
    /// Seconds between two transfers, of messages, polls or heartbeats; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_every: Option<f64>,
    /// The share of a full battery that an hour of it takes.
    pub battery_per_hour: f64,
    /// The share that listening takes while the radio is idle, which a phone without any of it has too.
    pub idle_per_hour: f64,
    /// Share of the time in the tail.
    pub in_tail: f64,
}

/// The battery of each transport, as if its transfers were at regular times; those without a law are
/// left out.
pub fn batteries(radio: &Radio, scenario: &Scenario, predict: Predict<'_>) -> Vec<Battery> {
    let of = |transport| battery(radio, scenario, transport, predict);
    scenario.transports.iter().filter_map(of).collect()
}

fn battery(
    radio: &Radio,
    scenario: &Scenario,
    transport: &Transport,
    predict: Predict<'_>,
) -> Option<Battery> {
    let figures = predict(scenario, transport);
    let clients = f64::from(scenario.workload.clients.get());
    let figure = |name: &str| figures.get(name).copied();
    let bytes = |way| figure(&bytes_per("wire", Some(way), "client_second"));
    let [up, down] = [bytes(Direction::Up)?, bytes(Direction::Down)?];
    // A poll has its response soon after; what is pushed and what keeps a connection alive are apart.
    let transfers = match figure("requests_per_second").filter(|requests| *requests > 0.0) {
        Some(requests) => requests / clients,
        None => {
            let heartbeats = transport.settings.heartbeat();
            let heartbeats = heartbeats.map_or(0.0, |every| every.as_secs_f64().recip());
            figure("deliveries_per_second")? / clients + heartbeats
        }
    };
    // A phone does all of it so many times more slowly than the trials.
    let slower = f64::from(scenario.workload.time_scale.get());
    let every = (transfers > 0.0).then(|| slower / transfers);
    let energy = walk(radio, every, [up, down].map(|bytes| bytes / slower));
    let share = |joules: f64| joules / SPAN * 3_600.0 / radio.battery;
    Some(Battery {
        transport: transport.label.clone(),
        transfer_every: every,
        battery_per_hour: share(energy.joules),
        idle_per_hour: share(energy.idle_joules),
        in_tail: energy.tail_seconds / SPAN,
    })
}

/// The energy of regular transfers, with so many bytes a second up and down.
fn walk(radio: &Radio, every: Option<f64>, [up, down]: [f64; 2]) -> Energy {
    let Some(every) = every.map(|every| every.max(LEAST)) else {
        return radio.energy([], SPAN);
    };
    let count = (SPAN / every).ceil() as u64;
    let packet = |n: u64| Packet { at: n as f64 * every, up: up * every, down: down * every };
    radio.energy((0..count).map(packet), SPAN)
}
