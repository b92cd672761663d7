//! The library as one client has it.

use std::net::IpAddr;

use pushbench_protocol::clock::Clock;
use pushbench_scenario::Trust;
use reqwest::Client;

use crate::carrier::connection::CONNECT_TIMEOUT;
use crate::carrier::library::opened::{Noting, Openings};
use crate::stock_client::builder;
use crate::{Fault, Plan};
use pushbench_protocol::HttpVersion;

/// A client's own: applications that poll are not one process, and would share its connections.
pub(super) fn client(plan: &Plan, clock: Clock, client: u32) -> Result<(Client, Openings), Fault> {
    let openings = Openings::default();
    let noting = Noting { openings: openings.clone(), clock };
    // In clear text nothing is trusted, and to read the system's roots for it takes its time.
    let builder = builder(&Trust::Insecure, &[HttpVersion::Http11], CONNECT_TIMEOUT);
    let builder = builder.map_err(|_| Fault::Connect)?.connector_layer(noting);
    let source = plan.source_of(client).map(IpAddr::V4);
    let client = builder.local_address(source).build().map_err(|_| Fault::Connect)?;
    Ok((client, openings))
}
