//! `[network]`.

use std::time::Duration;

use pushbench_protocol::LinkShape;
use pushbench_toml::schema::{
    Key, Schema, choice, duration, optional, pattern, size, table, whole,
};

use crate::LinkProfile;
use crate::bit_rate::BIT_RATE_PATTERN;
use crate::network_file::{LOSS_PATTERN, MOST_DELAY, MOST_QUEUE, MSS, MTU, USUAL_MSS};

pub(super) fn network() -> Schema {
    let profiles: Vec<_> = LinkProfile::all().iter().map(|profile| profile.name.as_str()).collect();
    let mut keys = vec![
        optional(
            "mss",
            &format!(
                "The maximum segment size in bytes; without it {USUAL_MSS}, or what fits the MTU of a link. \
                 Loopback has segments of 64 kB otherwise."
            ),
            whole(MSS),
        ),
        optional(
            "profile",
            "A published link; what else is said of the link is said of it in place of the profile.",
            choice(&profiles, |name| name),
        ),
        optional(
            "mtu",
            &format!(
                "The longest IP packet of a link in bytes; without it {}.",
                LinkShape::ETHERNET_MTU
            ),
            whole(MTU),
        ),
        optional("up", "What a link does from clients to the server only.", table(path())),
        optional("down", "What it does from the server to clients only.", table(path())),
    ];
    keys.extend(path());
    table(keys)
}

/// What a link does in a direction. With any of it, clients and server are in two network namespaces
/// with a link between them.
fn path() -> Vec<Key> {
    let durations = || duration(Duration::ZERO..=MOST_DELAY);
    vec![
        optional("delay", "How long a packet takes over the link, one way.", durations()),
        optional(
            "jitter",
            "What is added to that for each packet, from nothing up to this; packets stay in order.",
            durations(),
        ),
        optional(
            "rate",
            "Bits of IP packets per second, as in \"10Mb/s\".",
            pattern(BIT_RATE_PATTERN),
        ),
        optional(
            "queue",
            "Bytes that may wait for the rate, beyond which packets are dropped; without it 100 of the \
             longest packets.",
            size(1..=MOST_QUEUE),
        ),
        optional("loss", "The share of packets that is lost, as in \"1%\".", pattern(LOSS_PATTERN)),
    ]
}
