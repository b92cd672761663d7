//! Derived figures of a trial, by the names of the catalogue. Pure; a figure that cannot be made is
//! absent.

use std::collections::BTreeMap;

use pushbench_load::Outcome;
use pushbench_protocol::figure::{QUANTILES, SECONDS_PER_HOUR, bytes_per};
use pushbench_protocol::{ByteKind, Direction, Layer, Phase};
use pushbench_stats::Histogram;
use pushbench_store::{
    BooksV1, CountsV1, KindsV1, PhaseBooksV1, ProcessWorkV1, SocketMemoryV1, WorkV1,
};
use pushbench_wire::segments::SegmentHeaders;

/// Figures by name.
pub(crate) type Figures = BTreeMap<String, f64>;

/// What figures are made from.
pub(crate) struct Source<'a> {
    pub(crate) clients: u64,
    /// Connections that they have, where clients share them; otherwise as many as clients.
    pub(crate) connections: u64,
    pub(crate) payload_bytes: u32,
    pub(crate) measure_seconds: f64,
    /// How many times as fast its clocks ran as what they stand for.
    pub(crate) time_scale: f64,
    pub(crate) is_poll: bool,
    pub(crate) is_compressed: bool,
    pub(crate) counts: &'a CountsV1,
    pub(crate) books: &'a BooksV1,
    pub(crate) outcome: &'a Outcome,
    pub(crate) headers: SegmentHeaders,
    pub(crate) work: &'a WorkV1,
}

/// Bytes of one kind; absent where they were not counted.
pub(crate) fn bytes_of(kinds: &KindsV1, kind: ByteKind) -> Option<u64> {
    match kind {
        ByteKind::Payload => Some(kinds.payload),
        ByteKind::Repeat => Some(kinds.repeat),
        ByteKind::Header => Some(kinds.header),
        ByteKind::Framing => Some(kinds.framing),
        ByteKind::Control => Some(kinds.control),
        ByteKind::Handshake => Some(kinds.handshake),
        ByteKind::Tls => kinds.tls,
        ByteKind::TcpIp => kinds.tcp_ip,
    }
}

/// Bytes of one layer; absent where one of its kinds is.
pub(crate) fn layer_of(kinds: &KindsV1, layer: Layer) -> Option<u64> {
    ByteKind::ALL.iter().filter(|kind| kind.is_in(layer)).map(|&kind| bytes_of(kinds, kind)).sum()
}

/// Every figure of a trial.
pub(crate) fn figures(source: &Source<'_>) -> Figures {
    let mut figures = Figures::new();
    if source.measure_seconds > 0.0 {
        if let Some(books) = source.books.phases.get(&Phase::Measure) {
            bytes(&mut figures, source, books);
            http2(&mut figures, source, books);
            compression(&mut figures, source, books);
        }
        rates(&mut figures, source);
        work(&mut figures, source);
        if source.counts.published == 0 {
            idle(&mut figures, source.time_scale);
        }
    }
    if let Some(books) = source.books.phases.get(&Phase::Connect) {
        connect(&mut figures, source, books);
    }
    tls(&mut figures, source);
    counts(&mut figures, source);
    if let Some(stall) = source.outcome.stall() {
        figures.insert("load_stall_max".to_owned(), stall.longest.as_secs_f64());
    }
    for (name, histogram) in distributions(source.outcome) {
        waiting(&mut figures, name, histogram);
    }
    let ages = [("age_mean", source.outcome.age), ("version_age_mean", source.outcome.version_age)];
    for (name, average) in ages {
        if let Some(mean) = average.mean() {
            figures.insert(name.to_owned(), mean);
        }
    }
    figures
}

