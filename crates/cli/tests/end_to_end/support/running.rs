//! Programs that run, and what they have said.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::clock;
use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for something that must happen. Only a program that hangs gets there.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit code {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A program that runs; dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    stdout: Reading,
    stderr: Reading,
}

/// What a stream has said so far.
struct Reading {
    text: Arc<Mutex<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let thread = std::thread::spawn({
            let text = Arc::clone(&text);
            move || {
                let mut lines = BufReader::new(stream);
                let mut line = String::new();
                while lines.read_line(&mut line).is_ok_and(|len| len > 0) {
                    text.lock().expect("nobody panics with it").push_str(&line);
                    line.clear();
                }
            }
        });
        Self { text, thread: Some(thread) }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("nobody panics with it").clone()
    }

    fn read_to_end(&mut self) -> String {
        self.thread.take().expect("read to the end once").join().expect("it only reads");
        self.so_far()
    }
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// Starts a program with this as its stdin; a pipe is closed when the program is dropped.
    pub(crate) fn start_with(command: &mut Command, stdin: Stdio) -> Self {
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Reading::of(child.stdout.take().expect("piped above"));
        let stderr = Reading::of(child.stderr.take().expect("piped above"));
        Self { child, stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    pub(crate) fn stderr_so_far(&self) -> String {
        self.stderr.so_far()
    }

    pub(crate) fn stdout_so_far(&self) -> String {
        self.stdout.so_far()
    }

    /// Waits until stderr has said something.
    pub(crate) fn wait_for_stderr(&self, part: &str) {
        wait_until(&format!("`{part}` on stderr"), || self.stderr.so_far().contains(part));
    }

    /// What follows this part in its line on stdout, once the line is whole.
    pub(crate) fn on_stdout(&self, part: &str) -> Option<String> {
        let text = self.stdout.so_far();
        let (_, rest) = text.split_once(part)?;
        rest.split_once('\n').map(|(line, _)| line.to_owned())
    }

    /// Waits until a line on stdout has this part, and gives the rest of the line.
    pub(crate) fn wait_for_stdout(&self, part: &str) -> String {
        wait_until(&format!("`{part}` on stdout"), || self.on_stdout(part).is_some());
        self.on_stdout(part).expect("it was there")
    }

    /// Waits for a first line on stdout.
    pub(crate) fn first_line(&self) -> String {
        self.wait_for_stdout("")
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        wait_until("the program to end", || self.has_ended());
        let status = self.child.wait().expect("a child");
        let code = status.code().unwrap_or_else(|| panic!("{status}: {}", self.stderr.so_far()));
        Ended { code, stdout: self.stdout.read_to_end(), stderr: self.stderr.read_to_end() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.child.try_wait().is_ok_and(|status| status.is_some()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits for a condition.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = clock::now();
    while !is_so() {
        assert!(clock::now().since(begin) < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process number");
    kill_process(pid, signal).expect("the process takes signals");
}
