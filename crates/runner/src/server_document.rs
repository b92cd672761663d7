//! What the server of a trial is told, and whether it understood. Pure.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_link::NEAR;
use pushbench_protocol::compression::{BODY_THRESHOLD, MAX_WINDOW_BITS, MESSAGE_THRESHOLD};
use pushbench_protocol::logs::{LOG_BYTES, TOTAL_LOG_BYTES};
use pushbench_protocol::{
    Compression, ConnectionUse, ResponseHeaders, ServerDocument, StreamCoding, TlsUse, Unchanged,
};
use pushbench_scenario::{Deflate, LogNeeds, Scenario, Transport};
use pushbench_store::ServerV1;

use pushbench_model::Compressed;

/// What a connection may idle beyond the length of the trial.
const IDLE_BEYOND: Duration = Duration::from_secs(120);
/// Clients that connect all at once wait for each other's cryptography, on both sides: no shorter
/// than the load generator's own deadline.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections beside those of the clients: the publisher's and the control calls'.
const CONNECTIONS_BESIDE: u32 = 64;
/// The least that a server takes as one message.
const MESSAGE_BYTES: usize = 1 << 20;

/// What a server at the near end of a link is published to with: beyond loopback it asks for a token. It
/// keeps nobody out, since whoever can reach that end is one of the trial.
pub(crate) const LINK_TOKEN: &str = "near-end";

/// The server's settings for a trial, every one of them said.
pub(crate) fn document(scenario: &Scenario, transport: &Transport) -> ServerDocument {
    let workload = &scenario.workload;
    let server = &scenario.server;
    let settings = transport.settings;
    let logs = LogNeeds::of(scenario);
    let over_link = scenario.network.link.is_some();
    let any_port = SocketAddr::new(if over_link { NEAR } else { Ipv4Addr::LOCALHOST }.into(), 0);
    let tls = transport.carriage.tls != TlsUse::None;
    let (compression, compression_threshold) = match Compressed::of(settings) {
        Compressed::Bodies(coding) => (coding, Compressed::Bodies(coding).threshold()),
        Compressed::Nothing | Compressed::Streams(_) | Compressed::Messages(_) => {
            (Compression::None, BODY_THRESHOLD)
        }
    };
    let (deflate, deflate_threshold) = match Compressed::of(settings) {
        Compressed::Messages(deflate) => (Some(deflate), Compressed::Messages(deflate).threshold()),
        Compressed::Nothing | Compressed::Bodies(_) | Compressed::Streams(_) => {
            (None, MESSAGE_THRESHOLD)
        }
    };
    let stream = settings.stream_compression();
    let usual = Deflate { window_bits: MAX_WINDOW_BITS, context_takeover: true };
    let Deflate { window_bits, context_takeover } = deflate.unwrap_or(usual);
    // Rare messages and rare polls are the experiment: nothing in a trial may count as idle.
    let trial = workload.warm_up + workload.measure + workload.drain;
    ServerDocument {
        listen: any_port,
        engine: server.engine,
        deliver: workload.deliver,
        // Where no poll is responded to by it, any will do.
        unchanged: Some(settings.unchanged().unwrap_or(Unchanged::Resend)),
        response_headers: ResponseHeaders::of(&scenario.headers.response),
        tls,
        tls_listen: tls.then_some(any_port),
        certificate: None,
        key: None,
        certificate_out: None,
        mss: Some(scenario.network.mss),
        log: server.log,
        log_bytes: logs.topic.max(LOG_BYTES),
        total_log_bytes: logs.total.max(TOTAL_LOG_BYTES),
        queue: server.queue,
        slow_subscriber: server.slow_subscriber,
        heartbeat: settings.heartbeat(),
        conflate: settings.conflate(),
        compression,
        compression_threshold,
        stream_compression: stream.map_or(Compression::None, StreamCoding::coding),
        stream_window_bits: stream.map(StreamCoding::window_bits),
        deflate: deflate.is_some(),
        deflate_window_bits: window_bits,
        deflate_no_context_takeover: !context_takeover,
        deflate_threshold,
        connections: connections(scenario, transport),
        topics: workload.topics,
        message_bytes: (workload.payload.bytes as usize).max(MESSAGE_BYTES),
        idle_timeout: IDLE_BEYOND + Duration::from_secs(trial.as_secs()),
        // A client connects at once, and polls when it is time to.
        first_request_timeout: IDLE_BEYOND + Duration::from_secs(trial.as_secs()),
        handshake_timeout: HANDSHAKE_TIMEOUT,
        publish_token: over_link.then(|| LINK_TOKEN.to_owned()),
        allowed_origin: Vec::new(),
        // A profile that names a host of its own asks for that one, whatever the server's address.
        allow_host: scenario.headers.request.own_hosts().into_iter().map(str::to_owned).collect(),
        end_with_parent: true,
    }
}

