//! Names on the wire: paths, query parameters and the fields of our own.

use std::fmt;

use crate::{Cursor, Hold};

/// Where the server reports its own books.
pub const STATS: &str = "/stats";
/// Where the server says where topics end, all that are named in one call: `?`[`TOPICS`]`=a,b` is
/// answered with a cursor a line, in the same order; of a topic that nobody has used, the oldest.
pub const ENDS: &str = "/ends";
/// The parameter of [`ENDS`].
pub const TOPICS: &str = "topics";
/// Where the server says that it is alive.
pub const HEALTHZ: &str = "/healthz";
/// Where the server reports its own books to Prometheus.
pub const METRICS: &str = "/metrics";
/// The path of the published sample, answered like a poll of topic [`KAAZING_TOPIC`].
///
/// Source: Lubbers and Greco, "HTML5 WebSocket: A Quantum Leap in Scalability for the Web" (2010).
pub const KAAZING_POLL: &str = "/PollingStock//PollingStock";
/// The topic behind [`KAAZING_POLL`]: the first topic of a run.
pub const KAAZING_TOPIC: &str = "t0000";
/// Response field with the cursor after the messages of an answer.
pub const CURSOR_FIELD: &str = "cursor";
/// Response field with the number of messages the log no longer held for this client.
pub const GAP_FIELD: &str = "gap";
/// What begins a WebSocket text message that is a notice and not a payload: `!gap 12`.
///
/// No payload can begin so, since an envelope is base64url.
pub const NOTICE: u8 = b'!';
/// The notice that there is news to be fetched.
pub const NUDGE_NOTICE: &str = "!news";
/// Parameter of an upgrade that asks for [`NUDGE_NOTICE`] instead of payloads.
pub const NUDGE: &str = "nudge=1";
/// Type of the server-sent event that tells how many messages were dropped; messages have none.
pub const GAP_EVENT: &str = "gap";

/// A topic's name: 1 to 64 of `a-z`, `A-Z`, `0-9`, `-`, `_` and `.`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicName(String);

/// The names of a run's topics, all of one length, so a request's size does not depend on its topic.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TopicNames {
    /// Where the run's names begin; `None` where they are plain.
    first: Option<u32>,
}

impl TopicNames {
    /// Digits of a name that a run has for itself.
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    /// How many such names there are: four digits.
    const COUNT: u32 = 62 * 62 * 62 * 62;

    /// `t0000` and on: for a server that nobody else uses.
    pub const PLAIN: Self = Self { first: None };

    /// For a server that several runs may use at a time: two runs share a name only by a chance of
    /// one in seven million for each topic, so that neither receives the other's messages.
    pub fn of_run(id: &str) -> Self {
        // FNV-1a: ids that differ in one character begin far from each other.
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let first = hash % u64::from(Self::COUNT);
        Self { first: u32::try_from(first).ok() }
    }

    /// The names behind the first `count`: none of theirs, as long as there are names.
    pub fn behind(self, count: u32) -> Self {
        Self { first: self.first.map(|first| (first + count % Self::COUNT) % Self::COUNT) }
    }

    /// The name of the `index`-th topic; as long as [`TopicName::numbered`]'s.
    pub fn name(self, index: u32) -> TopicName {
        let Some(first) = self.first else { return TopicName::numbered(index) };
        let mut left = (first + index % Self::COUNT) % Self::COUNT;
        let mut digits = [0; 4];
        for digit in digits.iter_mut().rev() {
            *digit = Self::DIGITS[(left % 62) as usize];
            left /= 62;
        }
        TopicName(format!("t{}", digits.map(char::from).iter().collect::<String>()))
    }
}

/// Why a text is no topic name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("topic is `{found}`, expected 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`")]
pub struct TopicNameError {
    /// The text as found.
    pub found: String,
}

impl TopicName {
    /// Longest name in bytes.
    pub const MAX_LEN: usize = 64;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// If it is empty, too long or has a character that would need escaping in a path.
    pub fn new(name: &str) -> Result<Self, TopicNameError> {
        Self::check(name).map(|name| Self(name.to_owned()))
    }

    /// Checks a name that is not to be kept.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn check(name: &str) -> Result<&str, TopicNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if (1..=Self::MAX_LEN).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(name)
        } else {
            Err(TopicNameError { found: name.to_owned() })
        }
    }

    /// Name of the `index`-th topic of a run: always 5 characters up to 10,000 topics, so a
    /// request's size does not depend on its topic.
    pub fn numbered(index: u32) -> Self {
        Self(format!("t{index:04}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `POST` here publishes.
    pub fn messages_path(&self) -> String {
        format!("/topics/{self}/messages")
    }

    /// `GET` here is a short poll.
    pub fn poll_path(&self, after: Cursor) -> String {
        format!("/topics/{self}/poll?after={after}")
    }

    /// `GET` here is a long poll: answered once there is news, or with 204 at the end of the hold.
    pub fn long_poll_path(&self, after: Cursor, hold: Hold) -> String {
        format!("/topics/{self}/long-poll?after={after}&hold={hold}")
    }

    /// `GET` here is answered with server-sent events from now on, or after `Last-Event-ID`.
    pub fn events_path(&self) -> String {
        format!("/topics/{self}/events")
    }

    /// `GET` here is answered with a line for each message.
    pub fn stream_path(&self, after: Cursor) -> String {
        format!("/topics/{self}/stream?after={after}")
    }

    /// `GET` here upgrades to a WebSocket.
    pub fn websocket_path(&self, after: Cursor) -> String {
        format!("/topics/{self}/ws?after={after}")
    }

    /// `GET` here upgrades to a WebSocket that sends [`NUDGE_NOTICE`] for each message, and not the message.
    pub fn nudge_path(&self, after: Cursor) -> String {
        format!("/topics/{self}/ws?after={after}&{NUDGE}")
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_need_escaping_is_refused() {
        for name in ["", "a b", "a/b", "é", "a?b", &"x".repeat(65)] {
            assert!(TopicName::new(name).is_err(), "{name}");
        }
        assert!(TopicName::new(&"x".repeat(64)).is_ok());
    }

    #[test]
    fn the_first_topic_of_a_run_is_the_one_behind_the_published_path() {
        assert_eq!(TopicName::numbered(0).as_str(), KAAZING_TOPIC);
    }

    #[test]
    fn runs_at_one_server_have_topics_of_their_own_and_names_of_one_length() {
        let names = |run: TopicNames| (0..1_000).map(move |index| run.name(index));
        let mut seen = std::collections::BTreeSet::new();
        for run in [
            TopicNames::PLAIN,
            TopicNames::of_run("3x0w5s"),
            TopicNames::of_run("3x0w5t"),
            TopicNames::of_run("zzzzzz"),
        ] {
            for name in names(run) {
                assert_eq!(name.as_str().len(), KAAZING_TOPIC.len());
                assert!(TopicName::new(name.as_str()).is_ok());
                seen.insert(name);
            }
        }
        assert_eq!(seen.len(), 4_000, "no name is of two runs");
        let run = TopicNames::of_run("3x0w5s");
        assert!(!names(run).any(|name| name == run.behind(1_000).name(0)));
        assert_eq!(run.behind(999).name(0), run.name(999));
        assert_eq!(TopicNames::PLAIN.behind(7), TopicNames::PLAIN);
        assert_eq!(TopicNames::PLAIN.name(0), TopicName::numbered(0));
    }
}
