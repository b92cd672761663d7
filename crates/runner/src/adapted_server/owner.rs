//! Whose CPU and memory are sampled, where the scenario says it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use pushbench_scenario::{Holes, NamedServer, ProcessOf};

use crate::bounded::{read_table, read_words};
use crate::processes::{self, Process, Whose};
use crate::server_ends::inode_in;

/// Those that the scenario names; `None` where it names none.
///
/// # Errors
///
/// If nobody is found there.
pub(super) fn named(server: &NamedServer, holes: &Holes) -> Result<Option<Whose>, String> {
    let pids = match &server.process {
        None => return Ok(None),
        Some(ProcessOf::PidFile(path)) => {
            let path = holes.fill_text(path);
            vec![in_file(&Path::new(&holes.dir).join(&path)).map_err(|reason| {
                format!("`process`: {path}: {reason}, expected the pid of the server's process")
            })?]
        }
        Some(ProcessOf::Port(port)) => {
            let port = port.unwrap_or(holes.port);
            listening_on(port).ok_or_else(|| {
                format!(
                    "`process`: of the processes that can be seen from here none listens on port \
                     {port}, expected the server's: it may be another user's, in a container or on \
                     another host; without `process` its CPU and memory are n/a"
                )
            })?
        }
    };
    Ok(Some(Whose::Trees(pids)))
}

fn in_file(path: &Path) -> Result<u32, String> {
    let text = read_words(path).map_err(|error| error.to_string())?;
    let found: String = text.trim().chars().take(40).collect();
    let pid = found.parse().map_err(|_| format!("found {found:?}"))?;
    Process::look(pid).map(|of| of.pid).ok_or_else(|| format!("found {pid}, which is no process"))
}

/// The processes that listen on a port, and are children of no other that does.
fn listening_on(port: u16) -> Option<Vec<u32>> {
    let tables = tables();
    let listeners = tables.iter().flatten().flat_map(|table| listeners(table));
    let inodes: BTreeSet<u32> =
        listeners.filter(|(of, _)| *of == port).map(|(_, inode)| inode).collect();
    let all = processes::all();
    let holders: Vec<_> = all.iter().filter(|of| holds(of.pid, &inodes)).collect();
    let is_root = |of: &&&Process| !holders.iter().any(|other| other.pid == of.parent);
    let roots: Vec<_> = holders.iter().filter(is_root).map(|of| of.pid).collect();
    (!roots.is_empty()).then_some(roots)
}

/// The ports that some processes listen on, the lowest first.
pub(super) fn ports_of(processes: &[Process]) -> BTreeSet<u16> {
    let tables = tables();
    let all = tables.iter().flatten().flat_map(|table| listeners(table));
    let holds = |inode: u32| processes.iter().any(|of| holds(of.pid, &[inode].into()));
    all.filter(|(_, inode)| holds(*inode)).map(|(port, _)| port).collect()
}

fn tables() -> [io::Result<String>; 2] {
    ["/proc/net/tcp", "/proc/net/tcp6"].map(read_table)
}

/// Ports and inodes of the sockets of such a table that listen (proc(5): state 0A, and the local
/// address in hexadecimal).
fn listeners(table: &str) -> Vec<(u16, u32)> {
    let of_line = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (_, port) = fields.get(1)?.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok().filter(|_| fields.get(3) == Some(&"0A"))?;
        Some((port, fields.get(9)?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

fn holds(pid: u32, inodes: &BTreeSet<u32>) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let mut links = descriptors.filter_map(|of| fs::read_link(of.ok()?.path()).ok());
    links.any(|link| inode_in(&link).is_some_and(|inode| inodes.contains(&inode)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn listeners_are_read_of_the_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n\
             1: 0100007F:1F91 0100007F:ABCD 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n\
             2: 0100007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1\n";
        assert_eq!(listeners(table), [(8_081, 4_711), (8_082, 4_713)]);
    }

    #[test]
    fn who_listens_on_a_port_is_found_and_nobody_where_nobody_does() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        assert_eq!(listening_on(port), Some(vec![std::process::id()]));
        let own = Process::look(std::process::id()).expect("it runs");
        assert!(ports_of(&[own]).contains(&port));
        drop(listener);
        assert_eq!(listening_on(port), None);
    }

    #[test]
    fn a_pid_file_says_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pid");
        assert!(in_file(&path).expect_err("it is not there").contains("No such file"));
        for (text, expected) in [
            (format!("{}\n", std::process::id()), Ok(std::process::id())),
            ("one".to_owned(), Err("found \"one\"".to_owned())),
            ("4294967295".to_owned(), Err("found 4294967295, which is no process".to_owned())),
        ] {
            fs::write(&path, text).expect("written");
            assert_eq!(in_file(&path), expected);
        }
        let error = in_file(Path::new("/dev/zero")).expect_err("it never ends");
        assert!(error.contains("a device"), "{error}");
    }
}
