//! What a trial is judged by, and how a verdict is put.

use pushbench_protocol::TlsUse;
use pushbench_scenario::{Scenario, TransportSettings};
use pushbench_store::{BooksV1, CheckV1, LinkV2, MachineV2, ProxyV2, Sums, Verdict};

use crate::samples::Unreported;

/// What a trial is judged by: what it was to do, its sums, and what happened to whoever conducted it.
pub(crate) struct Evidence<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) transport: TransportSettings,
    pub(crate) tls: TlsUse,
    /// Everything that was counted.
    pub(crate) sums: &'a Sums,
    /// The books that were made of it.
    pub(crate) books: &'a BooksV1,
    /// The machines it ran on.
    pub(crate) machines: &'a [MachineV2],
    /// What happened to whoever conducted it.
    pub(crate) circumstances: &'a Circumstances,
}

/// What happened to whoever conducted a trial: words and no counts. The default is that all went well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    /// What a server of ours did not say of its own books, if it did not always.
    pub(crate) unreported: Option<Unreported>,
    /// Whether the kernel told of the server's ends of connections, or why not; absent if it was not
    /// asked.
    pub(crate) server_ends: Option<Result<(), String>>,
    /// Why the kernel gives no `TCP_INFO`, if it does not.
    pub(crate) kernel_refusal: Option<String>,
    /// How the server ended before its time, if it did.
    pub(crate) server_death: Option<String>,
    /// What went wrong when the server was told to end, if something did.
    pub(crate) server_end: Option<String>,
    /// What the link saw that it was played over; `None` without one.
    pub(crate) link: Option<LinkV2>,
    /// The proxy that the clients connected to; `None` without one.
    pub(crate) proxy: Option<ProxyV2>,
    /// Why the trial was ended that was to keep to planned moments: it was not ready at one.
    pub(crate) late: Option<String>,
    /// Shards that were lost, and why; `None` where one process played all.
    pub(crate) lost_shards: Option<Vec<String>>,
}

/// What a check says that had nothing to look at: why not.
pub(crate) fn not_checked(name: &str, why: impl Into<String>) -> CheckV1 {
    check(name, Verdict::NotChecked, why.into())
}

/// A verdict without a figure.
pub(crate) fn check(name: &str, verdict: Verdict, text: String) -> CheckV1 {
    CheckV1 { check: name.to_owned(), verdict, found: None, limit: None, text }
}
