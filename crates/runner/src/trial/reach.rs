//! Where the clients of a trial connect.

use std::net::SocketAddr;

use pushbench_protocol::{Announcement, TlsUse};

use crate::target::TargetTls;
use crate::trial::server::Reach;
use crate::{RunError, Target, tls};

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
    reach.tls.as_ref().map_or(reach.target.address, |tls| tls.address)
}

/// Connections that it takes to have one: a session that is resumed is from another, whose port is
/// not free at once.
pub(super) const fn connections_for_one(tls: TlsUse) -> u32 {
    match tls {
        TlsUse::None | TlsUse::Full => 1,
        TlsUse::Resumed => 2,
    }
}
