//! The settings that decisions depend on.

use pushbench_protocol::{AllowedHosts, StreamCoding};

use super::bodies::Bodies;
use crate::config::{DeflateLimits, Limits};
use crate::hub::PollSettings;

/// The settings of a server, as far as they decide what becomes of a request.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) poll: PollSettings,
    /// Whether subscribers are told that the server lives while there is no news.
    pub(crate) has_heartbeat: bool,
    pub(crate) bodies: Bodies,
    /// What streams may be compressed with.
    pub(crate) stream_compression: Option<StreamCoding>,
    pub(crate) deflate: Option<DeflateLimits>,
    pub(crate) limits: Limits,
    pub(crate) hosts: AllowedHosts,
    pub(crate) publish_token: Option<String>,
    pub(crate) allowed_origins: Vec<String>,
}
