//! What is written down of a trial: what was received, when, and what was late.

pub(crate) mod hiccup;
pub(crate) mod published;
pub(crate) mod recorder;
pub(crate) mod timeline;
pub(crate) mod turns;
