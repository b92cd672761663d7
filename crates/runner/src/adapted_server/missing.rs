//! What servers that are to be started need and do not find: their programs, and the scenario's own
//! files and folders. Looked for before anything is played, of all servers at once.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pushbench_scenario::{Holes, NamedServer, Scenario, Start};

use super::environment::{LISTS, environment};
use super::here;

/// Endings of programs that another program reads, as in `node server.js`.
const SCRIPTS: [&str; 9] = ["cjs", "jar", "js", "mjs", "php", "pl", "py", "rb", "sh"];

/// What is missing to start the servers of a scenario, a line for each server and thing.
pub fn missing_programs(scenario: &Scenario) -> Vec<String> {
    let mut lines = Vec::new();
    for server in scenario.servers() {
        let Some(start) = &server.start else { continue };
        for what in of_server(server, start) {
            let line = format!("server.{}: {what}", server.name);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

fn of_server(server: &NamedServer, start: &Start) -> Vec<String> {
    let here = match here(start) {
        Ok(here) => here,
        Err(reason) => return vec![reason],
    };
    // Ports and the folder are known when it is started; what is looked for lies in neither.
    let further = server.free_ports().into_iter().map(|name| (name, 1)).collect();
    let holes = Holes { dir: "${dir}".to_owned(), port: 1, further };
    let command = start.filled(&holes, &here).command;
    let set = start.variables(&holes, &here, &|name| std::env::var(name).ok());
    let environment = environment(&set, |name| std::env::var_os(name));
    let path = environment.get("PATH").cloned().unwrap_or_default();
    let mut missing: Vec<_> = folders(start, &set).collect();
    let Some((program, arguments)) = command.split_first() else { return missing };
    if !is_found(program, &path) {
        missing.push(format!(
            "`{program}` is no program that can be run, expected one in PATH, which is {path:?}: install \
             it, or correct `start`"
        ));
    } else if let Some(script) = arguments.first().and_then(|first| script(first, start, &here)) {
        missing.push(script);
    }
    missing
}

/// Lists of folders that the scenario sets, where none of its folders is there.
fn folders<'s>(
    start: &'s Start,
    set: &'s [(String, String)],
) -> impl Iterator<Item = String> + use<'s> {
    let written = start.environment.iter().map(|(_, value)| value);
    let of_lists = set.iter().zip(written).filter(|((name, _), _)| LISTS.contains(&name.as_str()));
    let lacks = |value: &str| !std::env::split_paths(value).any(|folder| folder.is_dir());
    of_lists.filter(move |((_, value), _)| lacks(value)).map(|((name, _), written)| {
        format!(
            "`env` sets {name} to \"{written}\", which is no folder, expected that of what it needs: \
             install that there, or correct `env`"
        )
    })
}

/// What is wrong with the first argument, if it is a script that is not there.
fn script(first: &str, start: &Start, here: &str) -> Option<String> {
    let path = Path::new(first);
    if !here.is_empty() && path.starts_with(here) {
        return (!path.exists())
            .then(|| format!("there is no {first}, expected what `start` names"));
    }
    let is_script =
        path.extension().and_then(OsStr::to_str).is_some_and(|of| SCRIPTS.contains(&of));
    let name = first.strip_prefix("${dir}/").unwrap_or(first);
    let name = name.strip_prefix("./").unwrap_or(name);
    let is_written = start.files.iter().any(|(file, _)| file == name);
    let is_there = if path.is_absolute() { path.exists() } else { is_written };
    (is_script && !is_there).then(|| {
        format!(
            "`start` names {first}, which is not in its folder, expected one of `files`{}",
            match start.files.as_slice() {
                [] => ", of which there are none".to_owned(),
                files => {
                    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
                    format!(": {}", names.join(", "))
                }
            }
        )
    })
}

/// Whether a program can be run that is looked for as `execvp` does.
fn is_found(program: &str, path: &OsStr) -> bool {
    if program.contains('/') {
        // One in the server's own folder is written there when it is started.
        return program.starts_with("${dir}/")
            || program.starts_with('.')
            || can_be_run(Path::new(program));
    }
    std::env::split_paths(path).any(|folder: PathBuf| can_be_run(&folder.join(program)))
}

fn can_be_run(path: &Path) -> bool {
    path.metadata().is_ok_and(|of| of.is_file() && of.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use pushbench_scenario::{Source, read};

    use super::*;

    fn missing_of(servers: &str) -> Vec<String> {
        let text = format!(
            "question = \"?\"\nworkload = {{ clients = 1, publish = {{ every = \"1s\" }} }}\n{servers}\n"
        );
        let read_file = |_: &Path| Ok(b"//".to_vec());
        let path = Path::new("/etc/a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
        missing_programs(&read(&source).unwrap_or_else(|refused| panic!("{refused}")))
    }

    fn server(name: &str, start: &str) -> String {
        format!(
            "[server.{name}]\nadapter = \"nchan\"\nurl = \"http://127.0.0.1:${{port}}\"\n{start}\n\
             [[transport]]\nkind = \"sse\"\nserver = \"{name}\"\n"
        )
    }

    #[test]
    fn what_servers_lack_is_told_of_all_of_them_at_once() {
        let servers = [
            server("a", "start = [\"no-such-program\", \"x.js\"]"),
            server("b", "start = [\"sh\", \"-c\", \"true ${port_other}\"]"),
            server("c", "start = [\"sh\", \"${here}/none.sh\"]"),
            server("d", "start = [\"sh\", \"other.sh\"]\nfiles = [\"d/server.sh\"]"),
            server("e", "start = [\"sh\"]\nenv = { NODE_PATH = \"${here}/none/node_modules\" }"),
            server("f", "start = [\"sh\", \"server.sh\"]\nfiles = [\"f/server.sh\"]"),
            server("g", "start = [\"${here}/passwd\"]"),
            server("h", "start = [\"sh\", \"-c\"]\nenv = { PATH = \"${here}/none:${here}\" }"),
        ];
        let missing = missing_of(&servers.concat());
        let expected = [
            "server.a: `no-such-program` is no program that can be run",
            "server.c: there is no /etc/none.sh",
            "server.d: `start` names other.sh, which is not in its folder, expected one of `files`: server.sh",
            "server.e: `env` sets NODE_PATH to \"${here}/none/node_modules\", which is no folder",
            "server.g: `/etc/passwd` is no program that can be run",
        ];
        assert_eq!(missing.len(), expected.len(), "{missing:#?}");
        for (found, begins) in missing.iter().zip(expected) {
            assert!(found.starts_with(begins), "{found}");
        }
    }
}
