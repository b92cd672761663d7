//! What there is a model of.

use crate::Transport;

impl Transport {
    /// Why nobody can predict its bytes; `None` where the model holds.
    pub const fn without_model(&self) -> Option<&'static str> {
        match (&self.server, &self.proxy) {
            (Some(_), _) => Some("there is no model of a third-party server"),
            (None, Some(_)) => Some("there is no model of a proxy"),
            (None, None) => None,
        }
    }
}
