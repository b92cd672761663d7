//! One run: starts the server, plays the trials in turn, samples work, reconciles the books, judges
//! validity and fills the record.
//!
//! The runner conducts; it knows no flags and prints nothing. [`run`] is the way in: a checked
//! scenario goes in, a [`pushbench_store::RunV2`] comes out, also when the run was stopped or a
//! trial broke, and each trial is in the journal by then. What is deliberately absent: the command
//! line, rendering, and where records lie.
//!
//! Start with [`run`], then `trial`; what is made of a trial's sums is in `derive`, and pure, as are
//! `books`, `judge`, `figures` and [`merge`].

mod adapted_server;
mod around;
mod books;
mod bounded;
mod circumstances;
mod clock_note;
mod compression;
mod control;
mod derive;
mod disturbed;
mod equal_work;
mod failures;
mod figures;
mod find;
mod floor;
mod judge;
mod machine;
mod memory;
mod merge;
mod messages;
mod notes;
mod observer;
mod options;
mod own_children;
mod part;
mod piped;
mod placement;
mod player;
mod preflight;
mod processes;
mod run;
mod samples;
mod server_document;
mod server_ends;
mod server_process;
mod server_witnesses;
mod shards;
mod sockets;
mod sums;
mod target;
mod tested;
mod tls;
mod topics;
mod trial;
mod until;
mod upstream;
mod work;

pub use adapted_server::{FreePorts, free_ports, missing_programs, servers_beyond_loopback};
pub use derive::Played;
pub use floor::{play_floor, without_floor};
pub use machine::{machine, raise_open_files};
pub use merge::{MergeError, NamedRun, merge, merge_runs, shards_of_one_run};
pub use notes::handed_to_axum;
pub use observer::{Observer, TrialNote};
pub use options::Options;
pub use part::{Part, PartError};
pub use piped::{PipedServer, play_piped};
pub use placement::{Placement, own_cores};
pub use preflight::{Tried, preflight};
pub use run::{begin, run};
pub use server_process::ServerCommand;
pub use shards::{ShardCommand, ShardJob, play_shard};
pub use target::{Target, TargetError, TargetTls};
pub use trial::link::link_refusal;

/// Why a run could not be carried on. What was measured before is in the record all the same.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The server process could not be started or did not become ready.
    #[error("the server did not start: {0}")]
    Server(String),
    /// A shard could not be started, or could not begin.
    #[error("a shard of the trial could not begin: {0}")]
    Shard(String),
    /// A third-party server could not be started or reached.
    #[error("server.{server}: {reason}")]
    Adapted {
        /// Its name in the scenario.
        server: String,
        /// What came, what was expected, and what it said.
        reason: String,
    },
    /// A proxy could not be started.
    #[error("proxy.{proxy}: {reason}")]
    Proxy {
        /// Its name in the scenario.
        proxy: String,
        /// What came, what was expected, and what it said.
        reason: String,
    },
    /// A command around a trial failed.
    #[error("{key}, around {trial}: {reason}")]
    Around {
        /// The key of the scenario.
        key: &'static str,
        /// The trial that it is around.
        trial: String,
        /// How it ended, and what it said.
        reason: String,
    },
    /// The server's announcement says something else than it was told.
    #[error(
        "the server runs with other settings than those it was given, so nothing was measured: {differences}"
    )]
    Misunderstood {
        /// Each key, what it was told and what it announced.
        differences: String,
    },
    /// A trial could not be kept.
    #[error(transparent)]
    Journal(#[from] pushbench_store::StoreError),
    /// What the parts of a trial counted does not add up.
    #[error("the counts of a trial do not add up: {0}")]
    Sums(#[from] pushbench_store::SumsError),
    /// The load generator could not be kept to its cores.
    #[error(
        "the load generator could not be kept to its cores: {0}; `--pin none` leaves it anywhere"
    )]
    Placement(std::io::Error),
    /// There is no link for a trial that asks for one.
    #[error("nothing was played over the link of [network]: {0}")]
    Link(String),
    /// The load generator could not be started.
    #[error(transparent)]
    Load(#[from] pushbench_load::LoadError),
    /// A transport cannot be played against the server of `--target`.
    #[error("nothing was run, since a first message through {target} failed: {reasons}")]
    Preflight {
        /// Name and port.
        target: String,
        /// For each transport what came, what was expected and what to do.
        reasons: String,
    },
    /// The server of `--target` did not answer.
    #[error("{url} did not respond: {reason}")]
    Target {
        /// What was asked.
        url: String,
        /// What came instead of an answer.
        reason: String,
    },
}
