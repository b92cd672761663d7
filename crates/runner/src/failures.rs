//! Names of failures in results, and whose they are. Pure.

use pushbench_store::Sums;

/// Begins the name of each failure of the publisher; one without it is a client's.
pub(crate) const PUBLISHER: &str = "publisher-";

/// Whether a failure of that name is the publisher's.
pub(crate) fn is_of_the_publisher(error: &str) -> bool {
    error.starts_with(PUBLISHER)
}

/// Whether every connection of a client ended in order.
pub(crate) fn closes_in_order(sums: &Sums) -> bool {
    sums.counts.close_errors.keys().all(|error| is_of_the_publisher(error))
}
