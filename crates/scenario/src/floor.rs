//! Which transports have a floor: bare programs that move the same bytes.

use pushbench_protocol::{Arrival, ConnectionUse, TlsUse};

use crate::Transport;

impl Transport {
    /// What of this transport the floor's programs do not do, for people; `None` if it has a floor.
    pub fn lacks_floor(&self) -> Option<&'static str> {
        match self.carriage.tls {
            TlsUse::None => {}
            TlsUse::Full | TlsUse::Resumed => return Some("TLS"),
        }
        let carrier = self.carriage.http.properties();
        if carrier.shares_connections {
            return Some(carrier.name);
        }
        match self.settings.connection() {
            ConnectionUse::KeepAlive => {}
            ConnectionUse::PerPoll => return Some("a connection for each poll"),
        }
        match self.settings.kind().properties().arrival {
            Arrival::Timer | Arrival::Pushed => None,
            Arrival::Held => Some("requests that are held"),
            Arrival::Notified => Some("a notice and a request that follows it"),
        }
    }
}
