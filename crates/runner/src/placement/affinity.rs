//! The CPUs that this process may use, and threads and processes that are kept to some of them.
//!
//! A thread hands its CPUs on to each thread and each process that it starts. So whatever is to be
//! kept to some of them is started by a thread that is kept to them for that long, and nothing runs
//! elsewhere first.

use std::fs;
use std::io;
use std::process::{Child, Command};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::cores::Cpu;
use crate::own_children;

/// The CPUs that the calling thread may use.
///
/// # Errors
///
/// If the system does not say.
pub(crate) fn usable_cpus() -> io::Result<Vec<Cpu>> {
    let set = sched_getaffinity(None)?;
    let usable = (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu));
    let numbers = usable.filter_map(|cpu| u32::try_from(cpu).ok());
    Ok(numbers.map(|number| Cpu { core: core(number), number }).collect())
}

/// The package and core of a CPU; where the system does not say, each CPU is a core.
fn core(cpu: u32) -> (u32, u32) {
    let topology = |name: &str| -> Option<u32> {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/{name}");
        fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    let known = topology("physical_package_id").zip(topology("core_id"));
    known.unwrap_or((u32::MAX, cpu))
}

/// Keeps the calling thread, and what it starts, to some CPUs until it is dropped.
#[derive(Debug)]
pub(crate) struct KeptTo {
    before: CpuSet,
}

impl KeptTo {
    /// Keeps the calling thread to these CPUs.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(crate) fn cpus(cpus: &[u32]) -> io::Result<Self> {
        let before = sched_getaffinity(None)?;
        let mut set = CpuSet::new();
        for &cpu in cpus {
            set.set(cpu as usize);
        }
        sched_setaffinity(None, &set)?;
        Ok(Self { before })
    }
}

impl Drop for KeptTo {
    fn drop(&mut self) {
        // It may have been offline for good since; then the thread stays where it is.
        let _ = sched_setaffinity(None, &self.before);
    }
}

/// Starts a process that is kept to these CPUs with all that it starts; anywhere without them.
///
/// # Errors
///
/// If it cannot be started, or not there.
pub(crate) fn spawn(command: &mut Command, cpus: Option<&[u32]>) -> io::Result<Child> {
    let _kept = cpus.map(KeptTo::cpus).transpose()?;
    own_children::spawn(command)
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    /// The CPUs of a process as the kernel tells them.
    fn cpus_of(pid: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.expect("the kernel says").trim().to_owned()
    }

    #[test]
    fn a_process_is_kept_to_its_cpus_and_whoever_started_it_is_not() {
        let last = usable_cpus().expect("the system says").last().expect("one").number;
        let before = cpus_of("thread-self");
        let mut sleep = Command::new("sleep");
        sleep.arg("60").stdin(Stdio::null());
        let mut child = spawn(&mut sleep, Some(&[last])).expect("it starts");
        assert_eq!(cpus_of(&child.id().to_string()), last.to_string());
        assert_eq!(cpus_of("thread-self"), before);
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }

    #[test]
    fn a_thread_starts_others_where_it_is_kept() {
        let first = usable_cpus().expect("the system says")[0].number;
        let before = cpus_of("thread-self");
        let kept = KeptTo::cpus(&[first]).expect("it may");
        let inside = std::thread::spawn(|| cpus_of("thread-self")).join().expect("it ends");
        drop(kept);
        assert_eq!(inside, first.to_string());
        assert_eq!(cpus_of("thread-self"), before);
    }

    #[test]
    fn a_cpu_that_there_is_not_is_refused() {
        assert!(KeptTo::cpus(&[1_023]).is_err());
    }
}
