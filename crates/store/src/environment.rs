//! The machine a run runs on, as far as it says.

use std::fs;
use std::str::FromStr;

use rustix::process::{Resource, getrlimit};

use crate::record::EnvironmentV1;

/// Asks the machine. What it does not tell is absent. The link is `loopback`: a run with a target
/// or a link of its own writes that over it.
pub fn environment() -> EnvironmentV1 {
    EnvironmentV1 {
        cpu: contents("/proc/cpuinfo").and_then(|text| field(&text, "model name", ':')),
        cores: std::thread::available_parallelism()
            .ok()
            .and_then(|cores| u32::try_from(cores.get()).ok()),
        memory_bytes: contents("/proc/meminfo").and_then(|text| memory_bytes(&text)),
        kernel: sysctl("kernel/osrelease"),
        os: contents("/etc/os-release")
            .and_then(|text| field(&text, "PRETTY_NAME", '='))
            .map(|name| name.trim_matches('"').to_owned()),
        open_files_limit: getrlimit(Resource::Nofile).current,
        port_range: sysctl("net/ipv4/ip_local_port_range").and_then(|text| port_range(&text)),
        congestion_control: sysctl("net/ipv4/tcp_congestion_control"),
        // 2 is on too, without a random offset for each connection.
        placement: None,
        tcp_timestamps: sysctl_number::<u32>("net/ipv4/tcp_timestamps").map(|mode| mode != 0),
        link: "loopback".to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
    }
}

fn contents(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

fn sysctl(name: &str) -> Option<String> {
    contents(&format!("/proc/sys/{name}")).map(|text| text.trim().to_owned())
}

fn sysctl_number<N: FromStr>(name: &str) -> Option<N> {
    sysctl(name)?.parse().ok()
}

/// Value of the first line `name <separator> value`.
fn field(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn memory_bytes(meminfo: &str) -> Option<u64> {
    let total = field(meminfo, "MemTotal", ':')?;
    let kibibytes: u64 = total.strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn port_range(text: &str) -> Option<[u16; 2]> {
    let mut ports = text.split_whitespace().map(str::parse);
    match (ports.next(), ports.next(), ports.next()) {
        (Some(Ok(first)), Some(Ok(last)), None) => Some([first, last]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let cpuinfo = "model\t\t: 85\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: other\n";
        assert_eq!(field(cpuinfo, "model name", ':').as_deref(), Some("Some CPU @ 2.00GHz"));
        assert_eq!(field(cpuinfo, "name", ':'), None);
        assert_eq!(field("model name :\n", "model name", ':'), None);
    }

    #[test]
    fn the_kernels_kilobytes_are_kibibytes() {
        assert_eq!(memory_bytes("MemTotal:       2 kB\nMemFree: 1 kB\n"), Some(2_048));
        for unknown in ["", "MemTotal: 2", "MemTotal: two kB"] {
            assert_eq!(memory_bytes(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_port_range_is_two_ports() {
        assert_eq!(port_range("32768\t60999"), Some([32_768, 60_999]));
        for unknown in ["", "32768", "1 2 3", "1 70000"] {
            assert_eq!(port_range(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn this_machine_has_cores_and_a_build() {
        let environment = environment();
        assert!(environment.cores.is_some_and(|cores| cores > 0));
        assert_eq!(environment.build, "debug");
        assert_eq!(environment.link, "loopback");
    }
}
