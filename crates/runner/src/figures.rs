//! Derived figures of a trial, by the names of the catalogue, made from its sums. Pure; a figure that
//! cannot be made is absent.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::figure::{QUANTILES, SECONDS_PER_HOUR, bytes_per};
use pushbench_protocol::{ByteKind, Direction, Layer, Phase};
use pushbench_stats::Histogram;
use pushbench_store::{
    BooksV1, KindsV1, MachineV2, PhaseBooksV1, ProcessWorkV2, SocketMemoryV1, Sums,
};
use pushbench_wire::segments::SegmentHeaders;

/// Resident memory of a process at some moment.
type Resident = fn(&ProcessWorkV2) -> Option<u64>;

/// Figures by name.
pub(crate) type Figures = BTreeMap<String, f64>;

/// What figures are made from.
pub(crate) struct Source<'a> {
    /// Everything that was counted.
    pub(crate) sums: &'a Sums,
    /// The books that were made of it.
    pub(crate) books: &'a BooksV1,
    /// The machines it ran on.
    pub(crate) machines: &'a [MachineV2],
    pub(crate) headers: SegmentHeaders,
    pub(crate) payload_bytes: u32,
    /// Length of the measure phase by the schedule, for a trial that was played to its end.
    pub(crate) scheduled_seconds: f64,
    /// How many times as fast its clocks ran as what they stand for.
    pub(crate) time_scale: f64,
    pub(crate) is_poll: bool,
    pub(crate) is_compressed: bool,
}

impl Source<'_> {
    /// Populations are cut by due time, so a phase that was played to its end is as long as the
    /// schedule says, to the nanosecond.
    fn measure_seconds(&self) -> f64 {
        if self.sums.is_complete() { self.scheduled_seconds } else { self.sums.measure_seconds() }
    }

    /// Whether it is known what was published, and so what of it did not come.
    fn knows_messages(&self) -> bool {
        self.sums.counts_messages() && !self.sums.counts.publishes_by_itself
    }

    fn client_seconds(&self) -> f64 {
        self.sums.clients as f64 * self.measure_seconds()
    }
}

/// Bytes of one kind; absent where they were not counted.
pub(crate) fn bytes_of(kinds: &KindsV1, kind: ByteKind) -> Option<u64> {
    match kind {
        ByteKind::Payload => Some(kinds.payload),
        ByteKind::Repeat => Some(kinds.repeat),
        ByteKind::Header => Some(kinds.header),
        ByteKind::Framing => Some(kinds.framing),
        ByteKind::Wrapping => Some(kinds.wrapping),
        ByteKind::Control => Some(kinds.control),
        ByteKind::Handshake => Some(kinds.handshake),
        ByteKind::Unexplained => Some(kinds.unexplained),
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
    if source.measure_seconds() > 0.0 {
        if let Some(books) = source.books.phases.get(&Phase::Measure) {
            bytes(&mut figures, source, books);
            compressed_headers(&mut figures, source, books);
            compression(&mut figures, source, books);
        }
        rates(&mut figures, source);
        work(&mut figures, source);
        let counts = &source.sums.counts;
        if counts.published == 0 && source.knows_messages() {
            idle(&mut figures, source.time_scale);
        }
    }
    if let Some(books) = source.books.phases.get(&Phase::Connect) {
        connect(&mut figures, source, books);
    }
    tls(&mut figures, source);
    counts(&mut figures, source);
    if let Some(stall) = source.sums.longest_stall_ns.values().max() {
        figures.insert("load_stall_max".to_owned(), Duration::from_nanos(*stall).as_secs_f64());
    }
    for (name, samples) in &source.sums.samples {
        waiting(&mut figures, name, samples);
    }
    // An age is in nanoseconds, versions are a number.
    let means = [
        ("age_mean", source.sums.age.mean().map(|nanos| nanos / 1e9)),
        ("version_age_mean", source.sums.version_age.mean()),
    ];
    figures.extend(means.into_iter().filter_map(|(name, mean)| Some((name.to_owned(), mean?))));
    figures
}

fn bytes(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    let deliveries = source.sums.counts.deliveries_in_measure as f64;
    let client_seconds = source.client_seconds();
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
        let (up, down) = (bytes_of(&books.up, kind), bytes_of(&books.down, kind));
        // What compressed messages took is their payload's, with whatever was around it.
        let is_known = kind != ByteKind::Wrapping || source.sums.counts.coded_messages.is_none();
        let down = down.filter(|_| is_known);
        if kind.is_third_party() && up == Some(0) && down.is_none_or(|down| down == 0) {
            continue;
        }
        put(kind.label(), up, down);
    }
    for &layer in Layer::ALL {
        put(layer.label(), layer_of(&books.up, layer), layer_of(&books.down, layer));
    }
    let polls = source.sums.counts.polls as f64;
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
            figures.insert(name.to_owned(), bytes as f64 * 8.0 / source.measure_seconds());
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
    let deliveries = source.sums.counts.deliveries_in_measure as f64;
    let published = source.sums.counts.uncompressed_payload_bytes_in_measure;
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
    let connects = source.sums.counts.connects.filter(|connects| *connects > 0)?;
    let headers = source.headers;
    let more_for_syns = 2 * connects * (headers.syn_len() - headers.len());
    Some(source.sums.counts.connecting_segments? * headers.len() + more_for_syns)
}

