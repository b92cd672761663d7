//! The server as a child process, fresh for each trial.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use pushbench_protocol::{Announcement, ConnectionUse, TlsUse, Unchanged, clock};
use pushbench_scenario::{Scenario, Transport, TransportSettings, format_duration};
use rustix::process::{Pid, Signal, kill_process};

use crate::{RunError, compression};

/// Longest wait for the announcement.
const READY_BOUND: Duration = Duration::from_secs(15);
/// Longest wait for the process to end after SIGTERM; the server's own bound is shorter.
const END_BOUND: Duration = Duration::from_secs(10);
/// The same of a server that has stopped responding.
const END_BOUND_OF_SILENT: Duration = Duration::from_millis(500);

/// What a connection may idle beyond the length of the trial.
const IDLE_BEYOND: Duration = Duration::from_secs(120);

/// A listener for TLS, with a certificate of the server's own making.
///
/// Clients that connect all at once wait for each other's cryptography, on both sides: no shorter
/// than the load generator's own patience.
const TLS: &[(&str, &str)] = &[("--tls-listen", "127.0.0.1:0"), ("--handshake-timeout", "30s")];

/// How to start a server.
#[derive(Clone, Debug)]
pub struct ServerCommand {
    /// The program: this same binary.
    pub program: PathBuf,
    /// What comes before the server's options, as `serve`.
    pub arguments: Vec<String>,
    /// Folder that paths in the scenario start from.
    pub folder: PathBuf,
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) announcement: Announcement,
    /// What it writes to stderr, joined at its end.
    messages: Option<std::thread::JoinHandle<String>>,
}

impl ServerProcess {
    /// Starts a server with the settings that a trial needs and waits until it is ready.
    pub(crate) fn start(
        command: &ServerCommand,
        scenario: &Scenario,
        transport: &Transport,
    ) -> Result<Self, RunError> {
        let failed = |reason: String| RunError::Server(reason);
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .args(options(scenario, transport))
            .current_dir(&command.folder)
            // A Ctrl-C in the terminal is for the run, which ends its server itself.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("{}: {error}", command.program.display())))?;
        let stdout = child.stdout.take().expect("piped above");
        let mut stderr = child.stderr.take().expect("piped above");
        let messages = std::thread::spawn(move || {
            let mut text = String::new();
            // What cannot be read as text is of no use in an error message.
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let (line_out, line_in) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            let _ = line_out.send(read.map(|_| line));
        });
        let line = line_in.recv_timeout(READY_BOUND);
        let announcement = match line {
            Ok(Ok(line)) => serde_json::from_str(&line).ok(),
            _ => None,
        };
        match announcement {
            Some(announcement) => Ok(Self { child, announcement, messages: Some(messages) }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                let messages = messages.join().unwrap_or_default();
                Err(failed(format!("no announcement within {READY_BOUND:?}; {}", messages.trim())))
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
                    let messages = self.messages.take().and_then(|thread| thread.join().ok());
                    let messages = messages.unwrap_or_default();
                    return Err(format!("{status} {}", messages.trim()).trim().to_owned());
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

/// The server's options for a trial, all of them spelled out.
fn options(scenario: &Scenario, transport: &Transport) -> Vec<String> {
    let unchanged = match transport.settings {
        TransportSettings::ShortPoll(poll) => poll.unchanged,
        // Who is told of news needs nothing again, and a cursor to go on with.
        TransportSettings::Nudge(_) => Unchanged::Empty,
        // No poll is answered by it.
        TransportSettings::LongPoll(_)
        | TransportSettings::Sse(_)
        | TransportSettings::Stream(_)
        | TransportSettings::WebSocket(_) => Unchanged::Resend,
    };
    let workload = &scenario.workload;
    let server = &scenario.server;
    // Rare news and rare polls are the experiment: nothing in a trial may count as idle.
    let trial = workload.warm_up + workload.measure + workload.drain;
    let idle_timeout = format_duration(IDLE_BEYOND + Duration::from_secs(trial.as_secs()));
    let each = match transport.settings.connection() {
        ConnectionUse::KeepAlive => transport.settings.kind().connections_per_client(),
        // One may be closed here a moment after the client opened its next one.
        ConnectionUse::PerPoll => 2,
    };
    // Beside those of the clients: the publisher's and the control calls'.
    let connections = workload.clients.get() * each + 64;
    let (tls, connections): (&[(&str, &str)], _) = match transport.carriage.tls {
        TlsUse::None => (&[], connections),
        TlsUse::Full => (TLS, connections),
        // A connection that a session is from may not have gone when the one that resumes comes.
        TlsUse::Resumed => (TLS, 2 * connections),
    };
    let tls = tls.iter().map(|(flag, value)| (*flag, (*value).to_owned()));
    [
        ("--listen", "127.0.0.1:0".to_owned()),
        ("--deliver", workload.deliver.to_string()),
        ("--unchanged", unchanged.to_string()),
        ("--response-headers", scenario.headers.response.name().to_owned()),
        ("--mss", scenario.network.mss.to_string()),
        ("--log", server.log.to_string()),
        ("--queue", server.queue.to_string()),
        ("--slow-subscriber", server.slow_subscriber.to_string()),
        ("--connections", connections.to_string()),
        ("--idle-timeout", idle_timeout),
        ("--topics", workload.topics.get().max(1).to_string()),
        ("--message-bytes", workload.payload.bytes.max(1 << 20).to_string()),
    ]
    .into_iter()
    .chain(transport.settings.heartbeat().map(|every| ("--heartbeat", format_duration(every))))
    .chain(transport.settings.conflate().map(|every| ("--conflate", format_duration(every))))
    .chain(tls)
    .flat_map(|(flag, value)| [flag.to_owned(), value])
    .chain(compression::server_options(transport.settings))
    .collect()
}
