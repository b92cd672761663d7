//! Whether it is known who the server was.

use pushbench_scenario::Trust;
use pushbench_store::{CheckV1, Verdict};

use super::evidence::check;

/// Whose certificate was accepted, of a third-party server in TLS.
pub(crate) fn trust(trust: Option<&Trust>) -> Option<CheckV1> {
    let (verdict, text) = match trust? {
        Trust::System => {
            (Verdict::Ok, "the server's certificate is one that the system's roots vouch for")
        }
        Trust::Certificate(_) => {
            (Verdict::Ok, "the server's certificate is given, or vouched for by one that is")
        }
        Trust::Insecure => (
            Verdict::Warning,
            "any certificate was accepted (trust = \"insecure\"), so it is not known who the server \
             was; for one of your own set `trust` to the path of its certificate",
        ),
    };
    Some(check("trust", verdict, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_could_have_been_anybody_is_a_warning() {
        let of = |trust| self::trust(Some(&trust)).expect("it is in TLS");
        let insecure = of(Trust::Insecure);
        assert_eq!(insecure.verdict, Verdict::Warning);
        assert!(insecure.text.contains("trust = \"insecure\""), "{}", insecure.text);
        assert_eq!(of(Trust::System).verdict, Verdict::Ok);
        assert_eq!(of(Trust::Certificate(Vec::new())).verdict, Verdict::Ok);
        assert_eq!(trust(None), None);
    }
}
