//! Scenarios, folders and processes for all tests here.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::{Announcement, ServerDocument, ServerStats, clock};
use pushbench_store::{RECORD_FILE, RunV2, TrialV2, Verdict};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_pushbench");

/// Longest wait for something that must happen. Only a program that hangs gets there.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Checks that judge the machine and not the program: a busy one fails them.
pub(crate) const OF_THE_MACHINE: [&str; 4] =
    ["publish-lateness", "poll-lateness", "load-busy", "load-stall"];
/// Runs until the machine is taken for one that is always late.
const RUNS: usize = 5;

/// A scenario that takes a few seconds.
pub(crate) const SMALL: &str = r#"question = "What does a small run cost?"

[workload]
clients = 20
publish = { every = "500ms" }
payload = { bytes = 20 }
warm_up = "300ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
interval = "500ms"

[[transport]]
kind = "websocket"
"#;

/// Both transports of [`SMALL`].
pub(crate) const TRANSPORTS: [&str; 2] = ["short-poll", "websocket"];

/// A folder with one scenario, `small.toml`, in which the program is run.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A folder with [`SMALL`].
    pub(crate) fn new() -> Self {
        Self::with(SMALL)
    }

    /// A folder with this scenario.
    pub(crate) fn with(scenario: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        fs::write(folder.path().join("small.toml"), scenario).expect("a scenario");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program, to be run in this folder. Whatever the tests were started by, it hears hang-ups:
    /// that they are ignored, as `nohup` has it, is inherited.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP", PROGRAM]);
        command.args(arguments).current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("PUSHBENCH_") || name == "NO_COLOR" || name == "CLICOLOR_FORCE" {
                command.env_remove(&*name);
            }
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn play(&self, arguments: &[&str]) -> Ended {
        Running::start(&mut self.program(arguments)).end()
    }

    /// Runs `run small.toml` with these arguments and gives that run, at which nothing is wrong but
    /// perhaps how late a busy machine was: no byte depends on that.
    pub(crate) fn valid_run(&self, arguments: &[&str]) -> (Ended, RunV2) {
        let ended = self.play(&[&["run", "small.toml"], arguments].concat());
        assert!(!self.records().is_empty(), "{ended}");
        let (_, record) = self.newest_record();
        let (late, wrong): (Vec<_>, Vec<_>) = invalid_checks(&record)
            .into_iter()
            .partition(|check| OF_THE_MACHINE.contains(&check.as_str()));
        assert_eq!(wrong, [""; 0], "{ended}");
        assert_eq!(ended.code, if late.is_empty() { 0 } else { 98 }, "{late:?}\n{ended}");
        (ended, record)
    }

    /// The same, when the machine is not late: for what an invalid run is not taken for.
    pub(crate) fn timely_run(&self, arguments: &[&str]) -> (Ended, RunV2) {
        for number in 1..=RUNS {
            let (ended, record) = self.valid_run(arguments);
            if ended.code == 0 {
                return (ended, record);
            }
            eprintln!("run {number}: the machine was late ({:?})", invalid_checks(&record));
        }
        panic!(
            "the machine was late in each of {RUNS} runs, so nothing can be said of a timely one"
        )
    }

    /// The record of the only run of a scenario.
    pub(crate) fn only_record(&self, scenario: &str) -> RunV2 {
        let mut folders = self.records_of(scenario);
        let folder = folders.pop().unwrap_or_else(|| panic!("no run of {scenario} is on record"));
        assert!(folders.is_empty(), "{scenario} was run more than once");
        pushbench_store::read(&folder.join(RECORD_FILE)).expect("a readable record")
    }

    /// Folders of all runs on record, the oldest first.
    pub(crate) fn records(&self) -> Vec<PathBuf> {
        self.records_of("small")
    }

    fn records_of(&self, scenario: &str) -> Vec<PathBuf> {
        let scenario = self.path().join("results").join(scenario);
        let Ok(entries) = fs::read_dir(&scenario) else { return Vec::new() };
        let mut folders: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        let written = |folder: &PathBuf| fs::metadata(folder).and_then(|meta| meta.modified()).ok();
        folders.sort_by_key(written);
        folders
    }

    /// The newest record and its folder.
    pub(crate) fn newest_record(&self) -> (PathBuf, RunV2) {
        let folder = self.records().pop().expect("a run is on record");
        let record = pushbench_store::read(&folder.join(RECORD_FILE)).expect("a readable record");
        (folder, record)
    }
}

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

/// A server of the test's own; dropped, it is killed.
pub(crate) struct Server {
    running: Running,
    pub(crate) address: SocketAddr,
    tls_address: Option<SocketAddr>,
    /// What it announced that it runs with.
    pub(crate) config: ServerDocument,
}

impl Server {
    /// `pushbench serve --listen 127.0.0.1:0` and these arguments.
    pub(crate) fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let running = Running::start(&mut bench.program(&arguments));
        let line = running.first_line();
        let announcement: Announcement = serde_json::from_str(&line).expect("an announcement");
        let Announcement { address, tls_address, config, .. } = announcement;
        Self { running, address, tls_address, config }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens for TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        self.tls_address.expect("it was told to listen for TLS")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub(crate) fn stats(&self) -> ServerStats {
        stats_of(self.address).expect("the server answers")
    }

    /// Ends it as a user would.
    pub(crate) fn end(self) -> Ended {
        self.running.signal(Signal::TERM);
        self.running.end()
    }
}

/// A server's own books; `None` if it does not answer.
pub(crate) fn stats_of(address: SocketAddr) -> Option<ServerStats> {
    serde_json::from_str(&get(address, "/stats")?).ok()
}

/// The body of a `GET` on a connection of its own; `None` if there is no answer.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let answer = asked(address, &request)?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some(body.to_owned())
}

/// Publishes a message in a topic.
pub(crate) fn publish(address: SocketAddr, topic: &str, message: &str) {
    let len = message.len();
    let request = format!(
        "POST /topics/{topic}/messages HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {len}\r\n\r\n{message}"
    );
    let answer = asked(address, &request).expect("the server answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// The answer to the one request of a connection.
fn asked(address: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(DEADLINE)).ok()?;
    // In one write, and so in one packet.
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
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

/// Names of the checks that call a trial invalid.
pub(crate) fn invalid_checks(run: &RunV2) -> Vec<String> {
    let checks = run.trials.iter().flat_map(|trial| &trial.checks);
    let invalid = checks.filter(|check| check.verdict == Verdict::Invalid);
    invalid.map(|check| check.check.clone()).collect()
}

/// The only trial of a transport.
pub(crate) fn trial<'run>(run: &'run RunV2, transport: &str) -> &'run TrialV2 {
    let mut trials = run.trials.iter().filter(|trial| trial.transport == transport);
    let trial = trials.next().unwrap_or_else(|| panic!("no trial of {transport}"));
    assert!(trials.next().is_none(), "{transport} was played more than once");
    trial
}

/// Whether a tool is there. Where it is not, a test that needs it fails in CI and is skipped
/// elsewhere, loudly.
pub(crate) fn needs(tool: &str) -> bool {
    let is_there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if !is_there {
        skip(&format!("{tool} is not installed; scripts/setup-tests installs it"));
    }
    is_there
}

/// Says why a test cannot be made; in CI that is a failure.
pub(crate) fn skip(why: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "in CI nothing is skipped: {why}"
    );
    // Past the capture of a passing test's output.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
