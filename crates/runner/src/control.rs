//! Control calls: the server's own books. They are booked apart from every transport.

use std::net::SocketAddr;
use std::time::Duration;

use pushbench_protocol::{Cursor, ServerStats, TopicName, paths};

use crate::RunError;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks a server about itself.
#[derive(Debug)]
pub(crate) struct Control {
    agent: ureq::Agent,
    base: String,
}

impl Control {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        Self { agent: config.new_agent(), base: format!("http://{address}") }
    }

    /// The server's books; an error if it is no Pushbench server or does not answer.
    pub(crate) fn stats(&self) -> Result<ServerStats, RunError> {
        let url = format!("{}{}", self.base, paths::STATS);
        let failed = |reason: String| RunError::Target { url: url.clone(), reason };
        let mut answer = self.agent.get(&url).call().map_err(|error| failed(error.to_string()))?;
        let text = answer.body_mut().read_to_string().map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| {
            failed(format!(
                "status {}, and no books of a Pushbench server: {error}",
                answer.status()
            ))
        })
    }

    /// Where a topic's log ends now, for subscribers who must not be sent what came before; the
    /// oldest place if the server does not say.
    pub(crate) fn end_of(&self, topic: &TopicName) -> Cursor {
        let url = format!("{}{}", self.base, topic.poll_path(Cursor::NOW));
        let answer = self.agent.get(&url).call().ok();
        answer
            .as_ref()
            .and_then(|answer| answer.headers().get(paths::CURSOR_FIELD))
            .and_then(|value| Cursor::decode(value.as_bytes()))
            .unwrap_or(Cursor::OLDEST)
    }
}
