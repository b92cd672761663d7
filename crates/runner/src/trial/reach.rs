//! Where the clients of a trial connect.

use std::net::SocketAddr;
use std::sync::Arc;

use pushbench_load::{Adapted, TlsTarget, Via};
use pushbench_protocol::{Announcement, TlsUse};

use crate::target::TargetTls;
use crate::{RunError, Target, tls};

/// How the load generator gets to the server of a trial.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) target: Target,
    pub(crate) tls: Option<TlsTarget>,
    /// The proxy that clients connect to in its place, if there is one.
    pub(crate) via: Option<Via>,
    /// How it is spoken to; `None` if as to ours.
    pub(crate) adapted: Option<Arc<Adapted>>,
}

/// Where a server of our own listens.
pub(super) fn announced(announcement: &Announcement) -> Result<Target, RunError> {
    let tls = match (announcement.tls_address, &announcement.certificate) {
        (Some(address), Some(pem)) => {
            let certificate = tls::announced(pem)?;
            Some(TargetTls { address, host: address.to_string(), certificate })
        }
        _ => None,
    };
    let address = announcement.address;
    Ok(Target { address, host: address.to_string(), tls, publish_token: None })
}

/// Where the clients of a transport connect.
pub(super) fn clients_target(reach: &Reach) -> SocketAddr {
    let target = reach.via.as_ref().map_or(reach.target.address, |via| via.address);
    reach.tls.as_ref().map_or(target, |tls| tls.address)
}

/// Connections that it takes to have one: a session that is resumed is from another, whose port is
/// not free at once.
pub(super) const fn connections_for_one(tls: TlsUse) -> u32 {
    match tls {
        TlsUse::None | TlsUse::Full => 1,
        TlsUse::Resumed => 2,
    }
}
