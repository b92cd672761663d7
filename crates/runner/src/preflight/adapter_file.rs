//! Where in its file an adapter says something, for whoever has to correct it. Pure.

use pushbench_adapter::Shipped;
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
    /// The table that it is in.
    table: String,
}

impl AdapterFile {
    /// Of a server of the scenario.
    pub(super) fn of(server: &NamedServer, options: &Options) -> Self {
        let name = &server.adapter_name;
        if name == "inline" {
            let table = format!("server.{}", server.name);
            return Self { name: "the scenario".to_owned(), text: options.file.clone(), table };
        }
        let beside = options.files.iter().find(|file| file.path == *name);
        let text = match (beside, Shipped::named(name)) {
            (Some(file), _) => file.text.clone().unwrap_or_default(),
            (None, Some(shipped)) => shipped.text.to_owned(),
            (None, None) => String::new(),
        };
        Self { name: format!("the adapter `{name}`"), text, table: String::new() }
    }

    /// Where the first of these keys is that a transport has, or that is said for all; `url` of no
    /// name is the transport's own table.
    pub(super) fn place(&self, kind: TransportKind, keys: &[&str]) -> String {
        let table = self.below(&format!("transport.{}", kind.label()));
        let of_transport = |key: &&str| Some((format!("`{key}`"), self.line(&table, key)?));
        let of_all = |key: &&str| Some((format!("`{key}`"), self.line(&self.table, key)?));
        let found = keys.iter().find_map(of_transport);
        let found = found.or_else(|| keys.iter().find_map(of_all));
        let found = found.or_else(|| Some((format!("`[{table}]`"), self.header(&table)?)));
        match found {
            Some((what, line)) => format!("{what} in line {line} of {}", self.name),
            None => format!("{} for {}", self.name, kind.label()),
        }
    }

    fn below(&self, table: &str) -> String {
        match self.table.as_str() {
            "" => table.to_owned(),
            outer => format!("{outer}.{table}"),
        }
    }

    /// The line of a table's header, from 1.
    fn header(&self, table: &str) -> Option<usize> {
        self.text.lines().position(|line| header(line) == Some(table)).map(|at| at + 1)
    }

    /// The line of a key, from 1: in the table, or as the header of a table of its own.
    fn line(&self, table: &str, key: &str) -> Option<usize> {
        let own = match table {
            "" => key.to_owned(),
            table => format!("{table}.{key}"),
        };
        let mut current = "";
        for (line, number) in self.text.lines().zip(1..) {
            if let Some(header) = header(line) {
                current = header;
                if current == own {
                    return Some(number);
                }
            } else if current == table {
                let rest = line.trim_start().strip_prefix(key).map(str::trim_start);
                if rest.is_some_and(|rest| rest.starts_with(['=', '.'])) {
                    return Some(number);
                }
            }
        }
        None
    }
}

/// The name of the table that a line begins, of a list of tables too.
fn header(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('[')?;
    let inside = inside.strip_prefix('[').unwrap_or(inside);
    Some(inside.split_once(']')?.0.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: TransportKind = TransportKind::WebSocket;

    fn file(table: &str, text: &str) -> AdapterFile {
        AdapterFile { name: "x".to_owned(), text: text.to_owned(), table: table.to_owned() }
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
}
