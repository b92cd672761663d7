//! The processes of this host, from `/proc`: who is whose child, and what a tree of them has cost.

use std::collections::BTreeSet;
use std::fs;

use crate::bounded::{read_small, read_words};
use crate::own_children::is_orphan;
use crate::work::{ProcessSample, look_at, resident};

/// A process as `/proc/PID/stat` has it (proc(5)). Times are in clock ticks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// When it started, since the machine did: with the pid it names a process for ever.
    pub(crate) started_at: u64,
    /// User and system time of all its threads, those that have ended too.
    own: [u64; 2],
    /// The same of the children that it has waited for, and of theirs.
    of_waited: [u64; 2],
    /// Whether it has ended, and nobody has asked how.
    pub(crate) has_ended: bool,
}

impl Process {
    /// The process of that pid, if there is one.
    pub(crate) fn look(pid: u32) -> Option<Self> {
        Self::parse(&read_words(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name of a process may hold blanks and brackets; the fields behind it do not.
    fn parse(stat: &str) -> Option<Self> {
        let (before, behind) = stat.rsplit_once(')')?;
        let pid = before.split_once(' ')?.0.parse().ok()?;
        let fields: Vec<_> = behind.split_whitespace().collect();
        // The state, the first behind the name, is field 3.
        let field = |number: usize| fields.get(number - 3).copied();
        let ticks = |number: usize| field(number)?.parse().ok();
        Some(Self {
            pid,
            parent: field(4)?.parse().ok()?,
            group: field(5)?.parse().ok()?,
            started_at: ticks(22)?,
            own: [ticks(14)?, ticks(15)?],
            of_waited: [ticks(16)?, ticks(17)?],
            has_ended: matches!(field(3)?, "Z" | "X"),
        })
    }

    /// Whether it was left to this process by one that has ended, and has started since that moment.
    pub(crate) fn is_orphan_since(&self, since: u64) -> bool {
        self.started_at >= since && is_orphan(self.pid, self.parent)
    }

    /// Whether the environment that it was started with has this line. A process of another user
    /// does not show its own, and one that writes its title over it no longer does.
    pub(crate) fn was_started_with(&self, line: &str) -> bool {
        let environment = read_small(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|other| other == line.as_bytes())
    }
}

/// Every process of this host that can be seen.
pub(crate) fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::look).collect()
}

/// Those of some processes that are roots, or that descend from them.
pub(crate) fn with_descendants(
    all: &[Process],
    is_root: impl Fn(&Process) -> bool,
) -> Vec<Process> {
    let mut known: BTreeSet<u32> = all.iter().filter(|of| is_root(of)).map(|of| of.pid).collect();
    loop {
        let children = all.iter().filter(|of| known.contains(&of.parent)).map(|of| of.pid);
        let children: Vec<_> = children.filter(|pid| !known.contains(pid)).collect();
        if children.is_empty() {
            break;
        }
        known.extend(children);
    }
    all.iter().filter(|of| known.contains(&of.pid)).copied().collect()
}

/// Whose cost is looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    /// One process.
    Process(u32),
    /// The processes of a group that this process has started, and what descends from them, adopted
    /// orphans too.
    Group(u32),
    /// These, and what descends from them.
    Trees(Vec<u32>),
}

impl Whose {
    fn processes(&self) -> Vec<Process> {
        match self {
            Self::Process(pid) => Process::look(*pid).into_iter().collect(),
            Self::Group(group) => {
                let all = all();
                let since = all.iter().find(|of| of.pid == *group).map(|of| of.started_at);
                let is_orphan = |of: &Process| since.is_some_and(|since| of.is_orphan_since(since));
                with_descendants(&all, |of| of.group == *group || is_orphan(of))
            }
            Self::Trees(roots) => with_descendants(&all(), |of| roots.contains(&of.pid)),
        }
    }

    /// Looks at them; also gives their pids.
    ///
    /// Of several processes the CPU time is that of all that live and of the children that these have
    /// waited for. It misses what a child used that was never waited for (its parent ignores
    /// `SIGCHLD`) or whose parent ended before it did. Resident memory is the sum: pages that
    /// processes share count in each. The peaks of several processes need not be of one moment, so
    /// theirs is unknown.
    pub(crate) fn look(&self) -> (ProcessSample, Vec<u32>) {
        if let Self::Process(pid) = self {
            return (look_at(*pid), vec![*pid]);
        }
        let processes: Vec<_> = self.processes().into_iter().filter(|of| !of.has_ended).collect();
        let tick_ns = 1_000_000_000 / rustix::param::clock_ticks_per_second();
        let samples: Vec<_> = processes.iter().map(|of| (*of, look_at(of.pid))).collect();
        (sum(&samples, tick_ns), processes.iter().map(|of| of.pid).collect())
    }
}

