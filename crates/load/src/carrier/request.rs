//! A request that is sent again and again.

use std::cell::RefCell;

use pushbench_protocol::headers::FieldList;
use pushbench_protocol::{Cursor, RequestHead};

/// A request that clients share, each fills in its cursor just before it sends it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// As HTTP/1.1 writes it.
    pub(crate) head: RequestHead,
    /// As a list of fields, where the carrier sends those.
    pub(crate) fields: Option<FieldList>,
}

/// A request of one client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'r> {
    pub(crate) request: &'r RefCell<Request>,
    /// Up to where the client has come.
    pub(crate) cursor: Cursor,
}
