//! The proxies that clients connected to: what each added to or took from the bytes, how it used its
//! connections to the server, and what it cost.

use std::cmp::Ordering;

use pushbench_protocol::{Direction, Phase};
use pushbench_store::{ProxyV2, RunV2, TrialV2, UpstreamV2};

use crate::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use crate::sections::contest::listed;
use crate::sections::swept::{called, swept};
use crate::units::{ABSENT, bytes, grouped, seconds, share};

/// Each transport that went through a proxy, by cell, over all rounds; `None` where none did.
pub(crate) fn proxy(run: &RunV2) -> Option<Section> {
    let settings = swept(run);
    let mut seen: Vec<(String, Vec<&TrialV2>)> = Vec::new();
    for trial in run.trials.iter().filter(|trial| trial.proxy.is_some()) {
        let label = match called(&settings, &trial.cell) {
            cell if cell.is_empty() => trial.transport.clone(),
            cell => format!("{} with {cell}", trial.transport),
        };
        match seen.iter_mut().find(|(known, _)| *known == label) {
            Some((_, trials)) => trials.push(trial),
            None => seen.push((label, vec![trial])),
        }
    }
    if seen.is_empty() {
        return None;
    }
    let mut section = Section::new("Proxies");
    section.say(
        Tone::Plain,
        "Clients connected to a proxy in place of the server; the publisher did not. What was between \
         clients and proxy is counted by the clients' sockets and the kernel, as everywhere in this report; \
         what was between proxy and server by the server's own books, held against the kernel's counts at \
         the server's ends where it keeps those connections open. The two sides are never held against \
         each other: their difference is what the proxy added (+) or took away (-).",
    );
    let mut programs: Vec<String> = Vec::new();
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for (label, trials) in &seen {
        let Some(ProxyV2 { name, kind, version, .. }) = &trials[0].proxy else { continue };
        let line = format!("{name}: {}", version.as_deref().unwrap_or(kind));
        if !programs.contains(&line) {
            programs.push(line);
        }
        let Some(done) = done(trials) else { continue };
        match alike.iter_mut().find(|(known, _)| *known == done) {
            Some((_, labels)) => labels.push(label),
            None => alike.push((done, vec![label])),
        }
    }
    for (done, labels) in alike {
        section.say(Tone::Plain, format!("{}: the proxy {done}.", listed(&labels)));
    }
    section.say(Tone::Faint, format!("Versions: {}.", programs.join("; ")));
    section.blocks.push(Block::Table(table(&seen)));
    Some(section)
}

