//! Whether the server could be asked for its own books.

use pushbench_store::CheckV1;

use super::evidence::{Circumstances, Evidence, not_checked};
use crate::samples::Unreported;

/// What could not be compared, since a server of ours did not say what it had counted; `None` if it
/// always did, or has died, which is told already.
pub(super) fn server_books(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let Circumstances { unreported, server_death, .. } = evidence.circumstances;
    let unreported = unreported.as_ref().filter(|_| server_death.is_none())?;
    Some(not_checked("server-books", told(unreported)))
}

fn told(unreported: &Unreported) -> String {
    let Unreported { times, first } = unreported;
    let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
    format!(
        "the server failed {times} to report its own counts ({first}): the clients' sockets are \
         not compared with the server's there"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_did_not_report_its_counts_is_named_with_the_first_reason() {
        let told = |times| told(&Unreported { times, first: "timeout".to_owned() });
        assert!(told(1).contains("failed once to report its own counts (timeout)"), "{}", told(1));
        assert!(
            told(3).contains("failed 3 times to report its own counts (timeout)"),
            "{}",
            told(3)
        );
    }
}
