//! The limits of this machine.

use std::fs;

use pushbench_scenario::{Machine, PortRange, TimeWait};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What this machine has; files that cannot be read are taken to be as Linux has them by default.
pub fn machine() -> Machine {
    let limit = getrlimit(Resource::Nofile);
    Machine {
        open_files_limit: limit.maximum.unwrap_or(u64::MAX),
        open_files_of_all: open_files_of_all(),
        ports: port_range().unwrap_or(PortRange::LINUX),
        time_wait: time_wait().unwrap_or(TimeWait::LINUX),
        memory_available: memory_available(),
    }
}

/// What tells this machine from others as long as it runs: the beginning of its boot id (random(4)).
pub(crate) fn machine_name() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    id.get(..8).map(str::to_owned)
}

/// Raises the soft limit of open files to the hard one; where that fails the limit stays, and
/// connects that exceed it are counted as failed.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// `fs.file-max` (proc(5)).
fn open_files_of_all() -> Option<u64> {
    fs::read_to_string("/proc/sys/fs/file-max").ok()?.trim().parse().ok()
}

/// `MemAvailable` of `/proc/meminfo`, which is in KiB.
fn memory_available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

fn time_wait() -> Option<TimeWait> {
    let setting = |name: &str| -> Option<u8> {
        let text = fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok()?;
        text.trim().parse().ok()
    };
    Some(TimeWait::new(setting("tcp_tw_reuse")?, setting("tcp_timestamps")? != 0))
}

fn port_range() -> Option<PortRange> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ports = text.split_whitespace().map(str::parse);
    Some(PortRange { first: ports.next()?.ok()?, last: ports.next()?.ok()? })
}
