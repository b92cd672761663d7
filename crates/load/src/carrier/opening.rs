//! What opens a stream or a WebSocket: a whole request, put together by whoever asks for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pushbench_protocol::DeflateTerms;

use crate::Plan;

/// A request whose response does not end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamRequest<'r> {
    /// Its head as HTTP/1.1 writes it.
    pub(crate) head: &'r [u8],
    /// Its body, whose length the head says; empty where there is none.
    pub(crate) body: &'r [u8],
}

/// A request that opens a WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct UpgradeRequest {
    /// Its head as HTTP/1.1 writes it.
    pub(crate) head: Vec<u8>,
    /// The key in it, which HTTP/2 does not send.
    pub(crate) key: String,
    /// The terms of compression in it, if any.
    pub(crate) terms: Option<DeflateTerms>,
}

impl UpgradeRequest {
    /// At this path, as the plan's headers say.
    pub(crate) fn of(plan: &Plan, path: &str, terms: Option<DeflateTerms>) -> Self {
        let key = Self::key();
        let headers = &plan.scenario.headers.request;
        let head = headers.upgrade_offering(plan.head_target(path), &key, terms).bytes;
        Self { head, key, terms }
    }

    /// A key for one request (RFC 6455, section 4.1).
    pub(crate) fn key() -> String {
        STANDARD.encode(rand::random::<[u8; 16]>())
    }
}