/// Of clients that came back; nothing where no connection was lost.
fn reconnects(figures: &mut Figures, source: &Source<'_>) {
    let Some(seen) = source.sums.counts.reconnects.as_ref() else { return };
    figures.insert("lost_connections".to_owned(), seen.lost_connections as f64);
    if let Some(peak) = seen.by_second.values().max() {
        figures.insert("peak_reconnects_per_second".to_owned(), *peak as f64);
    }
}

fn rates(figures: &mut Figures, source: &Source<'_>) {
    let deliveries = source.sums.counts.deliveries_in_measure as f64;
    let per_second = deliveries / source.measure_seconds();
    figures.insert("deliveries_per_second".to_owned(), per_second);
    if let Some(connects) = source.sums.counts.connects.filter(|connects| *connects > 0) {
        let per_second = connects as f64 / source.measure_seconds();
        figures.insert("connects_per_second".to_owned(), per_second);
    }
    reconnects(figures, source);
    figures.insert("goodput".to_owned(), payload_bytes(source) * 8.0 / source.measure_seconds());
    if !source.is_poll {
        return;
    }
    let polls = source.sums.counts.polls as f64;
    figures.insert("requests_per_second".to_owned(), polls / source.measure_seconds());
    if polls > 0.0 {
        let empty = source.sums.counts.empty_polls as f64;
        figures.insert("empty_polls".to_owned(), empty / polls);
        if polls > empty {
            figures.insert("messages_per_response".to_owned(), deliveries / (polls - empty));
        }
    }
}

