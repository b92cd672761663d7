//! Scenarios: the file as written, the question checked, the list of trials.
//!
//! [`Scenario`] is checked and cannot be wrong; everything downstream takes it or a part of it.

mod checked;

pub use checked::{
    Arrivals, Content, Headers, LoadSettings, Network, Payload, Publish, Rate, Scenario,
    ServerSettings, ShortPoll, Transport, TransportSettings, WebSocket, Workload,
};
