//! What servers that are to be started need and do not find: their programs, and the scenario's own
//! files and folders. Looked for before anything is played, of all servers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pushbench_scenario::{Holes, NamedServer, Scenario, Start};

use super::environment::{LISTS, NODE_PATH, environment};
use super::here;

/// Endings of programs that another program reads, as in `node server.js`.
const SCRIPTS: [&str; 9] = ["cjs", "jar", "js", "mjs", "php", "pl", "py", "rb", "sh"];

/// The folder into which npm installs packages.
const NODE_MODULES: &str = "node_modules";

/// What is missing to start the servers and proxies of a scenario, a line for each of them and thing.
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
    lines.extend(missing_proxies(scenario));
    lines
}

/// The proxies of a scenario whose programs are not to be found, a line for each.
fn missing_proxies(scenario: &Scenario) -> Vec<String> {
    let path = environment(&[], |name| std::env::var_os(name)).remove("PATH").unwrap_or_default();
    let mut lines = Vec::new();
    for transport in scenario.with_cells().flat_map(|cell| &cell.transports) {
        let Some(proxy) = &transport.proxy else { continue };
        let program = proxy.kind.command()[0];
        let line = format!(
            "proxy.{}: `{program}` is no program that can be run, expected one in PATH, which is {path:?}: \
             install it (Debian has it as the package {program})",
            proxy.name
        );
        if !is_found(program, &path) && !lines.contains(&line) {
            lines.push(line);
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
    let mut missing: Vec<_> = folders(start, &environment).collect();
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

/// Lists of folders that the scenario sets, where no folder is there, of the scenario's or the caller's.
fn folders<'s>(
    start: &'s Start,
    environment: &'s BTreeMap<String, OsString>,
) -> impl Iterator<Item = String> + use<'s> {
    let set = start.environment.iter().filter(|(name, _)| LISTS.contains(&name.as_str()));
    set.filter_map(|(name, written)| {
        let list = environment.get(name)?;
        let folders: Vec<PathBuf> = std::env::split_paths(list).collect();
        if folders.iter().any(|folder| folder.is_dir()) {
            return None;
        }
        let remedy = npm_install(name, start, folders.first()?)
            .unwrap_or_else(|| "install that there, or correct `env`".to_owned());
        Some(format!(
            "`env` sets {name} to \"{written}\", and there is no such folder, expected one with what the \
             server needs: {remedy}"
        ))
    })
}

/// How the packages are installed that the server's scripts ask Node.js for; `None` where the list is
/// not of its packages, or its folder is none that npm makes.
fn npm_install(list: &str, start: &Start, folder: &Path) -> Option<String> {
    let prefix = folder.parent().filter(|_| list == NODE_PATH && folder.ends_with(NODE_MODULES))?;
    let scripts = start.files.iter().map(|(_, script)| script.as_slice());
    let packages: BTreeSet<&str> = scripts.flat_map(required).collect();
    let packages: Vec<_> = packages.into_iter().collect();
    let prefix = prefix.display();
    (!packages.is_empty()).then(|| {
        format!(
            "install it with `npm install --prefix {prefix} {}`, or name the folder that has it with \
             `export NODE_PATH=FOLDER`",
            packages.join(" ")
        )
    })
}

/// Packages that a script loads by `require("NAME")`, without what is Node.js's own (`node:http`) or
/// the script's (`./file`).
fn required(script: &[u8]) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(script).unwrap_or_default();
    let named = text.split("require(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let of_others =
        named.filter(|name| !name.starts_with("node:") && !name.starts_with(['.', '/']));
    of_others.filter_map(|name| {
        // A package may have a scope, as in `@scope/name`; what follows is a file of it.
        let scope = if name.starts_with('@') { name.find('/')? + 1 } else { 0 };
        let end = name[scope..].find('/').map_or(name.len(), |slash| scope + slash);
        Some(&name[..end])
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
            "server.e: `env` sets NODE_PATH to \"${here}/none/node_modules\", and there is no such folder",
            "server.g: `/etc/passwd` is no program that can be run",
        ];
        assert_eq!(missing.len(), expected.len(), "{missing:#?}");
        for (found, begins) in missing.iter().zip(expected) {
            assert!(found.starts_with(begins), "{found}");
        }
    }

    #[test]
    fn packages_that_a_script_asks_for_are_told_with_how_they_are_installed() {
        let script = "const { Server } = require(\"socket.io\");\nrequire(\"node:http\"); \
                      require(\"./own\"); require(\"graphql-ws/use/ws\"); require(\"@a/b/c\");";
        let packages: Vec<_> = required(script.as_bytes()).collect();
        assert_eq!(packages, ["socket.io", "graphql-ws", "@a/b"]);
        let text = format!(
            "question = \"?\"\nworkload = {{ clients = 1, publish = {{ every = \"1s\" }} }}\n{}",
            server(
                "a",
                "start = [\"sh\", \"server.js\"]\nfiles = [\"server.js\"]\n\
                 env = { NODE_PATH = \"${here}/none/node_modules:${here}/other/node_modules\" }"
            )
        );
        let read_file = |_: &Path| Ok(script.into());
        let path = Path::new("/etc/a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
        let scenario = read(&source).unwrap_or_else(|refused| panic!("{refused}"));
        let missing = missing_programs(&scenario);
        let told = "npm install --prefix /etc/none @a/b graphql-ws socket.io`";
        assert!(missing.len() == 1 && missing[0].contains(told), "{missing:?}");
    }
}
