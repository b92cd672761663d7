//! The connections between a proxy and the server, by the server's own books and by the kernel of this
//! host, which tells of the server's ends to whoever asks.

use std::time::Duration;

use pushbench_load::{Tally, WitnessName};
use pushbench_protocol::Phase;
use pushbench_store::{ProxyV2, ReconciliationV1, TallyV2, UpstreamV2};
use pushbench_wire::sock_diag::{Port, sockets};

use crate::server_ends;
use crate::sockets::inodes_of;

/// What the two who count there are called.
const PAIR: &str = "server sockets = server kernel, behind the proxy";
/// Times that both are asked until they agree: what the server has written its kernel sends a moment
/// later.
const ATTEMPTS: u32 = 25;
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks both until they have counted the same; the last look if they never do. `books` is the server's
/// look at its own, `None` if it does not tell.
///
/// The kernel's is left out where the server carried something while it was asked: then the two looks
/// are not of one moment.
pub(crate) fn look(
    port: u16,
    proxy: &[u32],
    mut books: impl FnMut() -> Option<UpstreamV2>,
) -> Option<UpstreamV2> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let before = books()?;
        let kernel = by_kernel(port, proxy, before.open);
        let is_of_one_moment = books()? == before;
        let look = UpstreamV2 { kernel: kernel.filter(|_| is_of_one_moment), ..before };
        if look.by_kernel() == Some([look.up, look.down]) {
            return Some(look);
        }
        last = Some(look);
        std::thread::sleep(PAUSE);
    }
    last
}

fn by_kernel(port: u16, proxy: &[u32], open: u64) -> Option<TallyV2> {
    let inodes = inodes_of(proxy);
    let (theirs, servers) = (sockets(Port::Remote(port)).ok()?, sockets(Port::Local(port)).ok()?);
    let open = usize::try_from(open).ok()?;
    Some(on_record(server_ends::tally(open, &inodes, &theirs, &servers)))
}

fn on_record(tally: Tally) -> TallyV2 {
    let counters = WitnessName::ProxyKernel.entry().counters.iter();
    let counts = counters.map(|&counter| (counter.label().to_owned(), tally[counter]));
    TallyV2 { missing: tally.missing, counts: counts.collect() }
}

/// Both held against each other over each span at whose ends the kernel knew all connections. Pure.
pub(crate) fn compare(proxy: &ProxyV2) -> Vec<ReconciliationV1> {
    let mut found = Vec::new();
    let mut before = Some(([0; 2], [0; 2]));
    let mut labels: Vec<&str> = Vec::new();
    for &phase in Phase::ALL {
        if phase == Phase::Close {
            break;
        }
        labels.push(phase.label());
        // At the end of the measure phase nothing stands still, so nobody is asked.
        let Some(look) = proxy.upstream.get(&phase) else { continue };
        let now = look.by_kernel().map(|kernel| ([look.up, look.down], kernel));
        if let (Some(before), Some(now)) = (before, now) {
            let phases = labels.join(" + ");
            for (place, direction) in ["up", "down"].into_iter().enumerate() {
                found.push(ReconciliationV1 {
                    pair: PAIR.to_owned(),
                    phases: phases.clone(),
                    direction: direction.to_owned(),
                    left: now.0[place].saturating_sub(before.0[place]),
                    right: now.1[place].saturating_sub(before.1[place]),
                });
            }
        }
        before = now;
        labels.clear();
    }
    found
}

/// Whether a comparison is of the two.
pub(crate) fn is_of_them(of: &ReconciliationV1) -> bool {
    of.pair == PAIR
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn at(accepted: u64, down: u64, kernel: Option<(u64, u64)>) -> UpstreamV2 {
        let tally = |(connections, down): (u64, u64)| {
            let counts = [("connections", connections), ("up", 7), ("down", down)];
            let counts = counts.map(|(name, count)| (name.to_owned(), count));
            TallyV2 { missing: 0, counts: counts.into() }
        };
        UpstreamV2 { accepted, open: accepted, up: 7, down, kernel: kernel.map(tally) }
    }

    fn down(samples: [UpstreamV2; 3]) -> Vec<(String, u64, u64)> {
        let phases = [Phase::Connect, Phase::WarmUp, Phase::Drain];
        let upstream = phases.into_iter().zip(samples).collect::<BTreeMap<_, _>>();
        let found = compare(&ProxyV2 { upstream, ..ProxyV2::default() });
        let down = found.into_iter().filter(|of| of.direction == "down");
        down.map(|of| (of.phases, of.left, of.right)).collect()
    }

    #[test]
    fn server_and_kernel_are_compared_where_the_kernel_knew_every_connection() {
        let of = |phases: &str, left, right| (phases.to_owned(), left, right);
        let all = [at(2, 10, Some((2, 10))), at(2, 30, Some((2, 30))), at(2, 90, Some((2, 89)))];
        let expected =
            [of("connect", 10, 10), of("warm-up", 20, 20), of("measure + drain", 60, 59)];
        assert_eq!(down(all), expected);
        // The kernel does not know what a connection carried that is closed.
        let one_closed = [at(2, 10, Some((2, 10))), at(3, 30, Some((2, 20))), at(3, 90, None)];
        assert_eq!(down(one_closed), [of("connect", 10, 10)]);
    }

    #[test]
    fn the_two_are_asked_again_until_what_was_written_is_sent_and_never_when_there_are_no_books() {
        assert_eq!(look(1, &[], || None), None);
        let mut asked = 0;
        let look = look(1, &[], || {
            asked += 1;
            Some(UpstreamV2 { up: asked, ..UpstreamV2::default() })
        });
        assert_eq!(look.expect("it has books").kernel, None, "something moved at each look");
        assert_eq!(asked, 2 * u64::from(ATTEMPTS));
    }
}
