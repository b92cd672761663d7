//! What a trial is judged by, and how a verdict is put.

use pushbench_load::Outcome;
use pushbench_protocol::{HandshakeStats, TlsUse};
use pushbench_scenario::{Scenario, TransportSettings};
use pushbench_store::{BooksV1, CheckV1, CountsV1, Verdict};

use crate::samples::Unreported;

/// What a trial is judged by.
pub(crate) struct Evidence<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) transport: TransportSettings,
    pub(crate) tls: TlsUse,
    /// TLS handshakes that the server counted, if it is ours.
    pub(crate) handshakes: Option<HandshakeStats>,
    /// What a server of ours did not say of its own books, if it did not always.
    pub(crate) unreported: Option<Unreported>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) counts: &'a CountsV1,
    pub(crate) books: &'a BooksV1,
    /// CPU share of the busiest load worker.
    pub(crate) busy: Option<f64>,
    /// Why the kernel gives no `TCP_INFO`, if it does not.
    pub(crate) kernel_refusal: Option<String>,
    /// Share of the machine's time that the host took.
    pub(crate) steal: Option<f64>,
    /// Whether the trial was played to its end.
    pub(crate) is_complete: bool,
    /// How the server ended before its time, if it did.
    pub(crate) server_death: Option<String>,
    /// What went wrong when the server was told to end, if something did.
    pub(crate) server_end: Option<String>,
}

/// What a check says that had nothing to look at: why not.
pub(crate) fn not_checked(name: &str, why: impl Into<String>) -> CheckV1 {
    check(name, Verdict::NotChecked, why.into())
}

/// A verdict without a figure.
pub(crate) fn check(name: &str, verdict: Verdict, text: String) -> CheckV1 {
    CheckV1 { check: name.to_owned(), verdict, found: None, limit: None, text }
}
