//! A shard as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use pushbench_protocol::clock;

use super::message::{FromShard, ShardJob, ToShard};
use crate::RunError;
use crate::messages::Messages;
use crate::own_children;
use crate::server_process::ServerCommand;

/// Longest wait for a shard to end that has closed its stdout.
const END_BOUND: Duration = Duration::from_secs(1);
/// Between two looks at whether it has.
const LOOK: Duration = Duration::from_millis(5);
/// Longest line of a shard: as long as a record may be.
const LONGEST: usize = 1 << 30;
/// Characters of a line that is no message, as they are told.
const FIRST: usize = 60;

/// What is received of a shard.
pub(super) enum Received {
    Said(FromShard),
    /// Its stdout has ended; or what came there is not what a shard says, and why.
    Ended(Option<String>),
}

/// A running shard. Dropped, it is killed, and its server ends with it.
pub(super) struct ShardProcess {
    child: Child,
    /// What it is told: written by a thread, so that nobody waits for a shard that does not read.
    to: Sender<String>,
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
        let mut program = Command::new(&command.program);
        program
            .args(&command.arguments)
            // A Ctrl-C in the terminal is for the run, which ends its shards itself.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = own_children::spawn(&mut program).map_err(failed)?;
        let mut stdin = child.stdin.take().expect("piped above");
        let stdout = child.stdout.take().expect("piped above");
        let messages = Some(Messages::of(child.stderr.take().expect("piped above")));
        let (to, lines) = channel::<String>();
        std::thread::spawn(move || {
            // One that has ended says so by the end of its stdout.
            lines.iter().all(|line| stdin.write_all(line.as_bytes()).is_ok())
        });
        let process = Self { child, to, messages };
        process.write(&serde_json::to_string(job).expect("plain JSON"));
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let unread = loop {
                match message(&mut stdout) {
                    Ok(Some(said)) => {
                        if received.send((place, Received::Said(said))).is_err() {
                            return;
                        }
                    }
                    Ok(None) => break None,
                    Err(unread) => break Some(unread),
                }
            };
            let _ = received.send((place, Received::Ended(unread)));
        });
        Ok(process)
    }

    /// Tells it something.
    pub(super) fn tell(&self, message: &ToShard) {
        self.write(&serde_json::to_string(message).expect("plain JSON"));
    }

    fn write(&self, line: &str) {
        let _ = self.to.send(format!("{line}\n"));
    }

    /// How it ended, and the last of what it said about it. One that has only closed its stdout, or said
    /// there what is no message, is killed: nothing can be known of it any more.
    pub(super) fn how_it_ended(&mut self, unread: Option<String>) -> String {
        if let Some(unread) = unread {
            self.kill();
            return format!("it said what is no message, and was killed: {unread}");
        }
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
        let last = self
            .messages
            .take()
            .map(|messages| messages.last(3, str::to_owned))
            .unwrap_or_default();
        if last.is_empty() { how } else { format!("{how}: {last}") }
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
    }
}

/// The next message of a shard; `None` at the end of its stdout.
///
/// # Errors
///
/// What came in place of a message.
fn message(stdout: &mut impl BufRead) -> Result<Option<FromShard>, String> {
    let mut line = Vec::new();
    stdout.take(LONGEST as u64).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
    // It ended, perhaps within a line.
    if !line.ends_with(b"\n") && line.len() < LONGEST {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(|error| {
        let first = String::from_utf8_lossy(&line[..line.len().min(4 * FIRST)]);
        let first: String = first.trim_end().chars().take(FIRST).collect();
        format!("{first:?}: {error}")
    })
}

impl Drop for ShardProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> ServerCommand {
        ServerCommand {
            program: "sh".into(),
            arguments: ["-c", script].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn one_that_does_not_read_its_job_is_not_waited_for() {
        let job = ShardJob { text: "x".repeat(1 << 20), ..ShardJob::default() };
        let process = ShardProcess::start(&shell("exec sleep 60"), &job, 0, channel().0);
        let mut process = process.expect("it starts");
        assert!(matches!(process.child.try_wait(), Ok(None)), "it sleeps");
    }

    #[test]
    fn what_is_no_message_is_told_and_ends_it() {
        let (received, said) = channel();
        let script = shell("echo nonsense; exec sleep 60");
        let process = ShardProcess::start(&script, &ShardJob::default(), 0, received);
        let mut process = process.expect("it starts");
        let Ok((0, Received::Ended(unread))) = said.recv() else { panic!("it says nonsense") };
        let how = process.how_it_ended(unread);
        assert!(how.contains("nonsense") && how.contains("no message"), "{how}");
    }
}
