//! A server that others wrote, as a scenario names it: `[server.NAME]`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use pushbench_adapter::{Adapter, Values};

use crate::holes::{HERE, Holes, further_ports, names, variable};

/// A third-party server: how it is spoken to, where it is, and what starts it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedServer {
    /// Its name in the scenario.
    pub name: String,
    /// How it is spoken to.
    pub adapter: Arc<Adapter>,
    /// The adapter as the scenario names it: one that ships, a path, or `inline`.
    pub adapter_name: String,
    /// Where it listens.
    pub url: ServerUrl,
    /// Whose certificate is trusted; [`Trust::System`] too where the URL has no TLS.
    pub trust: Trust,
    /// What starts it; `None` if it runs already.
    pub start: Option<Start>,
    /// When it is ready.
    pub ready: Ready,
    /// Whose CPU and memory are sampled; `None` for the process that [`Start`] starts with its
    /// children, and for nobody's where nothing is started.
    pub process: Option<ProcessOf>,
    /// Values that the scenario sets for the adapter, as written: one that names `${env:NAME}` is
    /// never kept resolved.
    pub settings: Vec<(String, String)>,
}

/// Where a third-party server listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerUrl {
    /// Whether connections are encrypted: `https` or `wss`.
    pub tls: bool,
    /// A name, or an address; one of IP version 6 without its brackets.
    pub host: String,
    /// The port; `None` for `${port}`, a free one that is found for each trial.
    pub port: Option<u16>,
    /// What every path is below: empty, or a path that begins with a slash and does not end in one.
    pub path: String,
}

/// Whose certificate is trusted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trust {
    /// One that the system's roots vouch for.
    System,
    /// One that these vouch for, or one of these itself: the bytes of a PEM file.
    Certificate(Vec<u8>),
    /// Any.
    Insecure,
}

impl Trust {
    /// The name used in results.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Certificate(_) => "certificate",
            Self::Insecure => "insecure",
        }
    }
}

/// What starts a server.
///
/// Its command, its files and [`ProcessOf::PidFile`] may have holes, which [`Holes`] fills: `${port}`
/// for the port of its URL, `${port_NAME}` for a further one, and `${dir}` for a new folder that is the
/// working folder of the trial's server. In the command and the environment `${here}` is the scenario's
/// folder, and in the environment `${env:NAME}` is a variable of the caller's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Start {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Files that are written into that folder: a name, and the content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Variables of its environment: a name, and the value as written.
    pub environment: Vec<(String, String)>,
    /// The scenario's folder, as relative as the scenario's own path; `None` if it has none, and then
    /// nothing needs it.
    pub here: Option<PathBuf>,
}

/// When a server is ready.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ready {
    /// When its port is open.
    Port,
    /// When it responds with 200 to 299 to a `GET` of this path, which is below its URL as the paths of
    /// an adapter are.
    Path(String),
}

/// Whose CPU and memory are sampled, children included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProcessOf {
    /// The process whose id this file has; a relative path is below `${dir}`.
    PidFile(String),
    /// Whoever listens on this port of this host; `None` for the URL's.
    Port(Option<u16>),
}

/// Variables of the environment that a server needs and that are not there.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "server.{server} uses {}, which the environment does not have, expected a value; set {}",
    list(.names, "`${env:", "}`"),
    list(.names, "", "=...")
)]
pub struct MissingVariables {
    /// The server's name.
    pub server: String,
    /// The names of the variables; never empty.
    pub names: Vec<String>,
}

fn list(names: &[String], before: &str, behind: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("{before}{name}{behind}")).collect();
    names.join(" and ")
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port => f.write_str("port"),
            Self::Path(path) => write!(f, "GET {path}"),
        }
    }
}

impl fmt::Display for ProcessOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PidFile(path) => write!(f, "pid_file {path}"),
            Self::Port(Some(port)) => write!(f, "port {port}"),
            Self::Port(None) => f.write_str("port ${port}"),
        }
    }
}

