//! A third-party server as a group of processes: started, looked after, and ended with all that it
//! has started itself.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use pushbench_adapter::Values;
use pushbench_protocol::clock;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::adapted_server::environment::environment;
use crate::adapted_server::note::{Note, NoteError, Notes};
use crate::messages::Messages;
use crate::own_children::{adopt_orphans, reap};
use crate::placement::affinity;
use crate::processes::{self, Process, with_descendants};

/// Longest wait for its processes to end after SIGTERM.
const END_BOUND: Duration = Duration::from_secs(5);
/// Longest wait for them to be gone after SIGKILL: the kernel has only to clear up.
const KILL_BOUND: Duration = Duration::from_secs(2);
/// Lines that are shown of what it said: Node.js says what is wrong some 20 lines before its last.
const LINES: usize = 30;

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// There is no such program, or it may not be run.
    #[error("`{program}` cannot be run: {error}; it is looked for in PATH, which is {path:?}")]
    Program { program: String, error: io::Error, path: OsString },
    /// Processes that it leaves behind could not be found.
    #[error("the kernel does not hand over processes that a server leaves behind: {0}")]
    Orphans(io::Error),
    /// Whoever comes after a `kill -9` could not be told of it.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A server that was started. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    messages: Messages,
    note: Note,
    notes: Notes,
    /// What it was started with that nobody may read.
    secrets: Values,
}

