//! A request that is sent again and again.

use std::cell::RefCell;

use pushbench_protocol::headers::FieldList;
use pushbench_protocol::{ByteKind, Cursor, RequestHead};

/// A request that clients share, each fills in its cursor just before it sends it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// As HTTP/1.1 writes it.
    pub(crate) head: RequestHead,
    /// As a list of fields, where the carrier sends those.
    pub(crate) fields: Option<FieldList>,
    /// What comes behind it, whose length the head says; empty where there is none.
    pub(crate) body: Vec<u8>,
    /// What the body is for.
    pub(crate) body_kind: ByteKind,
}

/// A request of one client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'r> {
    pub(crate) request: &'r RefCell<Request>,
    /// Up to where the client has come; `None` where the head says it already.
    pub(crate) cursor: Option<Cursor>,
}
