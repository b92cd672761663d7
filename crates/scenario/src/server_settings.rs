//! Settings of our own server: what they are unless a scenario says otherwise, and whom they reach.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use pushbench_protocol::{ServerEngine, SlowPolicy, TlsUse};

use crate::{Scenario, ServerSettings, Transport};

impl Default for ServerSettings {
    fn default() -> Self {
        let count = |count| NonZeroU32::new(count).expect("not zero");
        Self {
            engine: ServerEngine::Axum,
            slow_subscriber: SlowPolicy::DropOldest,
            queue: count(1_024),
            log: count(4_096),
        }
    }
}

impl ServerSettings {
    /// Every one of them by the key of a scenario file.
    pub fn named(&self) -> BTreeMap<&'static str, String> {
        let Self { engine, slow_subscriber, queue, log } = self;
        [
            ("engine", engine.to_string()),
            ("slow_subscriber", slow_subscriber.to_string()),
            ("queue", queue.to_string()),
            ("log", log.to_string()),
        ]
        .into()
    }
}

impl Scenario {
    /// What it asks of our own server beyond the defaults, by dotted name, in any of its cells.
    pub fn asked_of_server(&self) -> BTreeMap<String, String> {
        let usual = ServerSettings::default().named();
        let cells = self.with_cells().flat_map(|cell| cell.server.named());
        let asked = cells.filter(|(key, value)| usual[key] != *value);
        asked.map(|(key, value)| (format!("server.{key}"), value)).collect()
    }

    /// Labels of the transports that the engine `lean` hands to `axum`, where it is asked for.
    pub fn handed_to_axum(&self) -> Vec<&str> {
        let lean = self.with_cells().any(|cell| cell.server.engine == ServerEngine::Lean);
        let handed = self.transports.iter().filter(|of| lean && is_handed_to_axum(of));
        handed.map(|of| of.label.as_str()).collect()
    }
}

/// `lean` serves HTTP/1.1 in clear.
fn is_handed_to_axum(transport: &Transport) -> bool {
    let is_in_clear = match transport.carriage.tls {
        TlsUse::None => true,
        TlsUse::Full | TlsUse::Resumed => false,
    };
    let is_lean = is_in_clear && !transport.carriage.http.properties().shares_connections;
    transport.server.is_none() && !is_lean
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Source, read};

    fn scenario(settings: &str) -> Scenario {
        let text = format!(
            "question = \"?\"\nworkload = {{ clients = 10, publish = {{ every = \"2s\" }} }}\n{settings}\n\
             [[transport]]\nkind = \"websocket\"\n[[transport]]\nkind = \"websocket\"\nname = \"secure\"\n\
             tls = \"full\"\n[[transport]]\nkind = \"sse\"\nhttp = \"2\"\n"
        );
        let no_file = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        let path = Path::new("a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &no_file };
        read(&source).unwrap_or_else(|refused| panic!("{refused}"))
    }

    #[test]
    fn what_is_asked_of_the_server_is_what_it_does_not_do_anyway() {
        let none = scenario("server = { engine = \"axum\", queue = 1024 }");
        assert_eq!(none.asked_of_server(), BTreeMap::new());
        let asked =
            scenario("server = { engine = \"lean\" }\nsweep = { server.queue = [8, 1024] }");
        let of = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            asked.asked_of_server(),
            [of("server.engine", "lean"), of("server.queue", "8")].into()
        );
    }

    #[test]
    fn tls_and_http_2_are_handed_to_the_other_engine_and_named() {
        assert_eq!(scenario("").handed_to_axum(), [""; 0]);
        let lean = scenario("server = { engine = \"lean\" }");
        assert_eq!(lean.handed_to_axum(), ["secure", "sse"]);
    }

    #[test]
    fn a_record_says_what_is_not_the_default() {
        let usual =
            scenario("floor = false\nserver = { engine = \"axum\" }\nload = { shards = 1 }");
        let other = scenario("floor = true\nserver = { engine = \"lean\" }\nload = { shards = 2 }");
        for key in ["floor", "server.engine", "load.shards"] {
            assert_eq!(usual.settings().get(key), None, "{key}");
            assert!(other.settings().contains_key(key), "{key}");
        }
        let queue = usual.settings().get("server.queue").cloned();
        assert_eq!(queue.as_deref(), Some("1024"), "it has always been said");
    }
}
