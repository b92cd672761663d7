//! A shard as a child process.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Duration;

use pushbench_protocol::clock;

use super::message::{FromShard, ShardJob, ToShard};
use crate::RunError;
use crate::messages::Messages;
use crate::server_process::ServerCommand;

/// Longest wait for a shard to end that has closed its stdout.
const END_BOUND: Duration = Duration::from_secs(1);
/// Between two looks at whether it has.
const LOOK: Duration = Duration::from_millis(5);

/// What is received of a shard.
pub(super) enum Received {
    Said(FromShard),
    /// Its stdout has ended, or is not what a shard says.
    Ended,
}

/// A running shard. Dropped, it is killed, and its server ends with it.
pub(super) struct ShardProcess {
    child: Child,
    stdin: ChildStdin,
    messages: Option<Messages>,
}

impl ShardProcess {
    /// Starts a shard that plays a job; what it says goes to `received` with its place.
    pub(super) fn start(
        command: &ServerCommand,
        job: &ShardJob,
        place: usize,
        received: Sender<(usize, Received)>,
    ) -> Result<Self, RunError> {
        let failed = |error: std::io::Error| {
            RunError::Shard(format!("{}: {error}", command.program.display()))
        };
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            // A Ctrl-C in the terminal is for the run, which ends its shards itself.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdin = child.stdin.take().expect("piped above");
        let stdout = child.stdout.take().expect("piped above");
        let messages = Some(Messages::of(child.stderr.take().expect("piped above")));
        let mut process = Self { child, stdin, messages };
        process.write(&serde_json::to_string(job).expect("plain JSON"));
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let said = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                let Some(said) = said else { break };
                if received.send((place, Received::Said(said))).is_err() {
                    return;
                }
            }
            let _ = received.send((place, Received::Ended));
        });
        Ok(process)
    }

    /// Tells it something.
    pub(super) fn tell(&mut self, message: &ToShard) {
        self.write(&serde_json::to_string(message).expect("plain JSON"));
    }

    fn write(&mut self, line: &str) {
        // One that has ended says so by the end of its stdout.
        let _ = self.stdin.write_all(format!("{line}\n").as_bytes());
        let _ = self.stdin.flush();
    }

    /// How it ended, and the last of what it said about it. One that has only closed its stdout is
    /// killed: nothing can be known of it any more.
    pub(super) fn how_it_ended(&mut self) -> String {
        // Its end comes a moment after that of its stdout.
        let begin = clock::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if clock::now().since(begin) < END_BOUND => std::thread::sleep(LOOK),
                Ok(None) => {
                    let _ = self.child.kill();
                    break self.child.wait();
                }
                Err(error) => break Err(error),
            }
        };
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let last = self.messages.take().map(|messages| messages.last(3)).unwrap_or_default();
        if last.is_empty() { how } else { format!("{how}: {last}") }
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
    }
}

impl Drop for ShardProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
