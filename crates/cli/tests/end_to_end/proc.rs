//! Other processes, from `/proc`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

/// Children of a process that still live.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc")
        .expect("Linux")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|&pid| state(pid).is_some_and(|(state, ppid)| state != 'Z' && ppid == parent))
        .collect()
}

/// Whether a process lives; one that nobody has waited for yet does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    state(pid).is_some_and(|(state, _)| state != 'Z')
}

/// State and parent: fields 3 and 4, behind the name, which may hold anything (proc(5)).
fn state(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Where a process listens; `None` if it does not, or not yet.
pub(crate) fn listens_at(pid: u32) -> Option<SocketAddr> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.filter_map(|entry| {
        let link = fs::read_link(entry.ok()?.path()).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    });
    let sockets: Vec<String> = links.collect();
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [local, state, inode] = [fields.get(1)?, fields.get(3)?, fields.get(9)?];
        let port = local.split_once(':')?.1;
        let port = u16::from_str_radix(port, 16).ok()?;
        (*state == "0A" && sockets.iter().any(|socket| socket == inode))
            .then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    })
}
