//! Whether anything is published: a server that has messages of its own is not published to.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_toml::{Problems, as_in};

use crate::file::{PUBLISH_EXAMPLE, ScenarioFile};
use crate::transport_file::TransportFile;
use crate::transport_server::Asked;
use crate::{Arrivals, Publish, Rate, Scenario, Transport};

impl Scenario {
    /// Whether a message is published to the server of any transport.
    pub fn is_published(&self) -> bool {
        self.transports.iter().any(|transport| !transport.publishes_by_itself())
    }
}

impl Transport {
    /// Whether its server has messages of its own, and nobody publishes to it.
    pub fn publishes_by_itself(&self) -> bool {
        let server = self.server.as_ref();
        let offered = server.and_then(|server| server.adapter.transport(self.settings.kind()));
        offered.is_some_and(|offered| offered.publishes_by_itself())
    }
}

/// What stands for it where nothing is published, and so nothing is asked of it.
pub(crate) const NOTHING_PUBLISHED: Publish = Publish {
    rate: Rate { count: NonZeroU32::MIN, per: Duration::from_secs(1) },
    arrivals: Arrivals::Regular,
};

/// `workload.publish` may be absent only where every transport's server has messages of its own.
pub(crate) fn publish_is_there(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let publish = file.workload.publish.as_ref()?;
    if publish.value.is_none() && is_published(file)? {
        publish.refuse(problems, as_in(PUBLISH_EXAMPLE), None);
    }
    Some(())
}

/// Whether a message is published to the server of any transport; `None` where what would say it was
/// refused.
pub(crate) fn is_published(file: &ScenarioFile) -> Option<bool> {
    let all: Vec<_> = file.transports.iter().map(is_published_to).collect();
    if all.is_empty() || all.contains(&Some(true)) {
        return Some(true);
    }
    all.iter().all(Option::is_some).then_some(false)
}

fn is_published_to(transport: &TransportFile) -> Option<bool> {
    match &transport.server {
        Asked::Ours => Some(true),
        Asked::Refused => None,
        Asked::Named(server) => {
            let kind = transport.kind.as_ref()?.value;
            server.adapter.transport(kind).map(|offered| !offered.publishes_by_itself())
        }
    }
}