/// Every distribution of a trial by its name in the catalogue.
pub(crate) fn distributions(outcome: &Outcome) -> [(&'static str, &Histogram); 9] {
    [
        ("latency", &outcome.latency),
        ("service_time", &outcome.service_time),
        ("connect_tcp", &outcome.connect_tcp),
        ("connect_tls", &outcome.connect_tls),
        ("connect_upgrade", &outcome.connect_upgrade),
        ("poll_lateness", &outcome.poll_lateness),
        ("poll_kept_waiting", &outcome.poll_kept_waiting),
        ("publish_lateness", &outcome.publisher.lateness),
        ("publish_kept_waiting", &outcome.publisher.kept_waiting),
    ]
}

fn bytes(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    let deliveries = source.counts.deliveries_in_measure as f64;
    let client_seconds = source.clients as f64 * source.measure_seconds;
    let mut put = |name: &str, up: Option<u64>, down: Option<u64>| {
        let both = up.zip(down).map(|(up, down)| up + down);
        for (direction, bytes) in
            [(None, both), (Some(Direction::Up), up), (Some(Direction::Down), down)]
        {
            let Some(bytes) = bytes else { continue };
            let bytes = bytes as f64;
            figures.insert(bytes_per(name, direction, "client_second"), bytes / client_seconds);
            if deliveries > 0.0 {
                figures.insert(bytes_per(name, direction, "delivery"), bytes / deliveries);
            }
        }
    };
    for &kind in ByteKind::ALL {
        put(kind.label(), bytes_of(&books.up, kind), bytes_of(&books.down, kind));
    }
    for &layer in Layer::ALL {
        put(layer.label(), layer_of(&books.up, layer), layer_of(&books.down, layer));
    }
    let polls = source.counts.polls as f64;
    let mut put = |name: &str, bytes: Option<u64>| {
        if let Some(bytes) = bytes.filter(|_| polls > 0.0) {
            figures.insert(name.to_owned(), bytes as f64 / polls);
        }
    };
    let both = |layer| {
        layer_of(&books.up, layer).zip(layer_of(&books.down, layer)).map(|(up, down)| up + down)
    };
    put("header_bytes_up_per_poll", Some(books.up.header));
    put("header_bytes_down_per_poll", Some(books.down.header));
    put("header_bytes_per_poll", Some(books.up.header + books.down.header));
    put("stream_bytes_per_poll", both(Layer::Stream));
    put("wire_bytes_per_poll", both(Layer::Wire));
    put("connect_wire_bytes_per_poll", connecting(source));
    let header = Some(books.up.header + books.down.header);
    for (name, bytes) in [
        ("wire_bits_per_second", both(Layer::Wire)),
        ("stream_bits_per_second", both(Layer::Stream)),
        ("header_bits_per_second", header),
    ] {
        if let Some(bytes) = bytes {
            figures.insert(name.to_owned(), bytes as f64 * 8.0 / source.measure_seconds);
        }
    }
    let (up, down) = (books.retransmitted_up, books.retransmitted_down);
    for (name, bytes) in [
        ("retransmitted_bytes", up.zip(down).map(|(up, down)| up + down)),
        ("retransmitted_bytes_up", up),
        ("retransmitted_bytes_down", down),
    ] {
        figures.extend(bytes.map(|bytes| (name.to_owned(), bytes as f64)));
    }
}

/// What compressing has saved; absent where nothing is compressed.
fn compression(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    let deliveries = source.counts.deliveries_in_measure as f64;
    let published = source.counts.uncompressed_payload_bytes_in_measure;
    let Some(published) = published.filter(|_| source.is_compressed && deliveries > 0.0) else {
        return;
    };
    let published = published as f64;
    figures.insert("uncompressed_payload_bytes_per_delivery".to_owned(), published / deliveries);
    if books.down.payload > 0 {
        let on_the_wire = books.down.payload as f64;
        figures.insert("compression_ratio".to_owned(), published / on_the_wire);
        figures.insert("compression_saved".to_owned(), 1.0 - on_the_wire / published);
    }
}

/// Bytes of the segments that opened and closed connections, where each poll has its own.
fn connecting(source: &Source<'_>) -> Option<u64> {
    let connects = source.counts.connects.filter(|connects| *connects > 0)?;
    let headers = source.headers;
    let more_for_syns = 2 * connects * (headers.syn_len() - headers.len());
    Some(source.outcome.connecting_segments * headers.len() + more_for_syns)
}

fn rates(figures: &mut Figures, source: &Source<'_>) {
    let deliveries = source.counts.deliveries_in_measure as f64;
    let per_second = deliveries / source.measure_seconds;
    figures.insert("deliveries_per_second".to_owned(), per_second);
    if let Some(connects) = source.counts.connects.filter(|connects| *connects > 0) {
        let per_second = connects as f64 / source.measure_seconds;
        figures.insert("connects_per_second".to_owned(), per_second);
    }
    figures.insert("goodput".to_owned(), per_second * f64::from(source.payload_bytes) * 8.0);
    if !source.is_poll {
        return;
    }
    let polls = source.counts.polls as f64;
    figures.insert("requests_per_second".to_owned(), polls / source.measure_seconds);
    if polls > 0.0 {
        let empty = source.counts.empty_polls as f64;
        figures.insert("empty_polls".to_owned(), empty / polls);
        if polls > empty {
            figures.insert("messages_per_response".to_owned(), deliveries / (polls - empty));
        }
    }
}

/// What was found for each client and second, by the hour.
fn idle(figures: &mut Figures, time_scale: f64) {
    for (by_the_hour, by_the_second) in [
        ("idle_wire_bytes_per_client_hour", "wire_bytes_per_client_second"),
        ("idle_server_cpu_per_client_hour", "server_cpu_per_client_second"),
    ] {
        if let Some(value) = figures.get(by_the_second).copied() {
            figures.insert(by_the_hour.to_owned(), value * SECONDS_PER_HOUR / time_scale);
        }
    }
}

fn work(figures: &mut Figures, source: &Source<'_>) {
    let deliveries = source.counts.deliveries_in_measure as f64;
    let client_seconds = source.clients as f64 * source.measure_seconds;
    for (side, work) in [("server", &source.work.server), ("load", &source.work.load)] {
        let Some(work) = work else { continue };
        if let Some(cpu) = work.cpu_ns.map(|ns| ns as f64 / 1e9) {
            figures.insert(format!("{side}_cpu_per_client_second"), cpu / client_seconds);
            if deliveries > 0.0 {
                figures.insert(format!("{side}_cpu_per_delivery"), cpu / deliveries);
            }
        }
        for (name, until) in [
            ("memory", work.resident_connected_bytes),
            ("working_memory", work.resident_load_bytes),
            ("resting_memory", work.resident_rest_bytes),
        ] {
            if let Some(bytes) = growth(work, until) {
                let per = bytes / source.connections as f64;
                figures.insert(format!("{side}_{name}_per_connection"), per);
            }
        }
    }
    if let Some(share) = source.work.load.as_ref().and_then(|load| load.busiest_worker_share) {
        figures.insert("load_busy".to_owned(), share);
    }
    let kernel = source.work.kernel.as_ref();
    let ends = kernel.and_then(|kernel| kernel.client_sockets.zip(kernel.server_sockets));
    if let Some((client, server)) = ends {
        let per = |end: SocketMemoryV1| end.bytes as f64 / end.sockets as f64;
        let buffers = per(client) + per(server);
        figures.insert("kernel_buffers_per_connection".to_owned(), buffers);
        if let Some(structures) = kernel.and_then(|kernel| kernel.socket_structures_bytes) {
            let both = buffers + 2.0 * structures as f64;
            figures.insert("kernel_socket_memory_per_connection".to_owned(), both);
        }
    }
}

/// Growth of resident memory since before the connects. Where memory was given back meanwhile, what
/// the connections took cannot be told, and no connection takes less than nothing: `None`.
fn growth(work: &ProcessWorkV1, until: Option<u64>) -> Option<f64> {
    until?.checked_sub(work.resident_before_bytes?).filter(|bytes| *bytes > 0).map(|b| b as f64)
}

fn connect(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    for (name, layer) in [
        ("connect_stream_bytes_per_connection", Layer::Stream),
        ("connect_wire_bytes_per_connection", Layer::Wire),
    ] {
        if let Some((up, down)) = layer_of(&books.up, layer).zip(layer_of(&books.down, layer)) {
            figures.insert(name.to_owned(), (up + down) as f64 / source.connections as f64);
        }
    }
}

/// What only HTTP/2 has.
fn http2(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    let seen = &source.outcome.headers;
    let polls = source.counts.polls;
    if seen.connections == 0 || polls == 0 {
        return;
    }
    let mut put = |name: &str, [up, down]: [u64; 2], of: u64| {
        if of > 0 {
            let [up, down] = [up, down].map(|bytes| bytes as f64 / of as f64);
            figures.insert(format!("header_bytes_{name}"), up + down);
            figures.insert(format!("header_bytes_up_{name}"), up);
            figures.insert(format!("header_bytes_down_{name}"), down);
        }
    };
    put("first_poll", seen.first, seen.connections);
    let header = [books.up.header, books.down.header];
    let warm = [0, 1].map(|way| header[way] - seen.first_in_measure[way]);
    put("warm_poll", warm, polls - seen.firsts_in_measure);
    put("uncompressed_poll", seen.uncompressed, polls);
}

/// What only TLS has.
fn tls(figures: &mut Figures, source: &Source<'_>) {
    let Some(handshakes) = &source.outcome.handshakes else { return };
    let all = handshakes.full + handshakes.resumed;
    if all > 0 {
        let share = handshakes.resumed as f64 / all as f64;
        figures.insert("resumed_handshakes".to_owned(), share);
    }
    let books = source.books.phases.get(&Phase::Connect);
    if let Some((up, down)) = books.and_then(|books| books.up.tls.zip(books.down.tls)) {
        let per = (up + down) as f64 / source.connections as f64;
        figures.insert("connect_tls_bytes_per_connection".to_owned(), per);
    }
}

fn counts(figures: &mut Figures, source: &Source<'_>) {
    let counts = source.counts;
    let errors: u64 = counts.errors.values().sum();
    for (name, count) in [
        ("published", counts.published),
        ("deliveries", counts.delivered),
        ("superseded", counts.superseded),
        ("lost", counts.lost),
        ("duplicates", counts.duplicates),
        ("foreign", counts.foreign),
        ("out_of_order", counts.out_of_order),
        ("errors", errors),
    ] {
        figures.insert(name.to_owned(), count as f64);
    }
    if counts.expected > 0 {
        let seen = counts.delivered as f64 / counts.expected as f64;
        figures.insert("versions_seen".to_owned(), seen);
    }
}

fn waiting(figures: &mut Figures, name: &str, histogram: &Histogram) {
    let mut put = |statistic: &str, value: Option<std::time::Duration>| {
        if let Some(value) = value {
            figures.insert(format!("{name}.{statistic}"), value.as_secs_f64());
        }
    };
    put("mean", histogram.mean());
    put("max", histogram.max());
    for (statistic, quantile) in QUANTILES {
        put(statistic, histogram.quantile(quantile));
    }
}