fn table(seen: &[(String, Vec<&TrialV2>)]) -> Table {
    let group = |title: &str, columns: &[&str]| ColumnGroup {
        title: title.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let groups = vec![
        group("to the server", &["from clients", "at the server", "difference"]),
        group("to the clients", &["from the server", "at clients", "difference"]),
        group("connections", &["of clients", "to the server"]),
        group("the proxy", &["CPU per delivery", "memory"]),
    ];
    let rows = seen.iter().map(|(label, trials)| row(label, trials)).collect();
    Table { label: "measured part and drain".to_owned(), groups, rows }
}

fn row(label: &str, trials: &[&TrialV2]) -> Row {
    let both = |direction| sum(trials, |trial| Sides::of(trial)?.bytes(direction));
    let (up, down) = (both(Direction::Up), both(Direction::Down));
    let connections = sum(trials, |trial| Some(Sides::of(trial)?.connections));
    let cpu = |trial: &&TrialV2| trial.proxy.as_ref()?.work.cpu_ns;
    let cpu = trials.iter().map(cpu).sum::<Option<u64>>();
    let deliveries: u64 = trials.iter().map(|trial| trial.counts.deliveries_in_measure).sum();
    let per_delivery =
        cpu.filter(|_| deliveries > 0).map(|cpu| cpu as f64 / 1e9 / deliveries as f64);
    let memory = |trial: &&TrialV2| trial.proxy.as_ref()?.work.resident_load_bytes;
    let memory = trials.iter().filter_map(memory).max();
    let shown = |count: Option<u64>| count.map(|count| bytes(count as f64));
    let cells = [
        shown(up.map(|[clients, _]| clients)),
        shown(up.map(|[_, server]| server)),
        up.map(|[clients, server]| difference(clients, server)),
        shown(down.map(|[_, server]| server)),
        shown(down.map(|[clients, _]| clients)),
        down.map(|[clients, server]| difference(server, clients)),
        connections.map(|[clients, _]| grouped(clients as f64, 0)),
        connections.map(|[_, server]| grouped(server as f64, 0)),
        per_delivery.map(seconds),
        shown(memory),
    ];
    let cells: Vec<Span> = cells
        .into_iter()
        .map(|cell| match cell {
            Some(cell) => Tone::Plain.span(cell),
            None => Tone::Faint.span(ABSENT),
        })
        .collect();
    Row::Values { label: Tone::Plain.span(label.to_owned()), cells }
}

/// What a proxy did to each request and response, or to each delivery of what is pushed, and how it used
/// its connections.
fn done(trials: &[&TrialV2]) -> Option<String> {
    let polls: u64 = trials.iter().map(|trial| trial.counts.polls).sum();
    let deliveries: u64 = trials.iter().map(|trial| trial.counts.deliveries_in_measure).sum();
    let did = match polls {
        0 => to_each(trials, Direction::Down, deliveries, "a delivered message")?,
        polls => format!(
            "{} and {}",
            to_each(trials, Direction::Up, polls, "a request")?,
            to_each(trials, Direction::Down, polls, "a response")?
        ),
    };
    let [of_clients, to_server] = sum(trials, |trial| Some(Sides::of(trial)?.connections))?;
    let connections = match to_server.cmp(&of_clients) {
        Ordering::Less => "; it shares its connections to the server among clients",
        Ordering::Greater => "; it opens more connections to the server than clients open to it",
        Ordering::Equal => "",
    };
    Some(did + connections)
}

/// The shares are of the measured part and the drain, the only span at whose ends both sides stood still;
/// they are applied to the bytes of the measured part, whose polls and deliveries are counted.
fn to_each(trials: &[&TrialV2], direction: Direction, count: u64, what: &str) -> Option<String> {
    let [clients, server] = sum(trials, |trial| Sides::of(trial)?.bytes(direction))?;
    let measured = |trial: &&TrialV2| Sides::measured(trial, direction);
    let measured = trials.iter().map(measured).sum::<Option<u64>>()?;
    if count == 0 || clients == 0 {
        return None;
    }
    let more = match direction {
        Direction::Up => server as f64 / clients as f64 - 1.0,
        Direction::Down => 1.0 - server as f64 / clients as f64,
    };
    let each = measured as f64 / count as f64 * more;
    Some(match each {
        each if each >= 0.5 => format!("adds {} to {what}", bytes(each)),
        each if each <= -0.5 => format!("takes {} from {what}", bytes(-each)),
        _ => format!("leaves {what} as it is, to half a byte"),
    })
}

/// What was on both sides of a proxy between the end of the warm-up and that of the drain.
struct Sides {
    /// Up and down at the clients.
    clients: [u64; 2],
    /// Up and down at the server.
    server: [u64; 2],
    /// Connections of the whole trial: of the clients, and of the proxy to the server.
    connections: [u64; 2],
}

impl Sides {
    fn of(trial: &TrialV2) -> Option<Self> {
        let proxy = trial.proxy.as_ref()?;
        let (before, after) =
            (proxy.upstream.get(&Phase::WarmUp)?, proxy.upstream.get(&Phase::Drain)?);
        let server = |of: fn(&UpstreamV2) -> u64| of(after).checked_sub(of(before));
        let sockets = &trial.books.witnesses.get("client sockets")?.until;
        let at = |phase: Phase, name: &str| sockets.get(&phase)?.counts.get(name).copied();
        let clients = |name: &str| at(Phase::Drain, name)?.checked_sub(at(Phase::WarmUp, name)?);
        Some(Self {
            clients: [clients("up")?, clients("down")?],
            server: [server(|look| look.up)?, server(|look| look.down)?],
            connections: [at(Phase::Drain, "connections")?, after.accepted],
        })
    }

    /// At the clients and at the server.
    fn bytes(&self, direction: Direction) -> Option<[u64; 2]> {
        let place = match direction {
            Direction::Up => 0,
            Direction::Down => 1,
        };
        Some([self.clients[place], self.server[place]])
    }

    /// Bytes of a trial's clients in the measured part.
    fn measured(trial: &TrialV2, direction: Direction) -> Option<u64> {
        let sockets = &trial.books.witnesses.get("client sockets")?.until;
        let at = |phase: Phase| sockets.get(&phase)?.counts.get(direction.label()).copied();
        at(Phase::Measure)?.checked_sub(at(Phase::WarmUp)?)
    }
}

/// The same of all trials; `None` where it is not known of one.
fn sum(trials: &[&TrialV2], of: impl Fn(&TrialV2) -> Option<[u64; 2]>) -> Option<[u64; 2]> {
    trials.iter().try_fold([0; 2], |[left, right], trial| {
        let [more, further] = of(trial)?;
        Some([left + more, right + further])
    })
}

/// What comes out against what went in, in bytes and as a share.
fn difference(went_in: u64, came_out: u64) -> String {
    let [before, after] = [went_in, came_out].map(|of| of as f64);
    let sign = if after >= before { "+" } else { "-" };
    let off = (after - before).abs();
    match went_in {
        0 => format!("{sign}{}", bytes(off)),
        _ => format!("{sign}{} ({sign}{})", bytes(off), share(off / before)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_store::{SideV2, TallyV2, WitnessV2};

    use super::*;

    #[test]
    fn what_a_proxy_did_to_each_is_by_the_side_that_it_came_from() {
        let tally = |up: u64, down: u64| {
            let counts = [("up", up), ("down", down), ("connections", 2)];
            let counts = counts.map(|(name, count)| (name.to_owned(), count)).into();
            TallyV2 { missing: 0, counts }
        };
        let until = [
            (Phase::WarmUp, tally(1_000, 1_000)),
            (Phase::Measure, tally(2_000, 3_000)),
            (Phase::Drain, tally(3_000, 5_000)),
        ];
        let sockets =
            WitnessV2 { side: SideV2::Client, layer: "socket".to_owned(), until: until.into() };
        let look = |up, down, accepted| UpstreamV2 { accepted, up, down, ..UpstreamV2::default() };
        let upstream = [(Phase::WarmUp, look(0, 0, 2)), (Phase::Drain, look(2_200, 3_000, 12))];
        let proxy = ProxyV2 { upstream: upstream.into(), ..ProxyV2::default() };
        let trial = |polls: u64| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
            let folder = folder.join("../../results/reference/quickstart");
            let run = pushbench_store::read(&folder).expect("a record of the tree");
            let mut trial = run.trials[0].clone();
            trial.books.witnesses = [("client sockets".to_owned(), sockets.clone())].into();
            trial.proxy = Some(proxy.clone());
            (trial.counts.polls, trial.counts.deliveries_in_measure) = (polls, 10);
            trial
        };
        // 1,000 B up and 2,000 B down measured; a tenth more came out up, a quarter less went in down.
        assert_eq!(
            done(&[&trial(100)]).as_deref(),
            Some(
                "adds 1 B to a request and adds 5 B to a response; it opens more \
                 connections to the server than clients open to it"
            )
        );
        let pushed = done(&[&trial(0)]).expect("deliveries");
        assert!(pushed.starts_with("adds 50 B to a delivered message;"), "{pushed}");
    }

    #[test]
    fn what_a_proxy_did_to_the_bytes_has_its_sign() {
        for (went_in, came_out, expected) in [
            (1_000, 1_113, "+113 B (+11.3%)"),
            (1_000, 250, "-750 B (-75%)"),
            (1_000, 1_000, "+0 B (+0%)"),
            (0, 7, "+7 B"),
        ] {
            assert_eq!(difference(went_in, came_out), expected);
        }
    }
}
