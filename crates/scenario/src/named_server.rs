//! A server that others wrote, as a scenario names it: `[server.NAME]`.

use std::sync::Arc;

use pushbench_adapter::Adapter;

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

/// What starts a server.
///
/// Its command, its files and [`ProcessOf::PidFile`] may have the holes `${port}`, the port of its
/// URL, and `${dir}`, a new folder that is the working folder of the trial's server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Start {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Files that are written into that folder: a path below it, and the content.
    pub files: Vec<(String, Vec<u8>)>,
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
