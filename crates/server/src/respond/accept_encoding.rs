//! What a request says about codings.

use http::header::{ACCEPT_ENCODING, HeaderMap};
use pushbench_protocol::accepts_coding;

/// Whether a body is to be sent in this coding.
pub(super) fn accepts(fields: &HeaderMap, coding: &str) -> bool {
    let values = fields.get_all(ACCEPT_ENCODING).iter();
    accepts_coding(values.filter_map(|value| value.to_str().ok()), coding)
}
