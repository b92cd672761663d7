//! `pushbench adapters`: servers that others wrote, as data.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use pushbench_adapter::{Adapter, SHIPPED, Shipped, read};

use crate::bounded::read_text;
use crate::exit::Exit;
use crate::output;
use crate::say::say;

/// Without a name: lists the adapters that ship.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench adapters
  pushbench adapters nchan
  pushbench adapters nchan > mine.toml
  pushbench adapters --check mine.toml

An adapter is a TOML file that says how a server is spoken to: how a connection is opened, which of \
what arrives is a message, how heartbeats are replied to, how messages are published. A scenario \
names it with `adapter = \"nchan\"`, or its path, in the table `[server.NAME]`.")]
pub(crate) struct AdaptersOptions {
    /// Print this adapter, with its comments
    #[arg(value_parser = shipped)]
    name: Option<Shipped>,
    /// Check an adapter, a TOML file: all problems at once, with line and column
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    check: Option<PathBuf>,
}

fn shipped(name: &str) -> Result<Shipped, String> {
    Shipped::named(name).ok_or_else(|| {
        let names: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
        let close = pushbench_adapter::closest(name, names.iter().copied());
        let meant = close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
        format!("expected one of {}{meant}", names.join(", "))
    })
}

/// Lists, prints or checks adapters.
pub(crate) fn adapters(options: &AdaptersOptions) -> anyhow::Result<Exit> {
    if let Some(shipped) = options.name {
        output::put(shipped.text, None)?;
        return Ok(Exit::Ok);
    }
    let Some(path) = &options.check else {
        output::put_list(&list()?)?;
        return Ok(Exit::Ok);
    };
    let text =
        read_text(path).with_context(|| format!("cannot read the adapter {}", path.display()))?;
    match read(path, &text) {
        Ok(adapter) => {
            let line = format!("{}: ok, {}\n", path.display(), kinds(&adapter));
            output::put_list(&line)?;
            Ok(Exit::Ok)
        }
        Err(refused) => {
            say(refused);
            Ok(Exit::Refused)
        }
    }
}

/// A line for each adapter: its name, its transports, what the server is, and whether the adapter
/// was run against it.
fn list() -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for shipped in SHIPPED {
        let adapter = read(Path::new(shipped.name), shipped.text)?;
        let tested = match &adapter.tested {
            Some(server) => format!("run against {server}"),
            None => "not run against the real server".to_owned(),
        };
        rows.push((shipped.name, kinds(&adapter), format!("{}; {tested}", adapter.about)));
    }
    let widest = |column: fn(&(&str, String, String)) -> usize| rows.iter().map(column).max();
    let name = widest(|row| row.0.len()).unwrap_or(0);
    let kinds = widest(|row| row.1.len()).unwrap_or(0);
    let lines = rows.iter().map(|row| format!("{:name$}  {:kinds$}  {}\n", row.0, row.1, row.2));
    Ok(lines.collect())
}

fn kinds(adapter: &Adapter) -> String {
    let kinds: Vec<_> = adapter.transports.iter().map(|transport| transport.kind.label()).collect();
    kinds.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_line_for_each_adapter_and_says_what_was_not_run() {
        let list = list().expect("those that ship are right");
        assert_eq!(list.lines().count(), SHIPPED.len());
        let line = |name: &str| {
            let found = list.lines().find(|line| line.split(' ').next() == Some(name));
            found.unwrap_or_else(|| panic!("{name} is not in the list"))
        };
        assert!(line("nchan").contains("websocket, sse, long-poll"), "{}", line("nchan"));
        for shipped in SHIPPED {
            let adapter = read(Path::new(shipped.name), shipped.text).expect("it ships");
            let said = match adapter.tested {
                Some(server) => format!("; run against {server}"),
                None => "; not run against the real server".to_owned(),
            };
            assert!(line(shipped.name).ends_with(&said), "{}", line(shipped.name));
        }
        assert!(
            list.contains("not run against the real server") && list.contains("; run against ")
        );
    }

    #[test]
    fn a_name_that_no_adapter_has_is_told_the_one_that_was_meant() {
        assert!(shipped("nchan").is_ok());
        let refused = shipped("socketio").expect_err("no such adapter");
        assert!(refused.ends_with("did you mean `socket-io`?"), "{refused}");
    }
}
