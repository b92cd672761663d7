//! What runs that were killed have left running is ended by the next.

use std::fs;
use std::path::Path;
use std::time::Duration;

use pushbench_protocol::clock;
use rustix::process::{Signal, kill_process};

use crate::adapted_server::folder;
use crate::adapted_server::group::pid;
use crate::adapted_server::note::{Note, Notes, Place};
use crate::processes::Process;

/// Longest wait for what was killed to be gone.
const GONE_BOUND: Duration = Duration::from_secs(2);

/// What to do about a note.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Decision {
    /// Nothing: its run is still going, or it is of another container, which this one cannot see.
    Leave,
    /// Its processes ended with the machine: only the note and the folder are left.
    Forget,
    /// End whatever of it runs.
    End,
}

/// Ends what is left of servers whose runs are gone.
pub(crate) fn sweep(notes: &Notes) {
    let here = Place::here();
    for mut note in notes.all() {
        let is_there = |(pid, started_at): (u32, u64)| {
            Process::look(pid).is_some_and(|of| of.started_at == started_at && !of.has_ended)
        };
        match decide(&note, &here, is_there) {
            Decision::Leave => continue,
            Decision::Forget => {}
            Decision::End => {
                // A group whose leader is gone may be another's by now; its mark is its own.
                note.leader = note.leader.filter(|leader| is_there(*leader));
                end(&note);
            }
        }
        remove(&note.folder);
        notes.forget(&note);
    }
}

fn decide(note: &Note, here: &Place, is_there: impl Fn((u32, u64)) -> bool) -> Decision {
    if note.place.boot != here.boot {
        Decision::Forget
    } else if note.place.namespace != here.namespace || is_there(note.run) {
        Decision::Leave
    } else {
        Decision::End
    }
}

/// Nobody measures it any more, so it is not asked first.
fn end(note: &Note) {
    let begin = clock::now();
    loop {
        let members = note.members();
        if members.is_empty() || clock::now().since(begin) > GONE_BOUND {
            return;
        }
        for of in members {
            let _ = pid(of.pid).map(|pid| kill_process(pid, Signal::KILL));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Removes a folder that a run has made; no other.
fn remove(path: &Path) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.starts_with(folder::PREFIX) {
        let _ = fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use pushbench_adapter::Values;

    use crate::adapted_server::group::Group;
    use crate::own_children;

    #[test]
    fn only_what_a_run_has_left_here_is_ended() {
        let note = Note::new(Path::new("/tmp/x"));
        let here = Place::here();
        let other = |boot: &str, namespace: &str| Place {
            boot: boot.to_owned(),
            namespace: namespace.to_owned(),
        };
        let gone = |_| false;
        assert_eq!(decide(&note, &here, gone), Decision::End);
        assert_eq!(decide(&note, &here, |of| of == note.run), Decision::Leave);
        assert_eq!(decide(&note, &other(&here.boot, "pid:[1]"), gone), Decision::Leave);
        assert_eq!(decide(&note, &other("before", &here.namespace), gone), Decision::Forget);
    }

    /// A process that has ended, and been waited for.
    fn ended() -> (u32, u64) {
        let mut child = own_children::spawn(Command::new("sleep").arg("60")).expect("sleep");
        let of = Process::look(child.id()).expect("it runs");
        child.kill().and_then(|()| child.wait()).expect("it ends");
        (of.pid, of.started_at)
    }

    #[test]
    fn what_a_killed_run_has_left_is_ended_with_what_left_its_group() {
        let folder = tempfile::Builder::new().prefix(folder::PREFIX).tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let notes = Notes::at(elsewhere.path());
        let command = ["sh", "-c", "setsid sleep 60 & sleep 60"].map(str::to_owned);
        let mut group =
            Group::start(&command, &[], folder.path(), None, (notes.clone(), Values::default()))
                .expect("it starts");
        let begin = clock::now();
        let both =
            |of: &Vec<Process>| of.iter().filter(|of| of.group != group.leader()).count() > 0;
        while !both(&notes.all()[0].members()) && clock::now().since(begin) < GONE_BOUND {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut left = notes.all().remove(0);
        assert!(left.members().len() >= 2, "{:?}", left.members());
        sweep(&notes);
        assert!(group.ended().is_none(), "its run, this process, is still going");
        left.run = ended();
        notes.write(&left).expect("written");
        sweep(&notes);
        assert!(group.ended().is_some());
        assert_eq!(left.members(), []);
        assert_eq!(notes.all(), []);
        assert!(!folder.path().exists());
    }

    #[test]
    fn a_process_that_has_the_pid_of_one_that_is_gone_is_left_alone() {
        let elsewhere = tempfile::tempdir().expect("a folder");
        let notes = Notes::at(elsewhere.path());
        let mut other = own_children::spawn(Command::new("sleep").arg("60")).expect("sleep");
        let mut left = Note::new(Path::new("/tmp/x"));
        left.run = ended();
        left.leader = Process::look(other.id()).map(|of| (of.pid, of.started_at + 1));
        notes.write(&left).expect("written");
        sweep(&notes);
        assert!(other.try_wait().expect("a child").is_none(), "it is another's");
        other.kill().and_then(|()| other.wait()).expect("it ends");
        assert_eq!(notes.all(), []);
    }
}
