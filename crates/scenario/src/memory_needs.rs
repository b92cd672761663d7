//! What a scenario takes in memory: the server's logs, connections and compressors, and the load
//! generator's clients, which are on the same machine.

use std::num::NonZeroU32;

use pushbench_protocol::TlsUse;
use pushbench_protocol::coder_memory::{deflater_bytes, inflater_bytes};

use crate::{LogNeeds, Scenario, Transport, Workload};

/// What the server holds for a connection under load, without a compressor.
///
/// Source: `server_working_memory_per_connection` of `results/reference`: 5.0 to 6.1 kB for one that is
/// pushed to, 17.7 to 21.2 kB for one that is polled (`kaazing-b` with 10,000 clients, `all-transports`
/// with 200), 31 to 37 kB for one over HTTP/2, whatever it carries; TLS takes 3.5 to 4.7 kB more.
const PUSHED: u64 = 6_000;
const POLLED: u64 = 21_000;
const SHARED: u64 = 37_000;
const TLS: u64 = 4_700;
/// What the load generator holds for a client over HTTP/1.1 and over HTTP/2.
///
/// Source: `load_working_memory_per_connection` there: 9.3 to 11 kB with 10,000 clients, whose memory
/// is the larger part of the growth, 31 to 43 kB over HTTP/2 with 1,000.
const CLIENT: u64 = 11_000;
const CLIENT_SHARED: u64 = 43_000;
/// What the kernel holds for both ends of a connection that is at rest: their structures.
///
/// Source: `kernel_socket_memory_per_connection` there.
const SOCKETS: u64 = 7_168;

/// Bytes of memory that a trial takes when it takes most.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MemoryNeeds {
    /// Of the server's logs.
    pub logs: u64,
    /// Of connections and clients, compressors apart: in the server, the load generator and the
    /// kernel.
    pub connections: u64,
    /// Of what compresses and decompresses for one connection alone, at both ends.
    pub coders: u64,
}

impl MemoryNeeds {
    /// Of a scenario: of its transport that takes most, since trials follow one another.
    /// Each of its shards has a server of its own, with logs of its own.
    pub fn of(scenario: &Scenario, shards: NonZeroU32) -> Self {
        let logs = LogNeeds::of(scenario).total.saturating_mul(u64::from(shards.get()));
        let of = |transport: &Transport| {
            // What a third-party server keeps nobody knows beforehand.
            let logs = if transport.server.is_none() { logs } else { 0 };
            Self { logs, ..connected(transport, &scenario.workload) }
        };
        let needs = scenario.transports.iter().map(of);
        needs.max_by_key(Self::total).unwrap_or(Self { logs, ..Self::default() })
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.logs.saturating_add(self.connections).saturating_add(self.coders)
    }

    /// What takes how much, and what to change about what takes most.
    pub(crate) fn remedy(&self) -> String {
        let Self { logs, connections, coders } = *self;
        let change = if logs >= connections.max(coders) {
            "give a smaller server.log, fewer workload.topics or a smaller payload"
        } else if coders >= connections {
            "give fewer workload.clients, a smaller window_bits, or compression = \"none\"; WebSockets \
             with context_takeover = false share one compressor"
        } else {
            "give fewer workload.clients"
        };
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        format!(
            "the server's logs take {} MB, connections {} MB, compressors {} MB: {change}",
            megabytes(logs),
            megabytes(connections),
            megabytes(coders)
        )
    }
}

/// What connections and clients of a transport take, without logs.
fn connected(transport: &Transport, workload: &Workload) -> MemoryNeeds {
    let clients = u64::from(workload.clients.get());
    let shared_by = u64::from(transport.carriage.clients_per_connection.get());
    let groups = clients.div_ceil(shared_by);
    let settings = transport.settings;
    let row = settings.kind().properties();
    let openings = row.openings.len() as u64;
    // Of two connections, one is polled.
    let polled = u64::from(settings.kind().polls());
    let alone = polled * POLLED + (openings - polled) * PUSHED;
    let is_ours = u64::from(transport.server.is_none());
    let mut connections = match transport.carriage.http.properties().shares_connections {
        false => clients * (is_ours * alone + CLIENT),
        // What a stream takes beside the connection that it shares is not measured.
        true => {
            groups * (is_ours * SHARED + CLIENT_SHARED)
                + (clients - groups) * (is_ours * PUSHED + CLIENT)
        }
    };
    connections += groups * openings * SOCKETS;
    if transport.carriage.tls != TlsUse::None {
        connections += groups * openings * 2 * TLS;
    }
    let stream = settings.stream_compression();
    let stream = stream.map_or(0, |coding| coding.coder_bytes() + coding.decoder_bytes());
    let deflate = settings.deflate().map_or(0, |deflate| {
        let own = if deflate.context_takeover { deflater_bytes(deflate.window_bits) } else { 0 };
        own + inflater_bytes(deflate.window_bits)
    });
    MemoryNeeds { logs: 0, connections, coders: clients * (stream + deflate) }
}
