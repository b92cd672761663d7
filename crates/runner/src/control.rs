//! Control calls: the server's own books. They are booked apart from every transport.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pushbench_protocol::headers::AnswerMark;
use pushbench_protocol::{Cursor, ServerStats, TopicName, paths};

use ureq::http::response::Parts;

use crate::RunError;

/// Longest wait for a response.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The same from a server that has once not responded: it hangs, and the trial is to end.
const TIMEOUT_OF_SILENT: Duration = Duration::from_millis(300);

/// Topics that are named in one call: with the longest names 8 KiB, half of what a head may have.
const TOPICS_PER_CALL: usize = 128;
/// Polls that are sent at a time to a server that does not tell all ends in one call.
const POLLS_AT_A_TIME: usize = 16;
/// Characters of a response that is not what was expected, as they are told.
const FIRST: usize = 60;

/// Asks a server about itself.
#[derive(Debug)]
pub(crate) struct Control {
    agent: ureq::Agent,
    base: String,
    is_silent: Cell<bool>,
}

impl Control {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self {
            agent: config.new_agent(),
            base: format!("http://{address}"),
            is_silent: Cell::new(false),
        }
    }

    /// Whether a call has run out of time.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent.get()
    }

    /// Asks, and takes note of a server that does not respond.
    fn get(&self, url: &str) -> Result<(Parts, String), ureq::Error> {
        let timeout = if self.is_silent() { TIMEOUT_OF_SILENT } else { TIMEOUT };
        let asked = ask(&self.agent, url, timeout);
        self.is_silent.set(matches!(asked, Err(ureq::Error::Timeout(_))));
        asked
    }

    /// The server's books; an error if it is no Pushbench server or does not answer.
    pub(crate) fn stats(&self) -> Result<ServerStats, RunError> {
        let url = format!("{}{}", self.base, paths::STATS);
        let failed = |reason: String| RunError::Target { url: url.clone(), reason };
        let (parts, text) = self.get(&url).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| {
            // A page is told by how it begins.
            let begins: String = text.chars().take(FIRST).collect();
            let status = parts.status;
            failed(format!("status {status}, no books of a Pushbench server ({error}): {begins:?}"))
        })
    }

    /// Where each topic's log ends now, for subscribers who must not be sent what came before; the
    /// oldest place where the server does not say.
    ///
    /// A pushbench server is asked for all of them together, and books it as control. Another is
    /// asked by polls, several at a time, until one has not responded.
    pub(crate) fn ends_of(&self, topics: &[TopicName]) -> Vec<Cursor> {
        let mut ends = Vec::with_capacity(topics.len());
        for named in topics.chunks(TOPICS_PER_CALL) {
            match self.ends_in_one_call(named) {
                Some(more) => ends.extend(more),
                None => return self.ends_by_polls(topics),
            }
        }
        ends
    }

    fn ends_in_one_call(&self, topics: &[TopicName]) -> Option<Vec<Cursor>> {
        let names: Vec<_> = topics.iter().map(TopicName::as_str).collect();
        let url = format!("{}{}?{}={}", self.base, paths::ENDS, paths::TOPICS, names.join(","));
        let (parts, text) = self.get(&url).ok()?;
        let ends = text.lines().map(|line| Cursor::decode(line.as_bytes()));
        let ends: Vec<_> = ends.collect::<Option<_>>()?;
        (parts.status.is_success() && ends.len() == topics.len()).then_some(ends)
    }

    fn ends_by_polls(&self, topics: &[TopicName]) -> Vec<Cursor> {
        // What this shares between threads is not all that it has.
        let Self { agent, base, is_silent } = self;
        let is_silent = AtomicBool::new(is_silent.get());
        let end_of = &|topic: &TopicName| {
            if is_silent.load(Ordering::Relaxed) {
                return Cursor::OLDEST;
            }
            let url = format!("{base}{}", topic.poll_path(Cursor::NOW));
            let asked = ask(agent, &url, TIMEOUT);
            if matches!(asked, Err(ureq::Error::Timeout(_))) {
                is_silent.store(true, Ordering::Relaxed);
            }
            let field = |(parts, _): &(Parts, String)| {
                let value = |name| Some(parts.headers.get(name)?.as_bytes());
                AnswerMark::read(value)?.cursor
            };
            asked.ok().as_ref().and_then(field).unwrap_or(Cursor::OLDEST)
        };
        let each = topics.len().div_ceil(POLLS_AT_A_TIME).max(1);
        let ends = std::thread::scope(|scope| {
            let asking: Vec<_> = topics
                .chunks(each)
                .map(|part| scope.spawn(move || part.iter().map(end_of).collect::<Vec<_>>()))
                .collect();
            let parts = asking.into_iter().map(|part| part.join().expect("asking does not panic"));
            parts.flatten().collect()
        });
        self.is_silent.set(is_silent.into_inner());
        ends
    }
}

fn ask(agent: &ureq::Agent, url: &str, timeout: Duration) -> Result<(Parts, String), ureq::Error> {
    let request = agent.get(url).config().timeout_global(Some(timeout)).build();
    let (parts, mut body) = request.call()?.into_parts();
    Ok((parts, body.read_to_string()?))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    /// A server that takes its time for each request, and answers it with these bytes.
    fn slow_server(answer: impl Fn(&str) -> String + Clone + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, answer) = (stream.expect("a connection"), answer.clone());
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0; 1];
                    while matches!(stream.read(&mut byte), Ok(1)) {
                        head.push(byte[0]);
                        if head.ends_with(b"\r\n\r\n") {
                            std::thread::sleep(Duration::from_millis(50));
                            let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
                            stream.write_all(answer(&text).as_bytes()).unwrap();
                        }
                    }
                });
            }
        });
        address
    }

    fn topics(count: u32) -> Vec<TopicName> {
        (0..count).map(TopicName::numbered).collect()
    }

    fn place(position: u64) -> Cursor {
        Cursor { epoch: 7, position }
    }

    #[test]
    fn a_server_that_tells_all_ends_is_asked_once_for_many() {
        let address = slow_server(|head| {
            let query = head.split_whitespace().nth(1).unwrap();
            let names = query.strip_prefix("/ends?topics=").expect(query);
            let ends =
                names.split(',').map(|name| format!("{}\n", place(name[1..].parse().unwrap())));
            let body: String = ends.collect();
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        });
        let ends = Control::new(address).ends_of(&topics(600));
        assert_eq!(ends, (0..600).map(place).collect::<Vec<_>>());
    }

    #[test]
    fn another_server_is_polled_for_several_topics_at_a_time() {
        let address = slow_server(|head| {
            let path = head.split_whitespace().nth(1).unwrap();
            match path.strip_prefix("/topics/t") {
                None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
                Some(rest) => {
                    let end = place(rest[..4].parse().unwrap());
                    format!("HTTP/1.1 204 No Content\r\ncursor: {end}\r\n\r\n")
                }
            }
        });
        #[expect(clippy::disallowed_methods, reason = "the test looks at how long it took")]
        let begin = Instant::now();
        let ends = Control::new(address).ends_of(&topics(64));
        assert_eq!(ends, (0..64).map(place).collect::<Vec<_>>());
        // One after another they take 64 times 50 ms.
        assert!(begin.elapsed() < Duration::from_millis(1_600), "{:?}", begin.elapsed());
    }
}
