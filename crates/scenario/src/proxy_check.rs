//! What goes through a proxy.

use pushbench_protocol::{HttpVersion, TlsUse};
use pushbench_toml::Problems;

use crate::Shards;
use crate::file::ScenarioFile;
use crate::transport_file::TransportFile;

/// A proxy takes HTTP/1.1 in clear text for a server of our own, on this host.
pub(crate) fn a_proxy_is_before_a_server_of_ours(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    for transport in &file.transports {
        let _ = carriage_passes(transport, problems);
    }
    let first = file.transports.iter().find_map(TransportFile::proxy_key)?;
    if let Some(link) = file.network.link_key() {
        let help = "the server is put at one end of the link and the clients at the other";
        link.refuse(problems, format!("no link with {}", first.key), Some(help));
    }
    if let Some(shards) = file.shards.as_ref().filter(|shards| shards.value != Shards::ONE) {
        let help = "each shard starts a server of its own, and a proxy would be before one of them";
        shards.refuse(problems, format!("1 with {}", first.key), Some(help));
    }
    if let Some(floor) = file.floor.as_ref().filter(|floor| floor.value == Some(true)) {
        let help = "the floor is played without a proxy, so it would be of other work";
        floor.refuse(problems, format!("false with {}", first.key), Some(help));
    }
    Some(())
}

fn carriage_passes(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let key = transport.proxy_key()?;
    if !transport.is_ours() {
        let help = "what is behind a proxy is known from our own server's books; a third-party server \
                    and what stands before it can be measured as one, by what `start` starts";
        key.refuse(problems, "nothing with `server`".to_owned(), Some(help));
    }
    let http = transport.carriage.http.as_ref()?;
    if http.value != HttpVersion::Http11 {
        let help = "the proxies that ship take HTTP/2 in TLS only, and ask servers by HTTP/1.1";
        http.refuse(problems, "\"1.1\" with `proxy`".to_owned(), Some(help));
    }
    let tls = transport.carriage.tls.as_ref()?;
    if tls.value != TlsUse::None {
        let help = "the proxy would need a certificate that the clients trust";
        tls.refuse(problems, "\"none\" with `proxy`".to_owned(), Some(help));
    }
    Some(())
}
