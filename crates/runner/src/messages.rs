//! What a child process says, for error messages.
//!
//! Its end is not the end of what it says: a process that it started itself may hold stderr open for
//! as long as it likes. So nobody waits for that longer than a bound.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::clock;

/// Longest wait for the rest of what an ended process has said.
const REST_BOUND: Duration = Duration::from_millis(500);
/// Most bytes that are kept, the last ones: why a process ended is said last. What was before is
/// dropped, so that nobody waits to say it.
const KEPT: usize = 64 * 1024;

/// Most bytes that are shown of a line, the last ones.
const SHOWN_OF_LINE: usize = 500;

/// What has been said so far, heard on a thread of its own.
#[derive(Debug)]
pub(crate) struct Messages {
    said: Arc<Mutex<VecDeque<u8>>>,
    thread: JoinHandle<()>,
}

impl Messages {
    /// Listens until the end.
    pub(crate) fn of(mut from: impl Read + Send + 'static) -> Self {
        let said = Arc::<Mutex<VecDeque<u8>>>::default();
        let received = Arc::clone(&said);
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(len @ 1..) = from.read(&mut bytes) {
                let Ok(mut received) = received.lock() else { return };
                received.extend(&bytes[..len]);
                let over = received.len().saturating_sub(KEPT);
                received.drain(..over);
            }
        });
        Self { said, thread }
    }

    /// What the process has said, which has ended; without blanks around it.
    pub(crate) fn all(self) -> String {
        self.wait_for_rest();
        self.so_far()
    }

    /// The last lines that it has said, without what `hide` leaves out; waits as [`Messages::all`] does.
    /// That is left out before a long line is cut: of what the cut went through an end would be shown.
    pub(crate) fn last(&self, lines: usize, hide: impl FnOnce(&str) -> String) -> String {
        self.wait_for_rest();
        let all = self.so_far();
        let all: Vec<_> = all.lines().collect();
        let last = hide(&all[all.len().saturating_sub(lines)..].join("\n"));
        last.lines().map(end_of).collect::<Vec<_>>().join("\n")
    }

    fn wait_for_rest(&self) {
        let begin = clock::now();
        while !self.thread.is_finished() && clock::now().since(begin) < REST_BOUND {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn so_far(&self) -> String {
        let said = self.said.lock().map(|said| said.clone()).unwrap_or_default();
        String::from_utf8_lossy(&Vec::from(said)).trim().to_owned()
    }
}

/// A line, of which the beginning is left out if it is long: nobody reads 64 KiB of it.
fn end_of(line: &str) -> Cow<'_, str> {
    if line.len() <= SHOWN_OF_LINE {
        return Cow::Borrowed(line);
    }
    let from = line.ceil_char_boundary(line.len() - SHOWN_OF_LINE);
    Cow::Owned(format!("[{} bytes or more] {}", line.len(), &line[from..]))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_stderr_that_stays_open_is_not_waited_for_and_what_was_said_is_told() {
        // Held open here, as a process would that outlives its parent.
        let (from, mut to) = std::io::pipe().expect("a pipe");
        let messages = Messages::of(from);
        to.write_all(b"cannot listen\n").expect("it is read");
        assert_eq!(messages.all(), "cannot listen");
        drop(to);
    }

    #[test]
    fn more_than_is_kept_is_read_all_the_same() {
        let (from, mut to) = std::io::pipe().expect("a pipe");
        let messages = Messages::of(from);
        to.write_all(&vec![b'x'; 4 * KEPT]).expect("nobody waits to say it");
        to.write_all(b"\nand why\n").expect("nobody waits to say it");
        drop(to);
        assert_eq!(messages.last(1, str::to_owned), "and why");
        let last = messages.last(2, str::to_owned);
        assert!(last.starts_with("[65527 bytes or more] xxx"), "{}", &last[..40]);
        assert!(last.len() < 2 * SHOWN_OF_LINE && last.ends_with("xxx\nand why"));
        assert_eq!(messages.all().len(), KEPT - 1);
    }

    #[test]
    fn what_is_hidden_is_so_where_a_long_line_is_cut_within_it() {
        let secret = "the secret of a server";
        // The cut goes through its middle.
        let line = format!("{}{secret}{}", "x".repeat(600), "y".repeat(SHOWN_OF_LINE - 11));
        let (from, mut to) = std::io::pipe().expect("a pipe");
        let messages = Messages::of(from);
        to.write_all(line.as_bytes()).expect("nobody waits to say it");
        drop(to);
        let last = messages.last(1, |said| said.replace(secret, "${env:SECRET}"));
        assert!(last.ends_with("yyy") && !last.contains("of a server"), "{}", &last[..80]);
    }
}
