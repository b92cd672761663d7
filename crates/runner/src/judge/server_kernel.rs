//! Whether the kernel of this host has counted the same at the server's ends of the connections.

use pushbench_load::{Counter, WitnessName};
use pushbench_protocol::Phase;
use pushbench_store::{CheckV1, ReconciliationV1, Sums, Verdict};

use super::books::is_with;
use super::evidence::{Evidence, check, not_checked};
use crate::books::tally;

const NAME: &str = "server-kernel";

/// Whether the measured bytes were held against the server's kernel; `None` where no kernel was to be
/// asked, and where it counted something else, which `books-balance` says.
pub(super) fn server_kernel(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let was_asked = evidence.circumstances.server_ends.as_ref();
    let far = match evidence.circumstances.proxy {
        Some(_) => Far { whose: "proxy", kernel: WitnessName::ProxyKernel },
        None => Far { whose: "server", kernel: WitnessName::ServerKernel },
    };
    found(far, evidence.sums, &evidence.books.reconciliations, was_asked)
}

/// Whose ends of the clients' connections those are that the kernel was asked of.
#[derive(Clone, Copy)]
struct Far {
    whose: &'static str,
    kernel: WitnessName,
}

fn found(
    far: Far,
    sums: &Sums,
    comparisons: &[ReconciliationV1],
    was_asked: Option<&Result<(), String>>,
) -> Option<CheckV1> {
    let Far { whose, kernel } = far;
    if was_asked.is_none() && !sums.witnesses.contains_key(kernel.entry().label) {
        return None;
    }
    let is_ours = |of: &&ReconciliationV1| is_with(of, kernel);
    let compared: Vec<_> = comparisons.iter().filter(is_ours).collect();
    if compared.iter().any(|of| of.left != of.right) {
        return None;
    }
    let moved = || compared.iter().filter(|of| of.left > 0);
    let holds_measure = |phases: &str| phases.split(" + ").any(|of| of == Phase::Measure.label());
    if moved().any(|of| holds_measure(&of.phases)) {
        let bytes: u64 = moved().map(|of| of.left).sum();
        let text = format!(
            "the kernel has counted at the {whose}'s ends what the clients' sockets carried: {bytes} \
             bytes in {} comparisons",
            moved().count()
        );
        return Some(check(NAME, Verdict::Ok, text));
    }
    Some(not_checked(NAME, why_not(far, sums, was_asked)))
}

/// Why the measured bytes were not compared.
fn why_not(
    Far { whose, kernel }: Far,
    sums: &Sums,
    was_asked: Option<&Result<(), String>>,
) -> String {
    if let Some(Err(reason)) = was_asked {
        return format!("the kernel does not say what it counted at the {whose}'s ends: {reason}");
    }
    let at = |name| tally(sums, name, Phase::Drain);
    let Some(sockets) = at(WitnessName::ClientSockets) else {
        return "the trial ended before the books of the drain were closed".to_owned();
    };
    let Some(server) = at(kernel) else {
        return "bytes were in flight between the clients and the server whenever the kernel was \
                asked what it had counted at their other ends"
            .to_owned();
    };
    let connections = |of: &pushbench_store::TallyV2| {
        of.counts.get(Counter::Connections.label()).copied().unwrap_or(0)
    };
    let (all, seen, unseen) = (connections(sockets), connections(server), server.missing);
    let closed = all.saturating_sub(seen + unseen);
    match (unseen, closed) {
        (0, 0) if all == 0 => "no client had a connection".to_owned(),
        (0, 0) => "bytes were in flight between the clients and the server at the end of the \
                   warm-up, and the books of a connection before that are not known of all"
            .to_owned(),
        (0, closed) => format!(
            "{closed} of {all} connections were closed before the books were, and the kernel keeps \
             no counts of a closed connection"
        ),
        (unseen, _) => format!(
            "the server's ends of {unseen} of {} open connections are not in this network \
             namespace: the server is on another host, in another namespace (a container) or behind \
             a proxy",
            seen + unseen
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pushbench_store::{SideV2, TallyV2, WitnessV2};

    use super::*;

    const SERVER: Far = Far { whose: "server", kernel: WitnessName::ServerKernel };

    /// Clients with so many connections in all, of which the kernel sees so many server's ends and
    /// misses so many.
    fn sums(all: u64, seen: u64, missing: u64) -> Sums {
        let witness = |side, connections, missing| {
            let counts = ["up", "down"].map(|name| (name.to_owned(), 100 * connections));
            let mut tally = TallyV2 { missing, counts: counts.into() };
            tally.counts.insert("connections".to_owned(), connections);
            let until = BTreeMap::from([(Phase::Drain, tally)]);
            WitnessV2 { side, layer: "socket".to_owned(), until }
        };
        Sums {
            witnesses: BTreeMap::from([
                ("client sockets".to_owned(), witness(SideV2::Client, all, 0)),
                ("server kernel".to_owned(), witness(SideV2::Server, seen, missing)),
            ]),
            ..Sums::default()
        }
    }

    fn compared(phases: &str, left: u64, right: u64) -> ReconciliationV1 {
        ReconciliationV1 {
            pair: "client sockets = server kernel".to_owned(),
            phases: phases.to_owned(),
            direction: "up".to_owned(),
            left,
            right,
        }
    }

    fn text(sums: &Sums, comparisons: &[ReconciliationV1]) -> (Verdict, String) {
        let found = found(SERVER, sums, comparisons, Some(&Ok(()))).expect("it was asked");
        (found.verdict, found.text)
    }

    #[test]
    fn it_is_ok_only_where_measured_bytes_were_compared() {
        let all = sums(4, 4, 0);
        let (verdict, said) = text(&all, &[compared("measure + drain", 400, 400)]);
        assert_eq!(verdict, Verdict::Ok);
        assert!(said.contains("400 bytes in 1 comparison"), "{said}");
        let nothing = [compared("connect", 7, 7), compared("measure + drain", 0, 0)];
        assert_eq!(text(&all, &nothing).0, Verdict::NotChecked);
        assert_eq!(found(SERVER, &Sums::default(), &[], None), None, "nobody was asked");
    }

    #[test]
    fn what_does_not_balance_is_left_to_the_check_of_the_books() {
        let apart = [compared("measure + drain", 400, 399)];
        assert_eq!(found(SERVER, &sums(4, 4, 0), &apart, Some(&Ok(()))), None);
    }

    #[test]
    fn what_was_not_compared_says_why() {
        for (all, seen, missing, expected) in [
            (500, 10, 0, "490 of 500 connections were closed before the books were"),
            (10, 0, 10, "the server's ends of 10 of 10 open connections are not in this network"),
            (10, 8, 2, "the server's ends of 2 of 10 open connections"),
            (500, 0, 10, "the server's ends of 10 of 10 open connections"),
        ] {
            let (verdict, said) = text(&sums(all, seen, missing), &[]);
            assert_eq!(verdict, Verdict::NotChecked);
            assert!(said.contains(expected), "{said}");
        }
        let mut restless = sums(4, 4, 0);
        restless.witnesses.remove("server kernel");
        assert!(text(&restless, &[]).1.contains("in flight"));
        let refused = found(SERVER, &restless, &[], Some(&Err("no such file".to_owned())));
        assert!(refused.expect("it was asked").text.contains("no such file"));
    }
}
