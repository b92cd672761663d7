//! The server as a child process, fresh for each trial.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use pushbench_protocol::{Announcement, ServerDocument, clock};
use rustix::process::{Pid, Signal, kill_process};

use crate::RunError;
use crate::messages::Messages;
use crate::placement::affinity;
use crate::server_document::differences;

/// Longest wait for the announcement.
const READY_BOUND: Duration = Duration::from_secs(15);
/// Longest wait for the process to end after SIGTERM; the server's own bound is shorter.
const END_BOUND: Duration = Duration::from_secs(10);
/// The same of a server that has stopped responding.
const END_BOUND_OF_SILENT: Duration = Duration::from_millis(500);

/// What a server gets of the caller's environment, which moves a measurement otherwise: where the
/// program's shared libraries are, without which it may not start, and how much a panic says.
const PASSED_ON: [&str; 2] = ["LD_LIBRARY_PATH", "RUST_BACKTRACE"];

/// How to start a server.
#[derive(Clone, Debug)]
pub struct ServerCommand {
    /// The program: this same binary.
    pub program: PathBuf,
    /// What makes it a server that reads its document from stdin, as `serve --config -`, or another of
    /// its processes.
    pub arguments: Vec<String>,
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) announcement: Announcement,
    /// What it writes to stderr.
    messages: Option<Messages>,
}

impl ServerProcess {
    /// Starts a server with these settings and waits until it is ready. Its environment is empty but
    /// for [`PASSED_ON`]; it is kept to these CPUs, if any are given.
    ///
    /// # Errors
    ///
    /// If it cannot be started, is not ready within [`READY_BOUND`], or understood something else.
    pub(crate) fn start(
        command: &ServerCommand,
        cpus: Option<&[u32]>,
        document: &ServerDocument,
    ) -> Result<Self, RunError> {
        let failed = |reason: String| RunError::Server(reason);
        let mut server = Command::new(&command.program);
        server
            .args(&command.arguments)
            .env_clear()
            .envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            // A Ctrl-C in the terminal is for the run, which ends its server itself.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = affinity::spawn(&mut server, cpus)
            .map_err(|error| failed(format!("{}: {error}", command.program.display())))?;
        let text = serde_json::to_string(document).expect("a document is plain JSON");
        let mut stdin = child.stdin.take().expect("piped above");
        // A server that has ended already says why on stderr, and no announcement comes.
        let _ = stdin.write_all(text.as_bytes());
        drop(stdin);
        let stdout = child.stdout.take().expect("piped above");
        let messages = Messages::of(child.stderr.take().expect("piped above"));
        let (line_out, line_in) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            let _ = line_out.send(read.map(|_| line));
        });
        let line = line_in.recv_timeout(READY_BOUND);
        let announcement = match line {
            Ok(Ok(line)) => serde_json::from_str::<Announcement>(&line).map_err(|error| {
                if line.is_empty() { "it ended".to_owned() } else { format!("{error} in {line}") }
            }),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no announcement within {READY_BOUND:?}")),
        };
        match announcement {
            Ok(announcement) => {
                // From here on dropping it ends it.
                let process = Self { child, announcement, messages: Some(messages) };
                let differences = differences(document, &process.announcement.config);
                if differences.is_empty() {
                    return Ok(process);
                }
                Err(RunError::Misunderstood { differences: differences.join("; ") })
            }
            Err(reason) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failed(format!("{reason}: {}", messages.all())))
            }
        }
    }

    /// Whether the process has ended by itself; says how.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Asks the process to end and waits for it; says how it went if it did not end cleanly.
    pub(crate) fn stop(mut self, is_silent: bool) -> Result<(), String> {
        let bound = if is_silent { END_BOUND_OF_SILENT } else { END_BOUND };
        if self.ended().is_none() {
            let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            if let Some(pid) = pid {
                // A process that has just ended by itself cannot be signalled; the wait tells.
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        let begin = clock::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    let messages = self.messages.take().map(Messages::all).unwrap_or_default();
                    return Err(format!("{status} {messages}").trim().to_owned());
                }
                Ok(None) if clock::now().since(begin) < bound => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(None) => return Err(format!("did not end within {bound:?} and was killed")),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
