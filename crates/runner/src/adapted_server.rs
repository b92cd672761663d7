//! A third-party server: started for each trial where its scenario says how, or running already.

mod environment;
mod folder;
mod group;
mod missing;
mod note;
mod owner;
mod ports;
pub(crate) mod proxy;
mod ready;
mod sweep;

use std::collections::BTreeSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::{ControlFlow, RangeInclusive};
use std::path::PathBuf;
use std::sync::Arc;

use pushbench_adapter::Values;
use pushbench_protocol::TopicName;
use pushbench_scenario::{Holes, NamedServer, Scenario, Start};
use tempfile::TempDir;

use crate::RunError;
use crate::processes::Whose;
pub(crate) use group::Group;
pub use missing::missing_programs;
use note::Notes;
pub use ports::{FreePorts, free_ports};
use ready::NotReady;

/// Most addresses of a name that are tried.
const ADDRESSES: usize = 8;

/// A server that is ready. Dropped, it is killed if it was started here.
#[derive(Debug)]
pub(crate) struct AdaptedServer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The `Host` of requests.
    pub(crate) host: String,
    /// Whose CPU and memory are its; `None` where nobody knows.
    pub(crate) whose: Option<Whose>,
    holes: Holes,
    /// Ended before its folder goes.
    group: Option<Group>,
    _folder: Option<TempDir>,
}

/// Ends what runs that were killed have left of such servers.
pub(crate) fn sweep() {
    sweep::sweep(&Notes::of_user());
}

/// URLs of third-party servers of a scenario that are reached over something else than loopback. A name
/// without an address is none of them: it is told when the server is to be reached.
pub fn servers_beyond_loopback(scenario: &Scenario) -> BTreeSet<String> {
    let servers = scenario.servers().into_iter();
    let is_beyond = |server: &&Arc<NamedServer>| {
        let found = addresses(&server.url.host, server.url.port.unwrap_or(1));
        found.is_ok_and(|found| found.iter().any(|address| !address.ip().is_loopback()))
    };
    servers.filter(is_beyond).map(|server| server.url.to_string()).collect()
}

impl AdaptedServer {
    /// Starts a server, kept to these CPUs if any are given, or finds the one that runs, and waits until
    /// it is ready, as long as the watch goes on.
    ///
    /// # Errors
    ///
    /// If it cannot be started, is not ready in time, or has ended: with what it said. Or the watch
    /// broke it off.
    pub(crate) fn start(
        server: &NamedServer,
        cpus: Option<&[u32]>,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Self, RunError> {
        let failed = |reason: String| RunError::Adapted { server: server.name.clone(), reason };
        if let Some(missing) = server.missing_variables(&|name| std::env::var(name).is_ok()) {
            return Err(failed(missing.to_string()));
        }
        let FreePorts { by_name: mut ports, contested } = free_ports(server.free_ports())
            .map_err(|error| failed(format!("no free port was found: {error}")))?;
        let failed = |reason: String| failed(reason + &may_be_taken(contested.as_ref()));
        let port = match server.url.port {
            Some(port) => port,
            None => ports.remove("port").expect("a URL without a port has a free one"),
        };
        let mut holes = Holes { dir: String::new(), port, further: ports };
        let addresses = addresses(&server.url.host, port).map_err(failed)?;
        let started = match &server.start {
            None => None,
            Some(start) => {
                if let Some(address) = addresses.iter().find(|of| is_taken(**of)) {
                    return Err(failed(format!(
                        "{address} is taken already, expected it free for what `start` starts: \
                         stop what listens there, or write `${{port}}` in place of {port}"
                    )));
                }
                Some(start_in_folder(server, start, cpus, &mut holes).map_err(failed)?)
            }
        };
        let (mut group, folder) = started.unzip();
        let bound = match group {
            Some(_) => ready::STARTED_BOUND,
            None => ready::RUNNING_BOUND,
        };
        let ended = || {
            let how = group.as_mut().and_then(Group::ended);
            how.or_else(|| watch().is_break().then(|| "told to end before it was ready".to_owned()))
        };
        let address = ready::wait(server, port, &addresses, bound, ended);
        let address = address.map_err(|reason| match (reason, &group) {
            (NotReady::Late(reason), Some(group)) => {
                let listens = listens(&owner::ports_of(&group.members()));
                failed(format!("{reason}; {listens}{}", group.said()))
            }
            (NotReady::Ended(reason) | NotReady::Late(reason), _) => failed(reason),
        })?;
        if let Some(group) = &mut group {
            group.note_orphans().map_err(|error| failed(error.to_string()))?;
        }
        let whose = owner::named(server, &holes).map_err(failed)?;
        let whose = whose.or_else(|| Some(Whose::Group(group.as_ref()?.leader())));
        let host = server.url.authority(port);
        Ok(Self { address, host, whose, holes, group, _folder: folder })
    }

    /// The server's origin, as `https://example.org:8443`.
    pub(crate) fn origin(&self, server: &NamedServer) -> String {
        server.url.origin(self.holes.port)
    }

    /// What the adapter's templates are filled with, for each of these topics.
    ///
    /// # Errors
    ///
    /// If the environment lacks something.
    pub(crate) fn values(
        &self,
        server: &NamedServer,
        topics: impl Iterator<Item = TopicName>,
    ) -> Result<Vec<Values>, RunError> {
        let environment = |name: &str| std::env::var(name).ok();
        let values = server.values(&self.holes, &environment).map_err(|error| {
            RunError::Adapted { server: server.name.clone(), reason: error.to_string() }
        })?;
        let of_topic = |topic: TopicName| {
            let mut values = values.clone();
            values.set("channel", topic.as_str());
            values
        };
        Ok(topics.map(of_topic).collect())
    }

    /// Whether it was started here and has ended; says how, with the last of what it said.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.group.as_mut().and_then(Group::ended)
    }