impl Group {
    /// Starts a command in a folder, which is its working folder, with variables of its environment.
    /// All of the group is kept to the CPUs, if any are given. What it says is shown without the secrets
    /// of these values.
    pub(crate) fn start(
        command: &[String],
        set: &[(String, String)],
        folder: &Path,
        cpus: Option<&[u32]>,
        (notes, secrets): (Notes, Values),
    ) -> Result<Self, StartError> {
        let (program, arguments) = command.split_first().expect("a command is never empty");
        let environment = environment(set, |name| std::env::var_os(name));
        adopt_orphans().map_err(StartError::Orphans)?;
        // Before it is started: this process may be killed at any moment.
        let mut note = Note::new(folder);
        notes.write(&note)?;
        let spawned = io::pipe().and_then(|(said, says)| {
            let mut command = Command::new(program);
            command
                .args(arguments)
                .current_dir(folder)
                .env_clear()
                .envs(&environment)
                .env(note.mark().0, note.mark().1)
                // A Ctrl-C in the terminal is for the run, which ends its server itself.
                .process_group(0)
                .stdin(Stdio::null())
                .stdout(says.try_clone()?)
                .stderr(says);
            Ok((affinity::spawn(&mut command, cpus)?, said))
        });
        let (child, said) = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                notes.forget(&note);
                let path = environment.get("PATH").cloned().unwrap_or_default();
                return Err(StartError::Program { program: program.clone(), error, path });
            }
        };
        note.leader = Process::look(child.id()).map(|leader| (leader.pid, leader.started_at));
        let group = Self { child, messages: Messages::of(said), note, notes, secrets };
        // From here on dropping it ends it.
        group.notes.write(&group.note)?;
        Ok(group)
    }

    /// The same with the notes of this user, on no cores of its own.
    pub(crate) fn start_for_user(
        command: &[String],
        set: &[(String, String)],
        folder: &Path,
        secrets: Values,
    ) -> Result<Self, StartError> {
        Self::start(command, set, folder, None, (Notes::of_user(), secrets))
    }

    /// Whether the process that was started has ended well; `None` while it runs.
    pub(crate) fn succeeded(&mut self) -> Option<bool> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.success()),
            Err(_) => Some(false),
        }
    }

    /// The pid of the process that was started, and the number of its group.
    pub(crate) fn leader(&self) -> u32 {
        self.child.id()
    }

    /// Notes which processes the server has left to this run by now: should that be killed, nothing
    /// else says whose they are.
    pub(crate) fn note_orphans(&mut self) -> Result<(), StartError> {
        let members = self.members().into_iter();
        let orphans = members.filter(|of| self.note.has_left(of)).map(|of| (of.pid, of.started_at));
        let orphans: Vec<_> = orphans.collect();
        if orphans != self.note.orphans {
            self.note.orphans = orphans;
            self.notes.write(&self.note)?;
        }
        Ok(())
    }

    /// Its processes that live.
    pub(crate) fn members(&self) -> Vec<Process> {
        self.note.members()
    }

    /// Whether the process that was started has ended; says how, with the last of what it said.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let how = match self.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => ended_by(status),
            Err(error) => error.to_string(),
        };
        Some(format!("{how}{}", self.said()))
    }

    /// The last lines that it said, as the end of a sentence, without the secrets of its environment.
    pub(crate) fn said(&self) -> String {
        let hide = |said: &str| self.secrets.hide(said.as_bytes());
        match self.messages.last(LINES, hide).as_str() {
            "" => "; it said nothing".to_owned(),
            last => format!("; the last of what it said:\n  {}", last.replace('\n', "\n  ")),
        }
    }

    /// Ends all of it: by SIGTERM, and what is left after [`END_BOUND`] by SIGKILL.
    pub(crate) fn stop(mut self) {
        self.end(END_BOUND);
    }

    fn end(&mut self, bound: Duration) {
        let mut told = Vec::new();
        let mut begin = clock::now();
        let mut signal = Signal::TERM;
        if bound.is_zero() {
            signal = Signal::KILL;
        }
        loop {
            let _ = self.child.try_wait();
            let members = self.note.members();
            if members.is_empty() {
                break;
            }
            let new: Vec<_> = members.iter().filter(|of| !told.contains(*of)).copied().collect();
            self.signal(&new, signal);
            told.extend(new);
            let waited = clock::now().since(begin);
            match signal {
                Signal::KILL if waited > KILL_BOUND => break,
                Signal::TERM if waited > bound => {
                    (signal, begin) = (Signal::KILL, clock::now());
                    told.clear();
                }
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        let _ = self.child.try_wait();
        processes::all().iter().filter(|of| self.note.has_left(of)).for_each(|of| reap(of.pid));
        self.notes.forget(&self.note);
    }

    fn signal(&self, members: &[Process], signal: Signal) {
        // The group at once, so that none of it sees another go first and starts it anew.
        if members.iter().any(|of| of.group == self.leader()) {
            let _ = pid(self.leader()).map(|group| kill_process_group(group, signal));
        }
        for of in members.iter().filter(|of| of.group != self.leader()) {
            let _ = pid(of.pid).map(|pid| kill_process(pid, signal));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

pub(crate) fn pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

fn ended_by(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => {
            "it ended with exit code 0, expected it to stay in the foreground until it is \
                         told to end (nginx does with `daemon off;`)"
                .to_owned()
        }
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => format!("it ended: {status}"),
    }
}

impl Note {
    /// The living processes of the group: those that have its number, that descend from one that has,
    /// that were started with its mark, wherever they have gone, and that it has left to the run.
    pub(crate) fn members(&self) -> Vec<Process> {
        let line = self.mark_line();
        let leader = self.leader.map(|(pid, _)| pid);
        let is_root = |of: &Process| {
            Some(of.group) == leader
                || self.orphans.contains(&(of.pid, of.started_at))
                || self.has_left(of)
                || of.was_started_with(&line)
        };
        let mut members = with_descendants(&processes::all(), is_root);
        members.retain(|of| !of.has_ended);
        members
    }

    /// Whether its server has left a process to this run, which started it.
    fn has_left(&self, of: &Process) -> bool {
        let since = self.leader.map(|(_, started_at)| started_at);
        self.run.0 == std::process::id() && since.is_some_and(|since| of.is_orphan_since(since))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;
    use crate::adapted_server::environment::PASSED_ON;

    /// One at a time: what any server leaves behind is left to the process of all tests.
    static ALONE: Mutex<()> = Mutex::new(());

    fn alone() -> MutexGuard<'static, ()> {
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A shell that runs this until it has said so.
    fn started(script: &str) -> (Group, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!("{script}; echo ready; sleep 60 & wait; wait");
        let command = ["sh", "-c", &script].map(str::to_owned);
        let notes = (Notes::at(folder.path()), Values::default());
        let group = Group::start(&command, &[], folder.path(), None, notes);
        let group = group.expect("there is a shell");
        let begin = clock::now();
        while !group.said().contains("ready") && clock::now().since(begin) < END_BOUND {
            std::thread::sleep(Duration::from_millis(2));
        }
        (group, folder)
    }

    #[test]
    fn a_server_is_asked_to_end_and_its_children_with_it() {
        let _alone = alone();
        let (group, folder) = started("trap 'echo bye > bye; exit' TERM");
        let note = group.note.clone();
        assert!(note.members().len() >= 2, "{:?}", note.members());
        group.stop();
        assert_eq!(note.members(), []);
        assert!(folder.path().join("bye").exists(), "it was not asked");
        assert_eq!(Notes::at(folder.path()).all(), []);
    }

    #[test]
    fn a_server_that_does_not_end_is_killed_and_so_is_one_that_is_dropped() {
        let _alone = alone();
        let (mut group, _folder) = started("trap '' TERM");
        let note = group.note.clone();
        group.end(Duration::from_millis(100));
        assert_eq!(note.members(), []);
        let (group, _folder) = started("trap '' TERM");
        let note = group.note.clone();
        drop(group);
        assert_eq!(note.members(), []);
    }

    /// A server that has left a process to whoever adopts it, without the mark, the group and the
    /// session of its own; the pid of that process.
    fn forking_twice() -> (Group, tempfile::TempDir, u32) {
        let (mut group, folder) = started("(env -i setsid sleep 77 & echo $! > pid)");
        group.note_orphans().expect("noted");
        let pid = std::fs::read_to_string(folder.path().join("pid")).expect("it says so");
        (group, folder, pid.trim().parse().expect("a pid"))
    }

    #[test]
    fn a_process_that_a_server_leaves_behind_ends_with_it_and_counts_as_its_own() {
        let _alone = alone();
        let (group, _folder, orphan) = forking_twice();
        let orphan = Process::look(orphan).expect("it lives");
        assert_eq!(orphan.parent, std::process::id(), "it was adopted");
        assert!(group.members().contains(&orphan), "{:?}", group.members());
        let (_, pids) = processes::Whose::Group(group.leader()).look();
        assert!(pids.contains(&orphan.pid), "{pids:?}");
        group.stop();
        assert_eq!(Process::look(orphan.pid), None, "it was let go of, too");
    }

    #[test]
    fn a_process_that_was_left_behind_is_on_the_note_for_the_next_run() {
        let _alone = alone();
        let (group, _folder, orphan) = forking_twice();
        let mut note = group.notes.all().remove(0);
        // Of another run, to which it was not left.
        note.run = (1, 0);
        assert!(note.members().iter().any(|of| of.pid == orphan), "{:?}", note.orphans);
    }

    #[test]
    fn what_is_set_in_a_shell_by_chance_does_not_reach_a_server() {
        let _alone = alone();
        let (group, _folder) = started("env | cut -d= -f1 | sort | tr '\\n' ' '; echo");
        let said = group.said();
        let names =
            said.lines().find(|line| line.contains("PUSHBENCH_STARTED")).expect("it is marked");
        let mut names = names.split_whitespace();
        // A shell sets some by itself.
        let own = ["PUSHBENCH_STARTED", "PWD", "OLDPWD", "SHLVL", "_"];
        let other = names.find(|name| !own.contains(name) && !PASSED_ON.contains(name));
        assert_eq!(other, None, "{said}");
    }
}