/// Bytes of payload that were delivered, before any compression: as they came, since what a server
/// publishes by itself is as long as it likes. Old records have no count, and messages of one length.
fn payload_bytes(source: &Source<'_>) -> f64 {
    let counts = &source.sums.counts;
    match counts.uncompressed_payload_bytes_in_measure {
        Some(bytes) => bytes as f64,
        None => counts.deliveries_in_measure as f64 * f64::from(source.payload_bytes),
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
    let deliveries = source.sums.counts.deliveries_in_measure as f64;
    let client_seconds = source.client_seconds();
    let work = &source.sums.work;
    let sides: [(_, Vec<&ProcessWorkV2>); 2] =
        [("server", work.server_processes().collect()), ("load", work.load.iter().collect())];
    for (side, processes) in sides {
        if let Some(cpu) = of_all(&processes, |process| Some(process.cpu_ns? as f64 / 1e9)) {
            figures.insert(format!("{side}_cpu_per_client_second"), cpu / client_seconds);
            if deliveries > 0.0 {
                figures.insert(format!("{side}_cpu_per_delivery"), cpu / deliveries);
            }
        }
        let until: [(_, Resident); 3] = [
            ("memory", |process| process.resident_connected_bytes),
            ("working_memory", |process| process.resident_load_bytes),
            ("resting_memory", |process| process.resident_rest_bytes),
        ];
        for (name, until) in until {
            if let Some(bytes) = of_all(&processes, |process| growth(process, until(process))) {
                let per = bytes / source.sums.connections as f64;
                figures.insert(format!("{side}_{name}_per_connection"), per);
            }
        }
    }
    if let Some(share) = source.sums.busiest_worker_share() {
        figures.insert("load_busy".to_owned(), share);
    }
    let per = |ends: SocketMemoryV1| ends.bytes as f64 / ends.sockets as f64;
    if let Some((client, server)) = client_sockets(&work.load).zip(work.server_sockets) {
        let buffers = per(client) + per(server);
        figures.insert("kernel_buffers_per_connection".to_owned(), buffers);
        if let Some(structures) = structures(source.machines) {
            let both = buffers + 2.0 * structures as f64;
            figures.insert("kernel_socket_memory_per_connection".to_owned(), both);
        }
    }
}

/// The sum over processes; `None` without one, and where one has none.
fn of_all(processes: &[&ProcessWorkV2], of: impl Fn(&ProcessWorkV2) -> Option<f64>) -> Option<f64> {
    let sum = processes.iter().map(|process| of(process)).sum::<Option<f64>>();
    sum.filter(|_| !processes.is_empty())
}

/// The clients' ends of their connections, of all processes.
fn client_sockets(load: &[ProcessWorkV2]) -> Option<SocketMemoryV1> {
    let sum = |sum: SocketMemoryV1, process: &ProcessWorkV2| {
        let SocketMemoryV1 { sockets, bytes } = process.sockets?;
        Some(SocketMemoryV1 { sockets: sum.sockets + sockets, bytes: sum.bytes + bytes })
    };
    let sum = load.iter().try_fold(SocketMemoryV1::default(), sum);
    sum.filter(|sum| sum.sockets > 0)
}

/// Size of a socket's structures: a property of the kernel, so the machines have to agree on it.
fn structures(machines: &[MachineV2]) -> Option<u64> {
    let (first, others) = machines.split_first()?;
    let size = first.socket_structures_bytes?;
    others.iter().all(|other| other.socket_structures_bytes == Some(size)).then_some(size)
}

/// Growth of resident memory since before the connects. Where memory was given back meanwhile, what
/// the connections took cannot be told, and no connection takes less than nothing: `None`.
fn growth(work: &ProcessWorkV2, until: Option<u64>) -> Option<f64> {
    until?.checked_sub(work.resident_before_bytes?).filter(|bytes| *bytes > 0).map(|b| b as f64)
}

fn connect(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    for (name, layer) in [
        ("connect_stream_bytes_per_connection", Layer::Stream),
        ("connect_wire_bytes_per_connection", Layer::Wire),
    ] {
        if let Some((up, down)) = layer_of(&books.up, layer).zip(layer_of(&books.down, layer)) {
            figures.insert(name.to_owned(), (up + down) as f64 / source.sums.connections as f64);
        }
    }
}

/// What only connections have that compress headers.
fn compressed_headers(figures: &mut Figures, source: &Source<'_>, books: &PhaseBooksV1) {
    let polls = source.sums.counts.polls;
    let Some(seen) = source.sums.counts.field_blocks.as_ref().filter(|_| polls > 0) else { return };
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
    let Some(handshakes) = &source.sums.handshakes else { return };
    let all = handshakes.full + handshakes.resumed;
    if all > 0 {
        let share = handshakes.resumed as f64 / all as f64;
        figures.insert("resumed_handshakes".to_owned(), share);
    }
    let books = source.books.phases.get(&Phase::Connect);
    if let Some((up, down)) = books.and_then(|books| books.up.tls.zip(books.down.tls)) {
        let per = (up + down) as f64 / source.sums.connections as f64;
        figures.insert("connect_tls_bytes_per_connection".to_owned(), per);
    }
}

fn counts(figures: &mut Figures, source: &Source<'_>) {
    let counts = &source.sums.counts;
    let errors: u64 = counts.errors.values().sum();
    // What a server publishes by itself is not known, so neither is what of it did not come.
    let of_ours = [
        ("superseded", counts.superseded),
        ("lost", counts.lost),
        ("foreign", counts.foreign),
        ("out_of_order", counts.out_of_order),
    ];
    let of_ours = of_ours.into_iter().filter(|_| !counts.publishes_by_itself);
    let deliveries = match counts.publishes_by_itself {
        true => counts.deliveries_in_measure,
        false => counts.delivered,
    };
    let of_all =
        [("deliveries", deliveries), ("duplicates", counts.duplicates), ("errors", errors)];
    // Whether a message that does not say which it is came again is not known.
    let are_told_apart = counts.without_id.is_none();
    let of_all = of_all.into_iter().filter(|(name, _)| *name != "duplicates" || are_told_apart);
    let published = Some(("published", counts.published)).filter(|_| source.knows_messages());
    for (name, count) in published.into_iter().chain(of_ours).chain(of_all) {
        figures.insert(name.to_owned(), count as f64);
    }
    if counts.expected > 0 {
        let seen = counts.delivered as f64 / counts.expected as f64;
        figures.insert("versions_seen".to_owned(), seen);
    }
}

fn waiting(figures: &mut Figures, name: &str, histogram: &Histogram) {
    let mut put = |statistic: &str, value: Option<Duration>| {
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
