//! The floor of a trial: what is to be played for it, and what the trial's CPU time is beside it. Pure.

use std::time::Duration;

use pushbench_floor::{Lengths, Plan, Work};
use pushbench_protocol::{Layer, Phase};
use pushbench_scenario::{FLOOR_WARM_UP, Scenario, Transport};
use pushbench_store::{FloorPlayV2, FloorSideV2, ProcessWorkV2, TrialV2};

use crate::figures::layer_of;

/// Time for connecting and for what is under way at the end.
const ASIDE: Duration = Duration::from_secs(60);

/// What of a trial its floor does again: as many operations, of as many bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Operations {
    /// Polls or deliveries of the measure phase.
    pub(crate) count: u64,
    /// Bytes of one above TLS, up and down.
    pub(crate) bytes: [u64; 2],
}

impl Operations {
    /// Those of a trial; `None` if there was none, or its bytes are not on record.
    pub(crate) fn of(transport: &Transport, trial: &TrialV2) -> Option<Self> {
        let count = match transport.settings.kind().polls() {
            true => trial.counts.polls,
            false => trial.counts.deliveries_in_measure,
        };
        let books = trial.books.phases.get(&Phase::Measure)?;
        let each =
            |kinds| Some(layer_of(kinds, Layer::Stream)?.checked_add(count / 2)? / count.max(1));
        let bytes = [each(&books.up)?, each(&books.down)?];
        (count > 0).then_some(Self { count, bytes })
    }
}

/// The floor of a trial.
///
/// # Errors
///
/// Why there is none, for people.
pub(crate) fn plan(
    scenario: &Scenario,
    transport: &Transport,
    trial: &TrialV2,
) -> Result<(Plan, Lengths), String> {
    if let Some(lacking) = transport.lacks_floor() {
        return Err(format!("{lacking} has no floor"));
    }
    let polls = transport.settings.kind().polls();
    let Some(Operations { count, bytes }) = Operations::of(transport, trial) else {
        let what = if polls { "polls" } else { "deliveries" };
        return Err(format!("no {what} were measured"));
    };
    let size = |bytes: u64| u32::try_from(bytes).ok().filter(|bytes| *bytes > 0);
    let sizes = (size(bytes[0]), size(bytes[1]));
    // As often as it was in the trial, of each client.
    let clients = scenario.workload.clients.get();
    let every = scenario.workload.measure.as_secs_f64() * f64::from(clients) / count as f64;
    // Polls without an interval are a closed loop, which its floor is too.
    let is_closed = polls && transport.settings.interval().is_none();
    let every = (!is_closed).then(|| Duration::from_secs_f64(every));
    let work = match (polls, sizes) {
        (true, (Some(request_bytes), Some(response_bytes))) => {
            Work::Polls { request_bytes, response_bytes, every }
        }
        (false, (_, Some(message_bytes))) => {
            let topics = scenario.workload.topics.get();
            Work::Pushes { message_bytes, topics, every, at_once: 1 }
        }
        (true | false, _) => {
            return Err(format!("{bytes:?} bytes up and down are no request and response"));
        }
    };
    let lengths = Lengths { warm_up: FLOOR_WARM_UP, measure: scenario.floor_measure() };
    let plan = Plan {
        work,
        connections: clients,
        mss: scenario.network.mss,
        deadline: ASIDE + lengths.warm_up + lengths.measure,
    };
    match plan.check() {
        Ok(()) => Ok((plan, lengths)),
        Err(refused) => Err(refused.to_string()),
    }
}

