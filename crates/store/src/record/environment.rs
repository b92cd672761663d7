//! The machine a run ran on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The machine a run ran on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentV1 {
    /// Name of the CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Cores the process may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Memory of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Open files a process may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files_limit: Option<u64>,
    /// First and last ephemeral port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_range: Option<[u16; 2]>,
    /// TCP congestion control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
    /// Whether TCP timestamps are on (12 bytes a segment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_timestamps: Option<bool>,
    /// On which CPUs the processes ran; absent in records from before they were placed, whose processes
    /// ran anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<PlacementV2>,
    /// `loopback`, or the target of `--target`.
    pub link: String,
    /// Build profile: `release`, `dist`, which optimizes more, or another, as `debug`.
    pub build: String,
}

/// Profiles that are optimized in full, `dist` as a whole and `release` where it matters.
const OPTIMIZED: [&str; 2] = ["release", "dist"];

impl EnvironmentV1 {
    /// Whether times and CPU figures of the build say what the program takes.
    pub fn is_optimized(&self) -> bool {
        OPTIMIZED.contains(&self.build.as_str())
    }

    /// Whether the server was one that ran already, at `--target`, and that nobody told a setting.
    pub fn is_target(&self) -> bool {
        self.link.starts_with("target ")
    }
}

/// On which CPUs the servers that the run started and the load generator ran.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementV2 {
    /// What was asked for: `auto`, `halves` or `none`.
    pub asked: String,
    /// What was done: `halves`, each side on CPUs of its own, or `none`, anywhere.
    pub placed: String,
    /// Why.
    pub reason: String,
    /// CPUs of the servers that were started, with all their processes; absent where they ran anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub server_cpus: Vec<u32>,
    /// CPUs of the load generator; absent where it ran anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_cpus: Vec<u32>,
}

impl PlacementV2 {
    /// Where the processes ran, for people: `anywhere`, or `server on CPU 0, load generator on CPU 1`.
    pub fn place(&self) -> String {
        let cpus = |cpus: &[u32]| {
            let noun = if cpus.len() == 1 { "CPU" } else { "CPUs" };
            let numbers: Vec<_> = cpus.iter().map(u32::to_string).collect();
            format!("{noun} {}", numbers.join(", "))
        };
        match (self.server_cpus.as_slice(), self.load_cpus.as_slice()) {
            ([], []) => Self::ANYWHERE.to_owned(),
            (server, load) => {
                format!("server on {}, load generator on {}", cpus(server), cpus(load))
            }
        }
    }

    /// Where processes ran that were not placed.
    pub const ANYWHERE: &str = "anywhere";
}
