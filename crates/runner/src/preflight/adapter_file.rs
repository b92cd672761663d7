//! Where in its file an adapter says something, for whoever has to correct it. Pure.

use pushbench_adapter::{Shipped, line_of};
use pushbench_protocol::TransportKind;
use pushbench_scenario::NamedServer;

use crate::Options;

/// The file of an adapter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct AdapterFile {
    /// What it is called.
    name: String,
    /// What is in it; empty if that is not known.
    text: String,
    /// The table that it is in, by its keys from the outermost on.
    table: Vec<String>,
}

impl AdapterFile {
    /// Of a server of the scenario.
    pub(super) fn of(server: &NamedServer, options: &Options) -> Self {
        let name = &server.adapter_name;
        if name == "inline" {
            let table = vec!["server".to_owned(), server.name.clone()];
            return Self { name: "the scenario".to_owned(), text: options.file.clone(), table };
        }
        let beside = options.files.iter().find(|file| file.path == *name);
        let text = match (beside, Shipped::named(name)) {
            (Some(file), _) => file.text.clone().unwrap_or_default(),
            (None, Some(shipped)) => shipped.text.to_owned(),
            (None, None) => String::new(),
        };
        Self { name: format!("the adapter `{name}`"), text, table: Vec::new() }
    }

    /// Where the first of these keys is that a transport has, or that is said for all; the transport's
    /// own table where there is none of them.
    pub(super) fn place(&self, kind: TransportKind, keys: &[&str]) -> String {
        let outer: Vec<_> = self.table.iter().map(String::as_str).collect();
        let own = [&outer[..], &["transport", kind.label()]].concat();
        let line = |table: &[&str], key: &str| line_of(&self.text, &[table, &[key]].concat());
        let in_table = |table: &[&str]| {
            keys.iter().find_map(|key| Some((format!("`{key}`"), line(table, key)?)))
        };
        let whole = || Some((format!("`[{}]`", own.join(".")), line_of(&self.text, &own)?));
        match in_table(&own).or_else(|| in_table(&outer)).or_else(whole) {
            Some((what, line)) => format!("{what} in line {line} of {}", self.name),
            None => format!("{} for {}", self.name, kind.label()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: TransportKind = TransportKind::WebSocket;

    fn file(table: &str, text: &str) -> AdapterFile {
        let table = table.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect();
        AdapterFile { name: "x".to_owned(), text: text.to_owned(), table }
    }

    #[test]
    fn a_key_is_found_in_its_transport_and_else_where_it_is_said_for_all() {
        let text = "about = 1\npublish = { url = 1 }\n\n[transport.sse]\nurl = 2\nmessage = 3\n\
            [transport.websocket]\n  url = 4\nmessages = 5\n[[transport.websocket.steps]]\nsend = 6\n";
        let file = file("", text);
        for (keys, place) in [
            (&["url"][..], "`url` in line 8 of x"),
            (&["message", "url"], "`url` in line 8 of x"),
            (&["publish"], "`publish` in line 2 of x"),
            (&["steps"], "`steps` in line 10 of x"),
            (&["carry"], "`[transport.websocket]` in line 7 of x"),
        ] {
            assert_eq!(file.place(KIND, keys), place, "{keys:?}");
        }
        assert_eq!(file.place(TransportKind::Stream, &["url"]), "x for stream");
    }

    #[test]
    fn an_adapter_in_a_scenario_is_found_in_its_server() {
        let text = "[server.a.transport.websocket]\nurl = 1\n[server.b]\npublish = 2\n\
            [server.b.transport.websocket]\nurl = 3\n";
        let file = file("server.b", text);
        assert_eq!(file.place(KIND, &["url"]), "`url` in line 6 of x");
        assert_eq!(file.place(KIND, &["publish"]), "`publish` in line 4 of x");
        assert_eq!(file.place(KIND, &["steps"]), "`[server.b.transport.websocket]` in line 5 of x");
    }

    #[test]
    fn a_transport_on_one_line_is_not_taken_for_its_server_whose_url_is_another() {
        for text in [
            "[server.b]\nurl = 1\ntransport.websocket = { url = 2, message = 3 }\n",
            "[server.b]\nurl = 1\ntransport = { websocket.url = 2, websocket.message = 3 }\n",
        ] {
            let file = file("server.b", text);
            for key in ["url", "message"] {
                assert_eq!(file.place(KIND, &[key, "url"]), format!("`{key}` in line 3 of x"));
            }
        }
    }
}