/// CPU time of a trial's operation as a multiple of that of its floor, by figure; absent where either is
/// not known.
pub(crate) fn multiples(
    operations: Operations,
    trial: &TrialV2,
    floor: &FloorPlayV2,
) -> impl Iterator<Item = (String, f64)> {
    let server = trial.work.server.as_ref().and_then(|server| server.cpu_ns);
    let load: Option<u64> = trial.work.load.iter().map(|load: &ProcessWorkV2| load.cpu_ns).sum();
    let load = load.filter(|_| !trial.work.load.is_empty());
    let times = |cpu: Option<u64>, floor: &FloorSideV2| {
        let floor = floor.cpu_per_operation().filter(|floor| *floor > 0.0)?;
        Some(cpu? as f64 / 1e9 / operations.count as f64 / floor)
    };
    let multiples = [
        ("server_cpu_over_floor", times(server, &floor.server)),
        ("load_cpu_over_floor", times(load, &floor.client)),
    ];
    multiples.into_iter().filter_map(|(name, times)| Some((name.to_owned(), times?)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use pushbench_scenario::{Source, read};
    use pushbench_store::{
        BooksV1, CountsV1, FloorWorkV2, KindsV1, ModelV1, PhaseBooksV1, WaitingV2, WorkV2,
    };

    use super::*;

    fn scenario(transport: &str) -> Scenario {
        let text = format!(
            "question = \"What?\"\nfloor = true\n[workload]\nclients = 10\n\
             publish = {{ every = \"1s\" }}\nmeasure = \"5s\"\n[[transport]]\n{transport}\n"
        );
        let read_file = |_: &Path| Err(std::io::Error::other("no files here"));
        let path = Path::new("floor.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
        read(&source).expect("a right scenario")
    }

    /// 50 polls with 30 deliveries, 35,000 bytes up and 15,020 down; 20 ms at the server, 10 at the
    /// load generator.
    fn trial() -> TrialV2 {
        let kinds = |header| KindsV1 { header, ..KindsV1::default() };
        let measure =
            PhaseBooksV1 { up: kinds(35_000), down: kinds(15_020), ..PhaseBooksV1::default() };
        let cpu = |cpu_ns| ProcessWorkV2 { cpu_ns: Some(cpu_ns), ..ProcessWorkV2::default() };
        TrialV2 {
            transport: "short-poll".to_owned(),
            round: 1,
            cell: BTreeMap::new(),
            started_at: String::new(),
            clients: 10,
            connections: Some(10),
            is_complete: Some(true),
            phase_seconds: BTreeMap::new(),
            counts: CountsV1 { polls: 50, deliveries_in_measure: 30, ..CountsV1::default() },
            books: BooksV1 { phases: [(Phase::Measure, measure)].into(), ..BooksV1::default() },
            waiting: WaitingV2::default(),
            servers: Vec::new(),
            link: None,
            proxy: None,
            shard: None,
            shards: None,
            work: WorkV2 {
                servers: Vec::new(),
                server: Some(cpu(20_000_000)),
                load: vec![cpu(10_000_000)],
                server_sockets: None,
            },
            machines: Vec::new(),
            server: None,
            sample: None,
            tls: None,
            unexpected: Vec::new(),
            checks: Vec::new(),
            figures: BTreeMap::new(),
            model: ModelV1::default(),
        }
    }

    #[test]
    fn a_floor_has_the_counts_rates_and_lengths_of_its_trial() {
        let polls = scenario("kind = \"short-poll\"\ninterval = \"1s\"");
        let (plan, lengths) = plan(&polls, &polls.transports[0], &trial()).unwrap();
        let every = Some(Duration::from_secs(1));
        let work = Work::Polls { request_bytes: 700, response_bytes: 300, every };
        assert_eq!((plan.work, plan.connections, plan.mss), (work, 10, 1_460));
        assert_eq!(lengths.measure, Duration::from_secs(3));

        let closed = scenario("kind = \"short-poll\"\npace = \"closed\"");
        let (plan, _) = super::plan(&closed, &closed.transports[0], &trial()).unwrap();
        let work = Work::Polls { request_bytes: 700, response_bytes: 300, every: None };
        assert_eq!(plan.work, work);

        let pushed = scenario("kind = \"websocket\"");
        let (plan, _) = super::plan(&pushed, &pushed.transports[0], &trial()).unwrap();
        let every = Some(Duration::from_secs_f64(5.0 * 10.0 / 30.0));
        assert_eq!(plan.work, Work::Pushes { message_bytes: 501, topics: 1, every, at_once: 1 });
    }

    #[test]
    fn what_has_no_floor_says_what_it_lacks() {
        for (transport, expected) in [
            ("kind = \"long-poll\"", "requests that are held has no floor"),
            ("kind = \"websocket\"\ntls = \"full\"", "TLS has no floor"),
            ("kind = \"sse\"\nhttp = \"2\"", "HTTP/2 has no floor"),
        ] {
            let scenario = scenario(transport);
            let refused = plan(&scenario, &scenario.transports[0], &trial());
            assert_eq!(refused.unwrap_err(), expected);
        }
        let scenario = scenario("kind = \"websocket\"");
        let none = TrialV2 { counts: CountsV1::default(), ..trial() };
        let refused = plan(&scenario, &scenario.transports[0], &none);
        assert_eq!(refused.unwrap_err(), "no deliveries were measured");
    }

    #[test]
    fn a_multiple_is_of_cpu_per_operation_and_absent_where_either_is_unknown() {
        let side = |operations, cpu_ns| FloorSideV2 { operations, cpu_ns, ..Default::default() };
        let floor = FloorPlayV2 {
            work: FloorWorkV2::Polls,
            connections: 10,
            topics: 1,
            bytes_up: 700,
            bytes_down: 300,
            every_ns: None,
            at_once: 1,
            measured_seconds: 3.0,
            server: side(1_000, Some(200_000_000)),
            client: side(1_000, None),
        };
        let polls = scenario("kind = \"short-poll\"\ninterval = \"1s\"");
        let operations = Operations::of(&polls.transports[0], &trial()).unwrap();
        // 20 ms over 50 polls is 0.4 ms, and the floor's 0.2.
        let found: Vec<_> = multiples(operations, &trial(), &floor).collect();
        assert_eq!(found, [("server_cpu_over_floor".to_owned(), 2.0)]);
    }
}
