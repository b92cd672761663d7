//! Whether TLS began as the scenario says.

use pushbench_load::Outcome;
use pushbench_protocol::{HandshakeStats, TlsUse};
use pushbench_store::{CheckV1, Verdict};

use super::evidence::not_checked;

/// Whether the handshakes were what was asked for, and the server saw the same.
pub(super) fn handshakes(
    wanted: TlsUse,
    outcome: &Outcome,
    server: Option<HandshakeStats>,
) -> Option<CheckV1> {
    let seen = outcome.handshakes.as_ref()?;
    let (other, expected) = match wanted {
        TlsUse::None => return None,
        TlsUse::Full => (seen.resumed, "full"),
        TlsUse::Resumed => (seen.full, "resumed"),
    };
    let ours =
        HandshakeStats { full: seen.full + seen.preliminary, resumed: seen.resumed, failed: 0 };
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
    if let Some(HandshakeStats { full, resumed, failed }) = disagrees {
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
    use pushbench_load::Handshakes;

    use super::*;

    #[test]
    fn handshakes_of_another_kind_than_asked_for_make_the_trial_invalid() {
        let seen = Handshakes { resumed: 9, full: 1, preliminary: 10, ..Handshakes::default() };
        let outcome = Outcome { handshakes: Some(seen), ..Outcome::default() };
        let check = |wanted, server| handshakes(wanted, &outcome, server).map(|c| c.verdict);
        assert_eq!(check(TlsUse::Resumed, None), Some(Verdict::Invalid));
        assert_eq!(check(TlsUse::Full, None), Some(Verdict::Invalid));
        assert_eq!(check(TlsUse::None, None), None);
        assert_eq!(handshakes(TlsUse::Full, &Outcome::default(), None), None);
    }

    #[test]
    fn no_handshake_at_all_is_not_the_kind_that_was_asked_for() {
        let outcome = Outcome { handshakes: Some(Handshakes::default()), ..Outcome::default() };
        for wanted in [TlsUse::Full, TlsUse::Resumed] {
            let found = handshakes(wanted, &outcome, None).expect("TLS was used");
            assert_eq!(found.verdict, Verdict::NotChecked, "{}", found.text);
        }
        let server = Some(HandshakeStats { full: 0, resumed: 0, failed: 3 });
        let found = handshakes(TlsUse::Resumed, &outcome, server).expect("TLS was used");
        assert_eq!(found.verdict, Verdict::Invalid, "the server saw some: {}", found.text);
    }

    #[test]
    fn a_server_that_saw_other_handshakes_makes_the_trial_invalid() {
        let seen = Handshakes { resumed: 10, preliminary: 10, ..Handshakes::default() };
        let outcome = Outcome { handshakes: Some(seen), ..Outcome::default() };
        let same = HandshakeStats { full: 10, resumed: 10, failed: 0 };
        for (server, verdict) in [
            (None, Verdict::Ok),
            (Some(same), Verdict::Ok),
            (Some(HandshakeStats { failed: 1, ..same }), Verdict::Invalid),
            (Some(HandshakeStats { full: 20, resumed: 0, ..same }), Verdict::Invalid),
        ] {
            let found = handshakes(TlsUse::Resumed, &outcome, server).expect("TLS was used");
            assert_eq!(found.verdict, verdict, "{}", found.text);
        }
    }
}
