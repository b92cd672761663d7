//! Servers with protocols of their own that are polled, or that have requests before a connection.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{ByteKind, Direction, HttpVersion, Phase, TransportKind};

use super::stand_in::speech::Speech;
use super::stand_in::{CUT, GIVEN_UP, Manners};
use super::third_party::{
    CLIENTS, MESSAGES, check, counts, kinds, play_in, play_over, scenario_of,
};
use crate::Fault;

/// Socket.IO's polling as its documents have it, but for its paths: two requests before the first poll,
/// several packets in a body, a heartbeat that is answered by a request.
const SOCKET_IO: &str = r#"
split = { separator = "\u001e" }
carry = { cursor = { header = "Cursor", first = "${from}" } }
steps = [
  { url = "/say", expect = "0${any}", get = { sid = { after = "0", json = "/sid" } } },
  { url = "/say", body = "40${sid}", expect = "ok" },
]
message = '42["item",${payload|json}]'
heartbeat = { match = "2", reply = { url = "/say", body = "3" } }
close = { url = "/say", body = "41" }
"#;

const SPEAKS_SOCKET_IO: Speech = Speech {
    greeting: &[],
    replies: &[("", "0{\"sid\":\"a\"}")],
    subscribes: "",
    message: &["42[\"item\",\"{}\"]"],
    heartbeat: Some((Duration::ZERO, "2", "3")),
};

#[test]
fn polls_of_socket_io_are_opened_by_requests_and_their_heartbeats_are_answered() {
    for http in [HttpVersion::Http11, HttpVersion::Http2] {
        for kind in [TransportKind::LongPoll, TransportKind::ShortPoll] {
            let label = format!("{kind} over {http}");
            let seen = play_over(kind, http, SOCKET_IO, SPEAKS_SOCKET_IO);
            check(&label, &seen);
            let (counts, n) = (counts(&seen), CLIENTS * MESSAGES);
            let heartbeats = counts.heartbeats;
            assert_eq!(heartbeats, counts.polls - counts.empty_polls, "{label}: each has one");
            let [payload, _, _, _, wrapping, control, handshake, unexplained] =
                kinds(&seen, Phase::Measure, Direction::Down);
            assert_eq!(
                [payload, wrapping, handshake, unexplained],
                [16 * n, 13 * n, 0, 0],
                "{label}"
            );
            // HTTP/2's own frames are control too.
            if http == HttpVersion::Http11 {
                // A heartbeat with its separator, and "ok" in response to the reply to it.
                assert_eq!(control, heartbeats * 4, "{label}");
                let [.., up, _, _] = kinds(&seen, Phase::Measure, Direction::Up);
                assert_eq!(up, heartbeats, "{label}: a reply has one byte");
                let [.., up, _] = kinds(&seen, Phase::Connect, Direction::Up);
                assert_eq!(up, CLIENTS * 3, "{label}: `40a`");
            }
            let received = |what: &str| {
                seen.received.iter().filter(|received| *received == what).count() as u64
            };
            assert_eq!([received(""), received("40a"), received("41")], [CLIENTS; 3], "{label}");
            let first = |what: &str| seen.received.iter().position(|received| received == what);
            let cut = first(CUT);
            assert_eq!(
                cut.is_some(),
                kind == TransportKind::LongPoll && http == HttpVersion::Http11
            );
            // A server that misses the held poll has forgotten who says the last words.
            assert!(cut.is_none_or(|cut| first("41").is_some_and(|last| last < cut)), "{label}");
            assert!(received("3") >= heartbeats, "{label}: {} for {heartbeats}", received("3"));
        }
    }
}

#[test]
fn a_heartbeat_in_a_poll_is_replied_to_while_others_still_connect() {
    let every = Duration::from_millis(300);
    let heartbeat = Some((every, "2", "3"));
    let speech = Speech { heartbeat, ..SPEAKS_SOCKET_IO };
    for http in [HttpVersion::Http11, HttpVersion::Http2] {
        let (mut scenario, transport) = scenario_of(TransportKind::LongPoll, http);
        // The last connects when the first has been asked several times whether it is there.
        scenario.load.connects_per_second = NonZeroU32::new(2).expect("not 0");
        let seen = play_in((scenario, transport), SOCKET_IO, Manners::Speaks(speech));
        check(&format!("heartbeats over {http}"), &seen);
        let count = |what: &str| seen.received.iter().filter(|said| *said == what).count();
        assert_eq!(count(GIVEN_UP), 0, "{http}: {:?}", seen.received);
        assert!(count("3") >= 6, "{http}: {:?}", seen.received);
    }
}

