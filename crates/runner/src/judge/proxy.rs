//! Whether the books behind a proxy were held against anybody's.

use pushbench_protocol::Phase;
use pushbench_store::{CheckV1, ProxyV2, ReconciliationV1, Verdict};

use super::evidence::{Evidence, check, not_checked};
use crate::upstream::is_of_them;

const NAME: &str = "proxy-books";

/// Whether what the server carried for the proxy was held against its kernel; `None` without a proxy,
/// and where the two differ, which `books-balance` says.
///
/// What the clients carried is never held against what the server did: a proxy adds and takes away.
pub(super) fn proxy_books(evidence: &Evidence<'_>) -> Option<CheckV1> {
    found(evidence.circumstances.proxy.as_ref()?, &evidence.books.reconciliations)
}

fn found(proxy: &ProxyV2, all: &[ReconciliationV1]) -> Option<CheckV1> {
    let compared: Vec<_> = all.iter().filter(|of| is_of_them(of)).collect();
    if compared.iter().any(|of| of.left != of.right) {
        return None;
    }
    let measured = |of: &&&ReconciliationV1| of.phases.contains(Phase::Measure.label());
    let bytes: u64 = compared.iter().filter(measured).map(|of| of.left).sum();
    if bytes > 0 {
        let text = format!(
            "clients and proxy are compared with each other, and so are proxy and server: the kernel has \
             counted at the server's ends what the server's own books have, {bytes} measured bytes; \
             clients and server are not compared, since a proxy adds and takes away"
        );
        return Some(check(NAME, Verdict::Ok, text));
    }
    let why = match proxy.upstream.get(&Phase::Drain) {
        None => "the trial ended before the books of the drain were closed".to_owned(),
        Some(look) if look.accepted > look.open => format!(
            "{} of {} connections between proxy and server were closed before the books were, and the \
             kernel keeps no counts of a closed connection: what is behind the proxy is by the server's \
             own books alone",
            look.accepted - look.open,
            look.accepted
        ),
        Some(look) if look.accepted == 0 => "the proxy never connected to the server".to_owned(),
        Some(_) => "bytes were in flight between the proxy and the server, or the kernel could not be \
                    asked of all connections between them: what is behind the proxy is by the server's \
                    own books alone"
            .to_owned(),
    };
    Some(not_checked(NAME, why))
}

#[cfg(test)]
mod tests {
    use pushbench_store::UpstreamV2;

    use super::*;

    fn with(accepted: u64, open: u64) -> ProxyV2 {
        let look = UpstreamV2 { accepted, open, up: 5, down: 9, kernel: None };
        ProxyV2 { upstream: [(Phase::Drain, look)].into(), ..ProxyV2::default() }
    }

    #[test]
    fn it_is_ok_only_where_measured_bytes_were_compared_and_else_says_why_not() {
        let pair = |phases: &str, left, right| ReconciliationV1 {
            pair: "server sockets = server kernel, behind the proxy".to_owned(),
            phases: phases.to_owned(),
            direction: "down".to_owned(),
            left,
            right,
        };
        let ok = found(&with(2, 2), &[pair("measure + drain", 9, 9)]).expect("a verdict");
        assert_eq!(ok.verdict, Verdict::Ok);
        assert!(ok.text.contains(", 9 measured bytes"), "{}", ok.text);
        assert_eq!(found(&with(2, 2), &[pair("measure + drain", 9, 8)]), None);
        for (proxy, expected) in [
            (with(9, 2), "7 of 9 connections between proxy and server were closed"),
            (with(0, 0), "never connected"),
            (with(2, 2), "in flight"),
            (ProxyV2::default(), "the trial ended before"),
        ] {
            let found = found(&proxy, &[pair("connect", 9, 9)]).expect("a verdict");
            assert_eq!(found.verdict, Verdict::NotChecked);
            assert!(found.text.contains(expected), "{}", found.text);
        }
    }
}