    /// Ends it, if it was started here.
    pub(crate) fn stop(self) {
        if let Some(group) = self.group {
            group.stop();
        }
    }
}

/// Starts a server in a folder of its own.
fn start_in_folder(
    server: &NamedServer,
    start: &Start,
    cpus: Option<&[u32]>,
    holes: &mut Holes,
) -> Result<(Group, TempDir), String> {
    // The files' own names have no holes, so the folder can be made before it has a name to fill in.
    let folder = folder::new().map_err(|error| format!("no folder for it: {error}"))?;
    // Without links on the way, as its own programs will see it.
    let path = folder.path().canonicalize().unwrap_or_else(|_| PathBuf::from(folder.path()));
    holes.dir = path.display().to_string();
    let here = here(start)?;
    let Start { command, files, .. } = start.filled(holes, &here);
    let caller = |name: &str| std::env::var(name).ok();
    let variables = start.variables(holes, &here, &caller);
    let secrets = server.values(holes, &caller).map_err(|missing| missing.to_string())?;
    folder::write(&path, &files).map_err(|error| format!("{}: {error}", path.display()))?;
    let group = Group::start(&command, &variables, &path, cpus, (Notes::of_user(), secrets));
    let group = group.map_err(|error| error.to_string())?;
    Ok((group, folder))
}

/// The folder of the scenario, from the root on; empty where nothing needs it.
fn here(start: &Start) -> Result<String, String> {
    let Some(folder) = start.here.as_ref().filter(|_| start.needs_here()) else {
        return Ok(String::new());
    };
    // That of a file in the working folder is empty.
    let path = PathBuf::from(".").join(folder);
    let path = path.canonicalize().map_err(|error| format!("`${{here}}`: {path:?}: {error}"))?;
    let text = path.to_str().ok_or_else(|| format!("`${{here}}`: {path:?} is not UTF-8"))?;
    Ok(text.to_owned())
}

fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let unknown = |reason: String| format!("`{host}` has no address: {reason}");
    let found = (host, port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let found: Vec<_> = found.take(ADDRESSES).collect();
    if found.is_empty() { Err(unknown("the resolver gave none".to_owned())) } else { Ok(found) }
}

/// Where a server that is not ready listens, since it may be elsewhere than its URL says.
fn listens(ports: &BTreeSet<u16>) -> String {
    let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
    match ports.as_slice() {
        [] => "it listens on no port".to_owned(),
        [port] => format!("it listens on port {port}"),
        _ => format!("it listens on the ports {}", ports.join(", ")),
    }
}

/// What is to be known of ports that a connection may have taken before the server did, as the end of
/// a sentence.
fn may_be_taken(contested: Option<&RangeInclusive<u16>>) -> String {
    let Some(range) = contested else { return String::new() };
    let (low, high) = (range.start(), range.end());
    format!(
        "\nno port outside of {low} to {high} was free, which is where the kernel takes ports of \
         outgoing connections from; one of them may have taken the server's: leave some free, or \
         narrow net.ipv4.ip_local_port_range"
    )
}

/// Whether somebody listens there.
fn is_taken(address: SocketAddr) -> bool {
    std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(200)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_scenario::{Source, read};

    use super::*;

    #[test]
    fn a_server_beyond_loopback_is_found_in_whatever_cell_of_a_sweep_it_is_asked() {
        let text = "question = \"?\"\nworkload = { clients = 1, publish = { every = \"1s\" } }\n\
            [server.a]\nadapter = \"nchan\"\nurl = \"http://127.0.0.1:81\"\n\
            [[transport]]\nkind = \"sse\"\nserver = \"a\"\n\
            [sweep]\nserver.a.url = [\"http://127.0.0.1:81\", \"http://192.0.2.1:82\"]\n";
        let no_file = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
        let path = Path::new("a.toml");
        let source = Source { path, text, overrides: &[], only: &[], read_file: &no_file };
        let scenario = read(&source).unwrap_or_else(|refused| panic!("{refused}"));
        let expected = BTreeSet::from(["http://192.0.2.1:82".to_owned()]);
        assert_eq!(servers_beyond_loopback(&scenario), expected);
    }
}
