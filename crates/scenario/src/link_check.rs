//! What goes with a link, and what of it goes together.

use pushbench_protocol::LinkShape;
use pushbench_toml::{At, Problems};

use crate::Shards;
use crate::file::ScenarioFile;
use crate::network_file::{HEADERS, PathFile};
use crate::transport_file::TransportFile;

/// A segment with its headers is a packet that passes.
pub(crate) fn a_segment_fits_the_link(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let network = &file.network;
    network.link_key()?;
    let mss = network.mss.as_ref()?;
    let mtu = network.mtu.as_ref()?;
    let most = mtu.value.unwrap_or(LinkShape::ETHERNET_MTU) - HEADERS;
    if mss.value.is_some_and(|mss| mss > most) {
        let help = "without `mss` it is the largest that fits";
        let expected = format!("at most {most}, network.mtu without {HEADERS} bytes of headers");
        mss.refuse(problems, expected, Some(help));
    }
    Some(())
}

/// What may wait, waits for the rate; and a packet fits in.
pub(crate) fn a_queue_waits_for_a_rate(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let network = &file.network;
    let profile = network.profile.as_ref()?.value;
    let mtu = u32::from(network.mtu.as_ref()?.value.unwrap_or(LinkShape::ETHERNET_MTU));
    let rate = |path: &PathFile| Some(path.rate.as_ref()?.value.is_some());
    let has_rate = profile.is_some() || rate(&network.both)?;
    let paths = [network.up.as_ref()?.value.as_ref(), network.down.as_ref()?.value.as_ref()];
    let check = |path: &PathFile, has_rate: bool| -> Option<()> {
        let queue = path.queue.as_ref()?;
        let bytes = queue.value?;
        if !has_rate {
            let help = "packets wait for a rate; without one none does";
            queue.refuse(problems, "absent without `rate`".to_owned(), Some(help));
        } else if bytes < mtu {
            queue.refuse(problems, format!("at least a packet, network.mtu, {mtu}"), None);
        }
        Some(())
    };
    let any_rate = paths.into_iter().flatten().any(|path| rate(path) == Some(true));
    let _ = check(&network.both, has_rate || any_rate);
    for path in paths.into_iter().flatten() {
        let _ = check(path, has_rate || rate(path) == Some(true));
    }
    Some(())
}

/// Server and clients are put at its two ends, each in a process or threads of ours.
pub(crate) fn a_link_is_between_both_of_ours(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    let link = file.network.link_key()?;
    let refuse = |at: &At<()>, expected: &str, help: &str| {
        at.refuse(problems, expected.to_owned(), Some(help));
    };
    if !file.transports.iter().all(TransportFile::is_ours) {
        let help =
            "the server is put at one end of the link, and a third-party server listens elsewhere";
        refuse(&link, "no link with a transport that asks a third-party server", help);
    }
    if file.shards.as_ref().is_some_and(|shards| shards.value != Shards::ONE) {
        let help = "each shard would have a link of its own";
        refuse(&link, "no link with load.shards", help);
    }
    if file.floor.as_ref().is_some_and(|floor| floor.value == Some(true)) {
        let help = "the floor is played over loopback, so it would be of another network";
        refuse(&link, "no link with `floor = true`", help);
    }
    Some(())
}