#[test]
fn a_body_that_begins_while_the_poll_is_held_is_booked_with_its_message() {
    let keys = "carry = { cursor = { header = \"Cursor\", first = \"${from}\" } }\n\
                message = '[${payload|json}]'";
    let manners = Manners::BeginsEarly { before: "[\"", behind: "\"]" };
    for http in [HttpVersion::Http11, HttpVersion::Http2] {
        let seen = play_in(scenario_of(TransportKind::LongPoll, http), keys, manners);
        check(&format!("a body in two pieces over {http}"), &seen);
        let [payload, _, _, _, wrapping, ..] = kinds(&seen, Phase::Measure, Direction::Down);
        let n = CLIENTS * MESSAGES;
        assert_eq!([payload, wrapping], [16 * n, 4 * n], "{http}");
    }
}

#[test]
fn a_websocket_and_a_stream_may_be_opened_by_requests_before_them() {
    let keys = "steps = [\n{ url = \"/say\", method = \"POST\", body = \"hello\", expect = \"welcome ${any}\", \
                get = { room = { text = \"welcome ${value}\" } } },\n]\n\
                message = \"${room}:${payload}\"";
    let speech =
        Speech { replies: &[("hello", "welcome r1")], message: &["r1:{}"], ..Speech::PLAIN };
    for http in [HttpVersion::Http11, HttpVersion::Http2] {
        for kind in [TransportKind::WebSocket, TransportKind::Stream] {
            let speech = match kind {
                TransportKind::Stream => Speech { message: &["r1:{}\n"], ..speech },
                _ => speech,
            };
            let seen = play_over(kind, http, keys, speech);
            check(&format!("{kind} over {http}"), &seen);
            let [payload, _, _, _, wrapping, ..] = kinds(&seen, Phase::Measure, Direction::Down);
            let n = CLIENTS * MESSAGES;
            assert_eq!([payload, wrapping], [16 * n, 3 * n], "{kind} over {http}");
            assert_eq!(seen.received, vec!["hello"; CLIENTS as usize], "{kind} over {http}");
            let ledger = &seen.outcome.workers[0].ledger;
            let down = ledger.kinds(Phase::Connect, Direction::Down);
            assert!(down[ByteKind::Handshake] >= CLIENTS * 10, "{kind} over {http}");
        }
    }
}

#[test]
fn a_stream_takes_its_leave_by_a_request_and_keep_alives_that_nobody_sends_are_refused() {
    let speech = Speech { message: &["{}\n"], ..Speech::PLAIN };
    let leaves = "close = { url = \"/say\", body = \"bye\" }";
    let seen = play_over(TransportKind::Stream, HttpVersion::Http11, leaves, speech);
    check("a stream that takes its leave", &seen);
    assert_eq!(seen.received, vec!["bye"; CLIENTS as usize]);

    let keeps = "keep_alive = { every = \"1s\", send = { url = \"/say\", body = \"here\" } }";
    let polls = format!("carry = {{ cursor = {{ header = \"Cursor\" }} }}\n{keeps}");
    for (kind, keys) in [(TransportKind::Stream, keeps), (TransportKind::ShortPoll, &polls)] {
        let seen = play_over(kind, HttpVersion::Http11, keys, speech);
        let worker = &seen.outcome.workers[0];
        assert_eq!(worker.counts.faults[&Fault::Adapter], CLIENTS, "{kind}");
        let told = worker.unexpected[&Fault::Adapter].dialogue.clone().unwrap_or_default();
        assert!(told.contains("`keep_alive`"), "{told}");
    }
}

#[test]
fn a_first_request_that_is_refused_says_which_with_what_came() {
    let speech = Speech { replies: &[("", "nobody knows")], ..SPEAKS_SOCKET_IO };
    let seen = play_over(TransportKind::LongPoll, HttpVersion::Http11, SOCKET_IO, speech);
    let worker = &seen.outcome.workers[0];
    assert_eq!(worker.counts.faults[&Fault::Adapter], CLIENTS);
    let told = worker.unexpected[&Fault::Adapter].dialogue.clone().unwrap_or_default();
    assert!(told.contains("step 1 of 2") && told.contains("nobody knows"), "{told}");
}
