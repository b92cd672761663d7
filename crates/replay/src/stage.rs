//! What every connection is played by.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;

use crate::hub::Hub;
use crate::script::Script;

pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// What every connection is played by.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) script: Script,
    pub(crate) hub: Hub,
    /// How far heartbeats are apart.
    pub(crate) every: Duration,
}
