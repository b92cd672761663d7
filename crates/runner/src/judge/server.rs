//! Whether the server ran throughout the trial.

use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check};

pub(super) fn server(evidence: &Evidence<'_>) -> CheckV1 {
    let name = "server-alive";
    match (&evidence.circumstances.server_death, &evidence.circumstances.server_end) {
        (Some(how), _) => check(
            name,
            Verdict::Invalid,
            format!("the server process ended in the middle of the trial: {how}"),
        ),
        (None, Some(how)) => {
            check(name, Verdict::Warning, format!("the server did not end cleanly: {how}"))
        }
        // What ended it is another check's.
        (None, None) if !evidence.sums.is_complete() => {
            check(name, Verdict::Ok, "the server ran as long as the trial".to_owned())
        }
        (None, None) => check(name, Verdict::Ok, "the server ran throughout the trial".to_owned()),
    }
}