impl NamedServer {
    /// Names of the holes that a free port is to be found for, for each trial: `port`, where the URL
    /// has no port of its own, and every `port_NAME` that is used.
    pub fn free_ports(&self) -> BTreeSet<String> {
        let mut ports = BTreeSet::new();
        if self.url.port.is_none() {
            ports.insert("port".to_owned());
        }
        if let Some(Start { command, files, environment, .. }) = &self.start {
            let values = environment.iter().map(|(_, value)| value);
            ports.extend(values.flat_map(|value| further_ports(value.as_bytes())));
            ports.extend(command.iter().flat_map(|argument| further_ports(argument.as_bytes())));
            ports.extend(files.iter().flat_map(|(_, bytes)| further_ports(bytes)));
        }
        if let Some(ProcessOf::PidFile(path)) = &self.process {
            ports.extend(further_ports(path.as_bytes()));
        }
        ports.extend(self.adapter.outside().into_iter().filter(|name| name.starts_with("port_")));
        ports
    }

    /// Names of the variables of the environment that are needed.
    pub fn environment(&self) -> Vec<String> {
        let outside = self.adapter.outside();
        let of_adapter = outside.iter().filter_map(|name| name.strip_prefix("env:"));
        let started = self.start.iter().flat_map(|start| &start.environment);
        let of_start = started.flat_map(|(_, value)| names(value.as_bytes()));
        let all: BTreeSet<_> = of_adapter.chain(of_start.filter_map(variable)).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// The variables that are needed and that are not there, if there are any.
    pub fn missing_variables(&self, has: &dyn Fn(&str) -> bool) -> Option<MissingVariables> {
        let names: Vec<_> = self.environment().into_iter().filter(|name| !has(name)).collect();
        let server = || self.name.clone();
        (!names.is_empty()).then(|| MissingVariables { server: server(), names })
    }

    /// What the adapter's templates use: the settings, where the server is, and the environment, which
    /// is nowhere kept but in them.
    ///
    /// # Errors
    ///
    /// If the environment lacks something.
    pub fn values(
        &self,
        holes: &Holes,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Values, MissingVariables> {
        if let Some(missing) = self.missing_variables(&|name| environment(name).is_some()) {
            return Err(missing);
        }
        let mut values = Values::new(Arc::clone(&self.adapter.settings));
        for name in self.environment() {
            if let Some(value) = environment(&name) {
                values.set(&format!("env:{name}"), value);
            }
        }
        for (name, value) in holes.all() {
            values.set(name, value);
        }
        Ok(values)
    }
}

impl Start {
    /// The same with its holes filled, in the command and in the files; `here` is the scenario's folder.
    #[must_use]
    pub fn filled(&self, holes: &Holes, here: &str) -> Self {
        let fill = |text: &String| holes.fill_text_and(text, &|name| folder(name, here));
        let files = self.files.iter().map(|(name, bytes)| (name.clone(), holes.fill(bytes)));
        let command = self.command.iter().map(fill).collect();
        Self { command, files: files.collect(), ..self.clone() }
    }

    /// The variables of its environment with their holes filled, those of the caller's too, which are
    /// nowhere kept but here. One that the caller does not have stays a hole;
    /// [`NamedServer::missing_variables`] knows of it.
    pub fn variables(
        &self,
        holes: &Holes,
        here: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<(String, String)> {
        let others =
            |name: &str| folder(name, here).or_else(|| variable(name).and_then(environment));
        let filled =
            |(name, value): &(String, String)| (name.clone(), holes.fill_text_and(value, &others));
        self.environment.iter().map(filled).collect()
    }

    /// Whether its command or its environment needs the scenario's folder.
    pub fn needs_here(&self) -> bool {
        let values = self.environment.iter().map(|(_, value)| value);
        let mut texts = self.command.iter().chain(values);
        texts.any(|text| names(text.as_bytes()).any(|name| name == HERE))
    }
}

fn folder(hole: &str, here: &str) -> Option<String> {
    (hole == HERE).then(|| here.to_owned())
}
