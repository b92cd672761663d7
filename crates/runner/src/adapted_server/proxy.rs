//! A proxy before a server of ours: started for a trial as third-party servers are, in a folder and a
//! group of processes of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pushbench_adapter::Values;
use pushbench_protocol::clock;
use pushbench_scenario::{Proxy, ProxyKind};
use tempfile::TempDir;

use super::environment::environment;
use super::group::Group;
use super::note::Notes;
use super::ports::{FreePorts, free_ports};
use super::ready::STARTED_BOUND;
use super::{folder, listens, may_be_taken, owner};
use crate::RunError;
use crate::own_children;
use crate::processes::Whose;

/// Longest wait for one attempt to connect to it.
const ATTEMPT: Duration = Duration::from_secs(1);
/// Time between two of them.
const BETWEEN: Duration = Duration::from_millis(10);

/// A proxy that is ready. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct RunningProxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    name: String,
    kind: ProxyKind,
    version: Option<String>,
    /// Ended before its folder goes.
    group: Group,
    _folder: TempDir,
}

impl RunningProxy {
    /// Starts a proxy before the server at `upstream`, kept to these CPUs if any are given, and waits
    /// until it listens, as long as the watch goes on.
    ///
    /// # Errors
    ///
    /// If it cannot be started, does not listen in time, or has ended: with what it said. Or the watch
    /// broke it off.
    pub(crate) fn start(
        proxy: &Proxy,
        upstream: SocketAddr,
        cpus: Option<&[u32]>,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Self, RunError> {
        let failed = |reason: String| RunError::Proxy { proxy: proxy.name.clone(), reason };
        let FreePorts { by_name, contested } = free_ports(["port".to_owned()].into())
            .map_err(|error| failed(format!("no free port was found: {error}")))?;
        let failed = |reason: String| failed(reason + &may_be_taken(contested.as_ref()));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, by_name["port"]));
        let folder = folder::new().map_err(|error| failed(format!("no folder for it: {error}")))?;
        let path = folder.path().canonicalize().unwrap_or_else(|_| PathBuf::from(folder.path()));
        let config = proxy.filled(address.port(), upstream, &path).into_bytes();
        folder::write(&path, &[(proxy.kind.config_name().to_owned(), config)])
            .map_err(|error| failed(format!("{}: {error}", path.display())))?;
        // Caddy keeps what it has learnt below these.
        let set = ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"]
            .map(|name| (name.to_owned(), path.display().to_string()));
        let command: Vec<_> = proxy.kind.command().iter().map(|&word| word.to_owned()).collect();
        let notes = (Notes::of_user(), Values::default());
        let group = Group::start(&command, &set, &path, cpus, notes);
        let mut group = group.map_err(|error| failed(error.to_string()))?;
        let begin = clock::now();
        while let Err(error) = TcpStream::connect_timeout(&address, ATTEMPT) {
            if let Some(how) = group.ended() {
                return Err(failed(format!("it ended before it was ready: {how}")));
            }
            if watch().is_break() {
                return Err(failed("told to end before it was ready".to_owned()));
            }
            if clock::now().since(begin) > STARTED_BOUND {
                let listens = listens(&owner::ports_of(&group.members()));
                let said = group.said();
                return Err(failed(format!(
                    "{address}: {error} after {} s, expected it to listen there, as `${{port}}` in its \
                     configuration says; {listens}{said}",
                    STARTED_BOUND.as_secs()
                )));
            }
            std::thread::sleep(BETWEEN);
        }
        // What listens there may be another's, if ours has ended meanwhile.
        if let Some(how) = group.ended() {
            return Err(failed(format!("it ended before it was ready: {how}")));
        }
        group.note_orphans().map_err(|error| failed(error.to_string()))?;
        let (name, kind) = (proxy.name.clone(), proxy.kind);
        Ok(Self { address, name, kind, version: version(kind), group, _folder: folder })
    }

    /// Its name and its program, as the record has them.
    pub(crate) fn identity(&self) -> (&str, ProxyKind, Option<&str>) {
        (&self.name, self.kind, self.version.as_deref())
    }

    /// Whose CPU and memory are its.
    pub(crate) fn whose(&self) -> Whose {
        Whose::Group(self.group.leader())
    }

    /// Whether it has ended by itself; says how, with the last of what it said.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let how = self.group.ended()?;
        Some(format!("the proxy {} ended: {how}", self.name))
    }

    /// Ends it.
    pub(crate) fn stop(self) {
        self.group.stop();
    }
}

/// What the proxy calls itself: the first line that it says, as `nginx version: nginx/1.22.1`.
fn version(kind: ProxyKind) -> Option<String> {
    let (program, arguments) = kind.asks_version().split_first().expect("a program");
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment(&[], |name| std::env::var_os(name)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = own_children::spawn(&mut command).and_then(Child::wait_with_output).ok()?;
    let said = [said.stdout, said.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    said.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
