//! A third-party server's own protocol.

use std::time::Duration;

/// What a server says, and what it wants to hear.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Speech {
    /// What it says first.
    pub(crate) greeting: &'static [&'static str],
    /// What it says to what it receives.
    pub(crate) replies: &'static [(&'static str, &'static str)],
    /// What it receives before it pushes messages; empty if it does so at once.
    pub(crate) subscribes: &'static str,
    /// A message with a text in the place of `{}`, in one piece or several.
    pub(crate) message: &'static [&'static str],
    /// How often it says what, and what it has to hear before it does so again.
    pub(crate) heartbeat: Option<(Duration, &'static str, &'static str)>,
}

impl Speech {
    /// Says nothing but messages, as they are.
    pub(crate) const PLAIN: Self =
        Self { greeting: &[], replies: &[], subscribes: "", message: &["{}"], heartbeat: None };

    /// A message in its pieces.
    pub(super) fn pieces(self, text: &str) -> Vec<String> {
        self.message.iter().map(|piece| piece.replace("{}", text)).collect()
    }

    /// Messages in the body of one response, each behind a record separator but for the first. A
    /// heartbeat of no interval stands before them, if there are any; one of another in their place.
    pub(super) fn polled(self, texts: &[String]) -> String {
        let heartbeat = self
            .heartbeat
            .filter(|(every, ..)| every.is_zero() != texts.is_empty())
            .map(|(_, heartbeat, _)| heartbeat.to_owned());
        let messages = texts.iter().map(|text| self.pieces(text).concat());
        heartbeat.into_iter().chain(messages).collect::<Vec<_>>().join("\u{1e}")
    }
}
