//! Whether TLS began as the scenario says.

use pushbench_protocol::TlsUse;
use pushbench_store::{CheckV1, HandshakesV2, Sums, Verdict};

use super::evidence::not_checked;

/// Whether the handshakes were what was asked for, and the server saw the same.
pub(super) fn handshakes(wanted: TlsUse, sums: &Sums) -> Option<CheckV1> {
    let (seen, server) = (sums.handshakes.as_ref()?, sums.server_handshakes);
    let (other, expected) = match wanted {
        TlsUse::None => return None,
        TlsUse::Full => (seen.resumed, "full"),
        TlsUse::Resumed => (seen.full, "resumed"),
    };
    let ours =
        HandshakesV2 { full: seen.full + seen.preliminary, resumed: seen.resumed, failed: 0 };
    let mut text = format!(
        "{} full and {} resumed TLS handshakes, expected {expected} ones",
        seen.full, seen.resumed
    );
    if seen.preliminary > 0 {
        text.push_str(&format!(
            "; {} more made the sessions, in books of their own",
            seen.preliminary
        ));
    }
    let disagrees = server.filter(|server| *server != ours);
    if let Some(HandshakesV2 { full, resumed, failed }) = disagrees {
        text.push_str(&format!("; the server saw {full} full, {resumed} resumed, {failed} failed"));
    }
    if seen.full + seen.resumed == 0 && disagrees.is_none() {
        let text =
            format!("no TLS handshake of a client came to its end, expected {expected} ones");
        return Some(not_checked("tls-handshakes", text));
    }
    let is_ok = other == 0 && disagrees.is_none();
    Some(CheckV1 {
        check: "tls-handshakes".to_owned(),
        verdict: if is_ok { Verdict::Ok } else { Verdict::Invalid },
        found: Some(other as f64),
        limit: Some(0.0),
        text,
    })
}

#[cfg(test)]
mod tests {
    use pushbench_store::ClientHandshakes;

    use super::*;

    fn check(
        wanted: TlsUse,
        seen: &ClientHandshakes,
        server_handshakes: Option<HandshakesV2>,
    ) -> Option<CheckV1> {
        let handshakes = Some(seen.clone());
        super::handshakes(wanted, &Sums { handshakes, server_handshakes, ..Sums::default() })
    }

    #[test]
    fn handshakes_of_another_kind_than_asked_for_make_the_trial_invalid() {
        let seen = ClientHandshakes { resumed: 9, full: 1, preliminary: 10, cipher_suite: None };
        let verdict = |wanted| check(wanted, &seen, None).map(|check| check.verdict);
        assert_eq!(verdict(TlsUse::Resumed), Some(Verdict::Invalid));
        assert_eq!(verdict(TlsUse::Full), Some(Verdict::Invalid));
        assert_eq!(verdict(TlsUse::None), None);
        assert_eq!(handshakes(TlsUse::Full, &Sums::default()), None);
    }

    #[test]
    fn no_handshake_at_all_is_not_the_kind_that_was_asked_for() {
        let none = ClientHandshakes::default();
        for wanted in [TlsUse::Full, TlsUse::Resumed] {
            let found = check(wanted, &none, None).expect("TLS was used");
            assert_eq!(found.verdict, Verdict::NotChecked, "{}", found.text);
        }
        let server = Some(HandshakesV2 { full: 0, resumed: 0, failed: 3 });
        let found = check(TlsUse::Resumed, &none, server).expect("TLS was used");
        assert_eq!(found.verdict, Verdict::Invalid, "the server saw some: {}", found.text);
    }

    #[test]
    fn a_server_that_saw_other_handshakes_makes_the_trial_invalid() {
        let seen = ClientHandshakes { resumed: 10, preliminary: 10, ..ClientHandshakes::default() };
        let same = HandshakesV2 { full: 10, resumed: 10, failed: 0 };
        for (server, verdict) in [
            (None, Verdict::Ok),
            (Some(same), Verdict::Ok),
            (Some(HandshakesV2 { failed: 1, ..same }), Verdict::Invalid),
            (Some(HandshakesV2 { full: 20, resumed: 0, ..same }), Verdict::Invalid),
        ] {
            let found = check(TlsUse::Resumed, &seen, server).expect("TLS was used");
            assert_eq!(found.verdict, verdict, "{}", found.text);
        }
    }
}
