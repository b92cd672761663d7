//! Control calls: the server's own books. They are booked apart from every transport.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use pushbench_protocol::{Cursor, ServerStats, TopicName, paths};

use crate::RunError;

/// Longest wait for a response.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The same from a server that has once not responded: it hangs, and the trial is to end.
const TIMEOUT_OF_SILENT: Duration = Duration::from_millis(300);

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
    fn get(&self, url: &str) -> Result<(ureq::http::response::Parts, String), ureq::Error> {
        let timeout = if self.is_silent() { TIMEOUT_OF_SILENT } else { TIMEOUT };
        let request = self.agent.get(url).config().timeout_global(Some(timeout)).build();
        let asked = request.call().and_then(|response| {
            let (parts, mut body) = response.into_parts();
            Ok((parts, body.read_to_string()?))
        });
        self.is_silent.set(matches!(asked, Err(ureq::Error::Timeout(_))));
        asked
    }

    /// The server's books; an error if it is no Pushbench server or does not answer.
    pub(crate) fn stats(&self) -> Result<ServerStats, RunError> {
        let url = format!("{}{}", self.base, paths::STATS);
        let failed = |reason: String| RunError::Target { url: url.clone(), reason };
        let (parts, text) = self.get(&url).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| {
            failed(format!("status {}, and no books of a Pushbench server: {error}", parts.status))
        })
    }

    /// Where a topic's log ends now, for subscribers who must not be sent what came before; the
    /// oldest place if the server does not say. One that has not responded to the call before is not
    /// asked again: there may be many topics.
    pub(crate) fn end_of(&self, topic: &TopicName) -> Cursor {
        if self.is_silent() {
            return Cursor::OLDEST;
        }
        let url = format!("{}{}", self.base, topic.poll_path(Cursor::NOW));
        let answer = self.get(&url).ok();
        answer
            .as_ref()
            .and_then(|(parts, _)| parts.headers.get(paths::CURSOR_FIELD))
            .and_then(|value| Cursor::decode(value.as_bytes()))
            .unwrap_or(Cursor::OLDEST)
    }
}