/// Resident memory of these now: of a look at the moment, without one at anything else.
pub(crate) fn resident_of(pids: &[u32]) -> Option<u64> {
    pids.iter().filter_map(|pid| resident(*pid)).reduce(|sum, bytes| sum + bytes)
}

fn sum(samples: &[(Process, ProcessSample)], tick_ns: u64) -> ProcessSample {
    let ticks = |which: usize| {
        let of = samples.iter().map(|(of, _)| of.own[which] + of.of_waited[which]);
        of.reduce(|sum, ticks| sum + ticks)
    };
    // A process that ended under the look has nothing to add.
    let cpu_ns = samples.iter().filter_map(|(of, look)| {
        // Threads that live, exactly; or all that ever were, in ticks.
        let ticked = of.own.iter().sum::<u64>() * tick_ns;
        Some(look.cpu_ns?.max(ticked) + of.of_waited.iter().sum::<u64>() * tick_ns)
    });
    let resident = samples.iter().filter_map(|(_, look)| look.resident);
    ProcessSample {
        cpu_ns: cpu_ns.reduce(|sum, ns| sum + ns),
        user_ticks: ticks(0),
        system_ticks: ticks(1),
        resident: resident.reduce(|sum, bytes| sum + bytes),
        resident_peak: match samples {
            [(_, look)] => look.resident_peak,
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn process(pid: u32, parent: u32, group: u32) -> Process {
        let (own, of_waited) = ([0; 2], [0; 2]);
        Process { pid, parent, group, started_at: 0, own, of_waited, has_ended: false }
    }

    #[test]
    fn a_process_is_read_behind_a_name_with_blanks_and_brackets() {
        let stat = "7 (a b) c) S 1 6 3 4 5 6 7 8 9 10 111 222 33 44 20 0 1 0 987 0";
        let read = Process::parse(stat).expect("a process");
        let expected =
            Process { started_at: 987, own: [111, 222], of_waited: [33, 44], ..process(7, 1, 6) };
        assert_eq!(read, expected);
        assert!(
            Process::parse("7 (a) Z 1 6 3 4 5 6 7 8 9 10 1 2 3 4 20 0 1 0 9").unwrap().has_ended
        );
        assert_eq!(Process::parse("7 (a) S 1"), None);
    }

    #[test]
    fn descendants_are_found_in_whatever_order_they_are_listed() {
        let all = [process(9, 8, 9), process(8, 5, 5), process(5, 1, 5), process(6, 1, 6)];
        let pids = |of: Vec<Process>| of.iter().map(|of| of.pid).collect::<Vec<_>>();
        assert_eq!(pids(with_descendants(&all, |of| of.group == 5)), [9, 8, 5]);
        assert_eq!(pids(with_descendants(&all, |of| of.pid == 6)), [6]);
        assert!(with_descendants(&all, |of| of.pid == 7).is_empty());
    }

    #[test]
    fn the_cost_of_several_is_their_sum_and_that_of_children_that_have_ended() {
        let look = |cpu_ns, resident| ProcessSample {
            cpu_ns: Some(cpu_ns),
            resident: Some(resident),
            resident_peak: Some(resident),
            ..ProcessSample::default()
        };
        let parent = Process { own: [1, 2], of_waited: [5, 5], ..process(5, 1, 5) };
        // Its threads have ended: what lives knows of less than the process.
        let child = Process { own: [7, 1], ..process(6, 5, 5) };
        let both = sum(&[(parent, look(35, 100)), (child, look(3, 40))], 10);
        let expected = ProcessSample {
            cpu_ns: Some(35 + 100 + 80),
            user_ticks: Some(13),
            system_ticks: Some(8),
            resident: Some(140),
            resident_peak: None,
        };
        assert_eq!(both, expected);
        assert_eq!(sum(&[(child, look(3, 40))], 10).resident_peak, Some(40));
        assert_eq!(sum(&[], 10), ProcessSample::default());
    }

    #[test]
    fn what_a_child_has_used_is_not_lost_when_it_ends() {
        let busy = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let script = format!("({busy}); echo used; read _");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = crate::own_children::spawn(&mut shell).expect("a shell");
        let mut said = String::new();
        let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
        std::io::BufRead::read_line(&mut out, &mut said).expect("it says so");
        let (look, pids) = Whose::Trees(vec![child.id()]).look();
        drop(child.stdin.take());
        child.wait().expect("it ends");
        assert_eq!(pids, [child.id()]);
        let alone = [look.user_ticks, look.system_ticks].map(|ticks| ticks.expect("it is there"));
        assert!(alone.iter().sum::<u64>() > 0, "{look:?}: the loop takes more than a tick");
        assert_eq!(Whose::Trees(vec![u32::MAX]).look(), (ProcessSample::default(), Vec::new()));
    }
}