fn connections(scenario: &Scenario, transport: &Transport) -> NonZeroU32 {
    let clients = scenario.workload.clients;
    let each = match transport.settings.connection() {
        ConnectionUse::KeepAlive => transport.settings.kind().connections_per_client(),
        // One may be closed here a moment after the client opened its next one.
        ConnectionUse::PerPoll => 2,
    };
    let connections = clients.get().saturating_mul(each).saturating_add(CONNECTIONS_BESIDE);
    let connections = match transport.carriage.tls {
        TlsUse::None | TlsUse::Full => connections,
        // A connection that a session is from may not have gone when the one that resumes comes.
        TlsUse::Resumed => connections.saturating_mul(2),
    };
    let connections = match scenario.faults {
        None => connections,
        // Those that the server ends may not have gone when the next ones come.
        Some(_) => connections.saturating_mul(2),
    };
    NonZeroU32::new(connections).expect("64 and more")
}

/// Where a server that announced itself differs from what it was told: a line for each key.
pub(crate) fn differences(told: &ServerDocument, announced: &ServerDocument) -> Vec<String> {
    let (told, announced) = (keys(&told.shown()), keys(announced));
    let all: std::collections::BTreeSet<&String> = told.keys().chain(announced.keys()).collect();
    let said =
        |value: Option<&serde_json::Value>| value.map_or("nothing".to_owned(), ToString::to_string);
    let differs = all.into_iter().filter(|key| told.get(*key) != announced.get(*key));
    differs
        .map(|key| {
            let (told, announced) = (said(told.get(key)), said(announced.get(key)));
            format!("`{key}` is {announced}, it was given {told}")
        })
        .collect()
}

/// A server as the record keeps it.
pub(crate) fn recorded(version: &str, announced: &ServerDocument) -> ServerV1 {
    ServerV1 { version: version.to_owned(), config: keys(&announced.shown()).into_iter().collect() }
}

fn keys(document: &ServerDocument) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::to_value(document) {
        Ok(serde_json::Value::Object(keys)) => keys,
        other => unreachable!("a document is a table of plain values: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_scenario::{Source, read};

    use super::*;

    #[test]
    fn a_server_that_lets_its_clients_go_takes_their_next_connections_beside_those_it_ends() {
        let connections = |fault: &str| {
            let text = format!(
                "question = \"?\"\n[workload]\nclients = 500\npublish = {{ every = \"1s\" }}\n{fault}\n\
                 [[transport]]\nkind = \"long-poll\"\n"
            );
            let read_file = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
            let (path, overrides, only) = (Path::new("a.toml"), &[][..], &[][..]);
            let source = Source { path, text: &text, overrides, only, read_file: &read_file };
            let scenario = read(&source).unwrap_or_else(|refused| panic!("{refused}"));
            super::connections(&scenario, &scenario.transports[0]).get()
        };
        assert!((500..1_000).contains(&connections("")));
        assert!(connections("[fault]\ndisconnect_at = \"1s\"") >= 1_000);
    }

    #[test]
    fn what_a_server_did_not_understand_is_named() {
        let told = ServerDocument::default();
        assert_eq!(differences(&told, &told), [""; 0]);
        let announced = ServerDocument {
            heartbeat: Some(Duration::from_millis(100)),
            mss: None,
            queue: NonZeroU32::MIN,
            ..told.clone()
        };
        let told = ServerDocument { mss: Some(1_460), ..told };
        assert_eq!(
            differences(&told, &announced),
            [
                "`heartbeat` is \"100ms\", it was given nothing",
                "`mss` is nothing, it was given 1460",
                "`queue` is 1, it was given 1024",
            ]
        );
    }
}
