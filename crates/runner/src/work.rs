//! What a trial cost to run, from `/proc`.

use std::fs;

/// Bytes of a page; 4 KiB on every platform that Pushbench measures on.
const PAGE: u64 = 4_096;

/// One look at a process.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct ProcessSample {
    /// CPU time of all its threads that live, in nanoseconds, from `schedstat`.
    pub(crate) cpu_ns: Option<u64>,
    /// User time in clock ticks.
    pub(crate) user_ticks: Option<u64>,
    /// System time in clock ticks.
    pub(crate) system_ticks: Option<u64>,
    /// Resident memory in bytes.
    pub(crate) resident: Option<u64>,
    /// Highest resident memory in bytes.
    pub(crate) resident_peak: Option<u64>,
}

/// One look at the kernel's memory.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct KernelLook {
    /// Slab in bytes.
    pub(crate) slab: Option<u64>,
    /// TCP buffers in bytes.
    pub(crate) tcp_buffers: Option<u64>,
}

/// Time that the host took from this machine, and all time, in clock ticks over all cores.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct StealLook {
    pub(crate) stolen: u64,
    pub(crate) all: u64,
}

/// Looks at a process.
pub(crate) fn look_at(pid: u32) -> ProcessSample {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let (user_ticks, system_ticks) = ticks(&stat).unzip();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    ProcessSample {
        cpu_ns: cpu_ns(pid),
        user_ticks,
        system_ticks,
        resident: kilobytes(&status, "VmRSS:"),
        resident_peak: kilobytes(&status, "VmHWM:"),
    }
}

/// Resident memory of a process in bytes, without a look at anything else: the second number of
/// `statm`, in pages (proc(5)).
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * PAGE)
}

/// Looks at the kernel's memory.
pub(crate) fn look_at_kernel() -> KernelLook {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let sockstat = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    KernelLook {
        slab: kilobytes(&meminfo, "Slab:"),
        tcp_buffers: tcp_pages(&sockstat).map(|pages| pages * PAGE),
    }
}

/// Size of the structures of a connected TCP socket that a process holds. Each has one of each; what
/// the kernel takes for them is known only to who may read `slabinfo` (slabinfo(5)).
pub(crate) fn socket_structures(ipv6: bool) -> Option<u64> {
    structures(&fs::read_to_string("/proc/slabinfo").ok()?, ipv6)
}

fn structures(slabinfo: &str, ipv6: bool) -> Option<u64> {
    let socket = if ipv6 { "TCPv6" } else { "TCP" };
    let size = |name: &str| {
        let mut lines = slabinfo.lines().map(str::split_whitespace);
        let mut line = lines.find(|line| line.clone().next() == Some(name))?;
        line.nth(3)?.parse::<u64>().ok()
    };
    [socket, "sock_inode_cache", "filp", "dentry"].into_iter().map(size).sum()
}

/// Looks at the time that the host took.
pub(crate) fn look_at_steal() -> Option<StealLook> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> = stat
        .lines()
        .find_map(|line| line.strip_prefix("cpu "))?
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guest time is in user already (proc(5)).
    Some(StealLook { stolen: *ticks.get(7)?, all: ticks.iter().take(8).sum() })
}

/// CPU time of all threads: `schedstat` of the process alone is its first thread's.
fn cpu_ns(pid: u32) -> Option<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let path = task.ok()?.path().join("schedstat");
        // A thread that ended between the listing and the look counts no more.
        let Ok(text) = fs::read_to_string(path) else { continue };
        sum += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(sum)
}

/// User and system time: fields 14 and 15, counted behind the name, which may hold blanks (proc(5)).
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1_024)
}

fn tcp_pages(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut fields = line.split_whitespace();
    fields.by_ref().find(|field| *field == "mem")?;
    fields.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_a_name_with_blanks_and_brackets() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 111 222 0 0 20 0";
        assert_eq!(ticks(stat), Some((111, 222)));
    }

    #[test]
    fn this_process_has_used_time_and_memory() {
        let look = look_at(std::process::id());
        assert!(look.cpu_ns.is_some_and(|ns| ns > 0), "{look:?}");
        assert!(look.resident.is_some_and(|bytes| bytes > 100_000), "{look:?}");
    }

    #[test]
    fn a_quick_look_sees_the_same_resident_memory() {
        let id = std::process::id();
        // The first look brings in pages of its own, of which a young process has not many more.
        let _ = look_at(id);
        let [quick, whole] =
            [resident(id), look_at(id).resident].map(|bytes| bytes.unwrap() as f64);
        assert!((quick / whole - 1.0).abs() < 0.2, "{quick} and {whole}");
        assert_eq!(resident(u32::MAX), None);
    }

    #[test]
    fn a_process_that_is_not_there_is_unknown_and_not_zero() {
        assert_eq!(look_at(u32::MAX), ProcessSample::default());
    }

    #[test]
    fn the_structures_of_a_socket_are_one_of_each_or_unknown() {
        let slabinfo = "slabinfo - version: 2.1\n\
            # name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n\
            TCPv6 26 26 2432 13 8 : tunables 0 0 0\nTCP 14 14 2304 14 8 : tunables 0 0 0\n\
            sock_inode_cache 39 39 832 39 8\nfilp 2 2 256 32 2\ndentry 5 5 192 21 1\n";
        assert_eq!(structures(slabinfo, false), Some(2_304 + 832 + 256 + 192));
        assert_eq!(structures(slabinfo, true), Some(2_432 + 832 + 256 + 192));
        assert_eq!(structures("slabinfo - version: 2.1\nTCP 14 14 2304 14 8\n", false), None);
    }

    #[test]
    fn pages_of_tcp_are_the_number_after_mem() {
        assert_eq!(
            tcp_pages("sockets: used 5\nTCP: inuse 1 orphan 0 tw 0 alloc 3 mem 42\n"),
            Some(42)
        );
    }
}
