//! Values held against one another, and the scenario made of them.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{Deliver, Unchanged};
use pushbench_toml::kind::{grouped, one_of};
use pushbench_toml::{At, Complaint, Place, Problems, closest};

use crate::carriage_check::carriages_fit;
use crate::conflation_check::{conflation_is_for_the_latest, drain_outlasts_conflation};
use crate::expect::has::{Written, figures_are_there};
use crate::expect::labels::Labels;
use crate::expect::parse::expectation;
use crate::fault_check::clients_survive_the_fault;
use crate::fault_file::FaultFile;
use crate::file::{MOST_PUBLISHES, ScenarioFile};
use crate::find_check::a_search_has_a_number_of_rounds;
use crate::head_check::request_headers_fit;
use crate::link_check::{
    a_link_is_between_both_of_ours, a_queue_waits_for_a_rate, a_segment_fits_the_link,
};
use crate::own_path_check::{
    a_profile_with_its_own_path_asks_nothing_else, a_profile_with_its_own_path_gets_what_it_can_say,
};
use crate::proxy_check::a_proxy_is_before_a_server_of_ours;
use crate::published::{NOTHING_PUBLISHED, is_published, publish_is_there};
use crate::quantity::format_duration;
use crate::reconnect_check::clients_that_come_back_know_where_they_were;
use crate::shards_check::shards_are_of_our_own_server;
use crate::transport_file::TransportFile;
use crate::{Expectation, Headers, Scenario, ServerSettings, Workload};

/// A rule between values. It speaks up about values that break it, and ends early, at a `?`, where
/// one of them was refused already.
type Check = fn(&ScenarioFile, &Problems) -> Option<()>;

const CHECKS: [Check; 21] = [
    topics_have_clients,
    publish_is_there,
    publishes_are_bounded,
    measure_has_polls,
    drain_has_a_poll,
    queue_fits_log,
    nothing_is_resent_where_all_are_delivered,
    conflation_is_for_the_latest,
    drain_outlasts_conflation,
    a_profile_with_its_own_path_gets_what_it_can_say,
    a_profile_with_its_own_path_asks_nothing_else,
    carriages_fit,
    clients_that_come_back_know_where_they_were,
    clients_survive_the_fault,
    request_headers_fit,
    shards_are_of_our_own_server,
    a_segment_fits_the_link,
    a_queue_waits_for_a_rate,
    a_link_is_between_both_of_ours,
    a_proxy_is_before_a_server_of_ours,
    a_search_has_a_number_of_rounds,
];

/// Checks the file against itself and makes the scenario of it; `None` if anything was refused.
pub(crate) fn check(
    file: ScenarioFile,
    name: String,
    only: &[String],
    problems: &Problems,
) -> Option<Scenario> {
    // A check that could not be made has nothing to add.
    let _ = labels_differ(&file, problems);
    let known: Vec<_> = file.transports.iter().filter_map(TransportFile::name).collect();
    let labels = Labels { are_all: known.len() == file.transports.len(), known: &known };
    let expect = file.expect.iter().filter_map(|line| {
        let (key, name, condition) = (line.right.key.clone(), line.place, line.right.place);
        Some((expectation(line, labels, problems)?, Written { key, name, condition }))
    });
    let expect: Vec<_> = expect.collect();
    let until = file.workload.rounds.until(labels, problems);
    for (index, label) in only.iter().enumerate() {
        if !labels.may_have(label) {
            problems.add(Complaint {
                place: Place::Only(index),
                key: String::new(),
                found: format!("the scenario has no transport `{}`", label.escape_debug()),
                expected: one_of(known.iter().copied()).expected,
                help: closest(label, known.iter().copied())
                    .map(|label| format!("did you mean `{label}`?")),
            });
        }
    }
    if !labels.are_all {
        // Nobody knows what `--only` leaves out.
        for check in CHECKS {
            let _ = check(&file, problems);
        }
        return None;
    }
    let kept = |label: &str| only.is_empty() || only.iter().any(|kept| kept == label);
    let (expect, dropped): (Vec<_>, Vec<_>) =
        expect.into_iter().partition(|(line, _)| line.transports().all(kept));
    // The drain is the file's, whichever part of it is run, so that the parts can be compared.
    let waits = Waits::of(&file);
    let mut file = file;
    file.transports.retain(|transport| transport.name().is_some_and(kept));
    // What is left out was read, so it is right by itself; whether it goes with the rest is nothing
    // to a run that does not play it.
    for check in CHECKS {
        let _ = check(&file, problems);
    }
    let without_effect = without_effect(&file);
    let find = file.find.take()?;
    let scenario = resolve(file, name, waits)?;
    for (expectation, written) in &expect {
        figures_are_there(expectation, written, &scenario, problems);
    }
    let until = until?.map(|until| until.resolve(&scenario, problems));
    let plain = |lines: Vec<(Expectation, Written)>| lines.into_iter().map(|(line, _)| line);
    let (expect, dropped) = (plain(expect).collect(), plain(dropped).collect());
    let until = until.flatten();
    let scenario = Scenario { expect, dropped, without_effect, until, ..scenario };
    Some(match find {
        None => scenario,
        Some(find) => {
            let find = find.resolve(&scenario, problems)?;
            let first = scenario.step(find.quantity, find.range.from);
            Scenario { find: Some(find), ..first }
        }
    })
}

/// What an unwritten drain is made from.
struct Waits {
    longest: Option<Duration>,
    conflate: Option<Duration>,
}

impl Waits {
    fn of(file: &ScenarioFile) -> Self {
        Self {
            longest: file.longest_interval().map(|interval| interval.value),
            conflate: file.longest_conflation().and_then(|at| at.value),
        }
    }
}

fn resolve(file: ScenarioFile, name: String, waits: Waits) -> Option<Scenario> {
    let ScenarioFile {
        question,
        floor,
        around,
        workload,
        headers,
        network,
        server,
        load,
        pin,
        transports,
        fault,
        ..
    } = file;
    let deliver = workload.deliver?.value;
    let transports = transports.into_iter().map(|transport| transport.resolve(deliver));
    Some(Scenario {
        name,
        question: question?.value,
        floor: floor?.value.unwrap_or(false),
        around: around.resolve()?,
        workload: Workload {
            clients: workload.clients?.value,
            topics: workload.topics?.value,
            publish: workload.publish?.value.unwrap_or(NOTHING_PUBLISHED),
            payload: workload.payload?,
            deliver,
            warm_up: workload.warm_up?.value,
            measure: workload.measure?.value,
            drain: workload.drain?.value.unwrap_or_else(|| {
                // Three polls: one to be due, one to be late, one to spare. And as many messages.
                let waits = [waits.longest, waits.conflate];
                let longest = waits.into_iter().flatten().max().unwrap_or_default();
                Duration::from_secs(5).max(3 * longest)
            }),
            rounds: workload.rounds.most?.value,
            seed: workload.seed?.value,
            time_scale: workload.time_scale?.value,
        },
        headers: Headers {
            request: headers.request?.value,
            response: headers.response?.value,
            cookie_bytes: headers.cookie_bytes?.value,
        },
        network: network.resolve()?,
        server: ServerSettings {
            engine: server.engine?.value,
            slow_subscriber: server.slow_subscriber?.value,
            queue: server.queue?.value,
            log: server.log?.value,
        },
        load: load?,
        faults: match fault {
            Some(fault) => Some(FaultFile::resolve(fault)?),
            None => None,
        },
        pin: pin?.value,
        transports: transports.collect::<Option<_>>()?,
        until: None,
        find: None,
        cells: Vec::new(),
        expect: Vec::new(),
        dropped: Vec::new(),
        without_effect: Vec::new(),
    })
}

/// What is written and means nothing, since nothing is published.
fn without_effect(file: &ScenarioFile) -> Vec<String> {
    let publish = file.workload.publish.iter().filter(|publish| publish.value.is_some());
    let is_idle = is_published(file) == Some(false);
    publish.filter(|_| is_idle).map(|publish| publish.key.clone()).collect()
}

fn topics_have_clients(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let (topics, clients) = (file.workload.topics.as_ref()?, file.workload.clients.as_ref()?);
    if !each_topic_has_a_client(topics.value, clients.value) {
        let expected = format!("at most workload.clients, {}", clients.shown);
        topics.refuse(problems, expected, Some(TOPIC_WITHOUT_A_CLIENT));
    }
    Some(())
}

/// Whether so many topics have a client each, of so many.
pub fn each_topic_has_a_client(topics: NonZeroU32, clients: NonZeroU32) -> bool {
    topics <= clients
}

/// Why more topics than clients are refused.
pub const TOPIC_WITHOUT_A_CLIENT: &str = "a topic without a client would be published for nobody";

fn publishes_are_bounded(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let workload = &file.workload;
    let (topics, publish) = (workload.topics.as_ref()?, workload.publish.as_ref()?);
    let rate = publish.value.filter(|_| is_published(file) != Some(false))?.rate;
    let time = workload.warm_up.as_ref()?.value + workload.measure.as_ref()?.value;
    // 10^4 topics, 2^32 events and 4.2 * 10^12 nanoseconds stay within 128 bits.
    let publishes = u128::from(topics.value.get()) * u128::from(rate.count.get()) * time.as_nanos()
        / rate.per.as_nanos();
    if publishes > MOST_PUBLISHES {
        let expected = format!(
            "at most {} messages in a trial",
            grouped(u64::try_from(MOST_PUBLISHES).expect("ten million"))
        );
        let help = format!(
            "{} of topics, {} of warm_up and measure: {} messages",
            topics.value,
            format_duration(time),
            u64::try_from(publishes).map_or_else(|_| "too many".to_owned(), grouped),
        );
        publish.refuse(problems, expected, Some(&help));
    }
    Some(())
}

fn measure_has_polls(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let (measure, interval) = (file.workload.measure.as_ref()?, file.longest_interval()?);
    if measure.value < 2 * interval.value {
        let expected = format!("at least two polls, {}", format_duration(2 * interval.value));
        measure.refuse(
            problems,
            expected,
            Some(&format!("{} is {}", interval.key, interval.shown)),
        );
    }
    Some(())
}

fn drain_has_a_poll(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let (drain, interval) = (file.workload.drain.as_ref()?, file.longest_interval()?);
    if drain.value? < interval.value {
        let expected = format!("at least one poll, {}", format_duration(interval.value));
        let help = format!(
            "{} is {}: a message due at the end would never be asked for",
            interval.key, interval.shown
        );
        drain.refuse(problems, expected, Some(&help));
    }
    Some(())
}

fn queue_fits_log(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let (queue, log) = (file.server.queue.as_ref()?, file.server.log.as_ref()?);
    if queue.value > log.value {
        queue.refuse(problems, format!("at most server.log, {}", log.shown), None);
    }
    Some(())
}

fn nothing_is_resent_where_all_are_delivered(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    let deliver = file.workload.deliver.as_ref()?;
    for unchanged in file.written_unchanged() {
        if deliver.value == Deliver::Every && unchanged.value == Some(Unchanged::Resend) {
            let expected = "\"empty\" or \"not-modified\" with workload.deliver = \"every\"";
            let help = "a client that has every message has none to get again";
            unchanged.refuse(problems, expected.to_owned(), Some(help));
        }
    }
    Some(())
}

fn labels_differ(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let labels: Vec<_> = file.transports.iter().filter_map(|t| t.label.as_ref()).collect();
    for (place, label) in labels.iter().enumerate() {
        if labels[..place].iter().any(|earlier| earlier.value == label.value) {
            let help = format!("add a `name` to it, as in name = \"{}-2\"", label.value);
            label.refuse(problems, "a name that no other transport has".to_owned(), Some(&help));
        }
    }
    Some(())
}

impl ScenarioFile {
    fn longest_interval(&self) -> Option<At<Duration>> {
        self.transports
            .iter()
            .filter_map(|transport| transport.options.interval.clone())
            .max_by_key(|interval| interval.value)
    }

    /// What polls without a message get, where it was written.
    pub(crate) fn written_unchanged(&self) -> impl Iterator<Item = &At<Option<Unchanged>>> {
        self.transports.iter().filter_map(|transport| transport.options.unchanged.as_ref())
    }
}
