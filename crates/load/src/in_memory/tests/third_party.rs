//! Servers with protocols of their own: what each byte was for, and what is told of one that does not
//! do as its adapter says.

use std::path::Path;
use std::time::Duration;

use pushbench_adapter::read;
use pushbench_protocol::{ByteKind, Direction, HttpVersion, Phase, TransportKind};
use pushbench_scenario::{Scenario, Transport};
use pushbench_wire::Ledger;

use super::adapted::adapted;
use super::player::{Seen, play_adapted};
use super::stand_in::Manners;
use super::stand_in::speech::Speech;
use super::{check_books, check_measured, scenario};
use crate::{Counts, Fault};

/// Messages that one client receives in the measure phase.
pub(super) const MESSAGES: u64 = 20;
pub(super) const CLIENTS: u64 = 4;

/// Socket.IO as its documents have it, but for its path.
const SOCKET_IO: &str = r#"
steps = [
  { expect = "0${any}" },
  { send = "40", expect = "40${any}" },
  { send = '42["join",${channel|json}]' },
]
message = '42["item",${payload|json}]'
heartbeat = { match = "2", reply = "3" }
error = "44${any}"
close = "41"
"#;

const SPEAKS_SOCKET_IO: Speech = Speech {
    greeting: &["0{\"sid\":\"a\",\"pingInterval\":300}"],
    replies: &[("40", "40{\"sid\":\"b\"}")],
    subscribes: "42[\"join\",\"t0000\"]",
    message: &["42[\"item\",\"{}\"]"],
    heartbeat: Some((Duration::from_millis(300), "2", "3")),
};

/// Plays a kind over HTTP/1.1 in clear text, by an adapter with these keys.
fn play(kind: TransportKind, keys: &str, speech: Speech) -> Seen {
    play_over(kind, HttpVersion::Http11, keys, speech)
}

pub(super) fn play_over(
    kind: TransportKind,
    http: HttpVersion,
    keys: &str,
    speech: Speech,
) -> Seen {
    play_in(scenario_of(kind, http), keys, Manners::Speaks(speech))
}

/// Plays a transport of a scenario, by an adapter with these keys.
pub(super) fn play_in(
    (scenario, transport): (Scenario, Transport),
    keys: &str,
    manners: Manners,
) -> Seen {
    let kind = transport.settings.kind();
    let path = match kind {
        TransportKind::WebSocket => "/topics/${channel}/ws?after=${from}",
        TransportKind::Sse => "/topics/${channel}/events",
        TransportKind::ShortPoll => "/topics/${channel}/poll?after=${cursor}",
        TransportKind::LongPoll => "/topics/${channel}/long-poll?after=${cursor}&hold=25s",
        _ => "/topics/${channel}/stream?after=${from}",
    };
    let text = format!(
        "about = \"a server\"\ndocuments = \"these tests\"\n\
         publish = {{ url = \"/\", body = \"${{payload}}\" }}\n[settings]\nfrom = \"\"\n\
         [transport.{kind}]\nurl = \"{path}\"\n{keys}\n"
    );
    let adapter = read(Path::new("server.toml"), &text).unwrap_or_else(|no| panic!("{no}"));
    play_adapted(&scenario, &transport, manners, adapted(&adapter, kind))
}

/// Messages of 16 bytes, by this kind.
pub(super) fn scenario_of(kind: TransportKind, http: HttpVersion) -> (Scenario, Transport) {
    let mut scenario = scenario("every");
    scenario.workload.payload.bytes = 16;
    let is_it = |of: &&Transport| {
        of.settings.kind() == kind && of.carriage.http == http && of.label.ends_with("tls-none")
    };
    let transport = scenario.transports.iter().find(is_it).expect("it is there").clone();
    (scenario, transport)
}

pub(super) fn counts(seen: &Seen) -> &Counts {
    &seen.outcome.workers[0].counts
}

pub(super) fn kinds(seen: &Seen, phase: Phase, direction: Direction) -> [u64; 8] {
    let ledger: &Ledger = &seen.outcome.workers[0].ledger;
    let kinds = ledger.kinds(phase, direction);
    [
        ByteKind::Payload,
        ByteKind::Repeat,
        ByteKind::Header,
        ByteKind::Framing,
        ByteKind::Wrapping,
        ByteKind::Control,
        ByteKind::Handshake,
        ByteKind::Unexplained,
    ]
    .map(|kind| kinds[kind])
}

/// All has come, once, and the books agree.
pub(super) fn check(label: &str, seen: &Seen) {
    check_books(label, seen);
    let counts = counts(seen);
    assert!(counts.faults.is_empty(), "{label}: {:?}", seen.outcome.workers[0].unexpected);
    assert!(counts.close_faults.is_empty(), "{label}: {:?}", counts.close_faults);
    let expected = CLIENTS * MESSAGES;
    assert_eq!((counts.expected, counts.delivered), (expected, expected), "{label}");
    assert_eq!((counts.lost, counts.duplicates, counts.foreign), (0, 0, 0), "{label}");
    assert!(seen.outcome.workers[0].unexpected.is_empty(), "{label}");
}

#[test]
fn a_message_of_socket_io_is_29_bytes_of_which_13_are_wrapping_and_every_heartbeat_is_answered() {
    let seen = play(TransportKind::WebSocket, SOCKET_IO, SPEAKS_SOCKET_IO);
    check("socket.io", &seen);
    // Two seconds with a heartbeat each 0.3 s: the server ends a connection that misses one.
    let heartbeats = counts(&seen).heartbeats;
    assert!((CLIENTS * 6..=CLIENTS * 7).contains(&heartbeats), "{heartbeats}");
    let n = CLIENTS * MESSAGES;
    // A frame's header is 2 bytes, and 4 more of key from a client (RFC 6455, section 5.2).
    let down = [16 * n, 0, 0, 2 * (n + heartbeats), 13 * n, heartbeats, 0, 0];
    assert_eq!(kinds(&seen, Phase::Measure, Direction::Down), down);
    let up = [0, 0, 0, 6 * heartbeats, 0, heartbeats, 0, 0];
    assert_eq!(kinds(&seen, Phase::Measure, Direction::Up), up);
    // "40" and the event with the room, masked; the opening packet and the namespace's.
    let [.., framing, _, _, handshake, _] = kinds(&seen, Phase::Connect, Direction::Up);
    let said = "40".len() + "42[\"join\",\"t0000\"]".len();
    assert_eq!(framing, CLIENTS * 2 * 6);
    assert!(handshake > CLIENTS * said as u64, "the upgrade is one too");
    // The last words, and a close frame.
    let [.., close, _, _] = kinds(&seen, Phase::Close, Direction::Up);
    assert_eq!(close, CLIENTS * (2 + 6 + 2), "`41`, and a close frame with a code");
}

#[test]
fn what_no_rule_explains_is_booked_as_that_with_its_first_bytes() {
    let speech = Speech { message: &["who knows?", "42[\"item\",\"{}\"]"], ..SPEAKS_SOCKET_IO };
    let seen = play(TransportKind::WebSocket, SOCKET_IO, speech);
    check("unexplained", &seen);
    assert_eq!(counts(&seen).first_unexplained.as_deref(), Some("who knows?"));
    let [.., unexplained] = kinds(&seen, Phase::Measure, Direction::Down);
    assert_eq!(unexplained, 10 * CLIENTS * MESSAGES);
}

#[test]
fn an_error_that_the_server_tells_is_a_failure_with_what_it_said() {
    let speech = Speech {
        message: &["42[\"item\",\"{}\"]", "44{\"message\":\"quota\"}"],
        ..SPEAKS_SOCKET_IO
    };
    let seen = play(TransportKind::WebSocket, SOCKET_IO, speech);
    check_books("errors", &seen);
    let counts = counts(&seen);
    assert_eq!((counts.delivered, counts.lost), (CLIENTS * MESSAGES, 0), "the client goes on");
    // 5 messages of the warm-up and 20 of the measure phase.
    assert_eq!(counts.faults[&Fault::ServerError], CLIENTS * 25);
    let kept = &seen.outcome.workers[0].unexpected[&Fault::ServerError];
    assert!(kept.dialogue.as_deref().is_some_and(|told| told.contains("quota")), "{kept:?}");
}

#[test]
fn an_error_that_the_server_tells_of_the_last_words_is_one_of_the_end() {
    let speech = Speech {
        replies: &[("40", "40{\"sid\":\"b\"}"), ("41", "44{\"message\":\"not so fast\"}")],
        ..SPEAKS_SOCKET_IO
    };
    let seen = play(TransportKind::WebSocket, SOCKET_IO, speech);
    check_books("errors of the end", &seen);
    let counts = counts(&seen);
    assert!(counts.faults.is_empty(), "{:?}", counts.faults);
    assert_eq!(counts.close_faults, [(Fault::ServerError, CLIENTS)].into());
    let kept = &seen.outcome.workers[0].unexpected[&Fault::ServerError];
    assert!(kept.dialogue.as_deref().is_some_and(|told| told.contains("not so fast")), "{kept:?}");
}

#[test]
fn an_opening_that_fails_says_in_which_step_with_what_came() {
    let refuses = Speech { replies: &[("40", "44{\"message\":\"bad\"}")], ..SPEAKS_SOCKET_IO };
    let other = Speech { greeting: &["hello"], ..SPEAKS_SOCKET_IO };
    let silent = Speech { replies: &[], heartbeat: None, ..SPEAKS_SOCKET_IO };
    for (speech, fault, parts) in [
        (refuses, Fault::ServerError, &["step 2 of 3", "bad"][..]),
        (other, Fault::Adapter, &["step 1 of 3", "hello"]),
        (silent, Fault::OpenTimeout, &["\"40\" was the last", "nothing came since"]),
    ] {
        let seen = play(TransportKind::WebSocket, SOCKET_IO, speech);
        let worker = &seen.outcome.workers[0];
        let faults: Vec<_> = worker.counts.faults.clone().into_iter().collect();
        assert_eq!(faults, [(fault, CLIENTS)], "{speech:?}");
        let told = worker.unexpected[&fault].dialogue.clone().unwrap_or_default();
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        assert_eq!(worker.counts.delivered, 0);
    }
}

#[test]
fn what_is_kept_of_what_a_server_repeats_has_no_secret_in_it() {
    let keys = "steps = [{ send = \"LOGIN ${env:TOKEN}\", expect = \"OK\" }]\nerror = \"no ${any}\"\n\
                message = \"m${payload}\"";
    let all = |message| Speech {
        greeting: &[],
        replies: &[("LOGIN s3cr3t", "OK")],
        subscribes: "LOGIN s3cr3t",
        message,
        heartbeat: None,
    };
    let refuses = Speech { replies: &[("LOGIN s3cr3t", "no s3cr3t")], ..all(&["m{}"]) };
    let silent = Speech { replies: &[], ..all(&["m{}"]) };
    let errs = all(&["m{}", "no s3cr3t"]);
    let is_strange = all(&["m{}", "what s3cr3t"]);
    // No message of ours, of which 64 bytes are kept: they end in the secret.
    let is_cut =
        all(&["m{}", "mxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxs3cr3t"]);
    for speech in [refuses, silent, errs, is_strange, is_cut] {
        let seen = play(TransportKind::WebSocket, keys, speech);
        let kept = &seen.outcome.workers[0];
        let kept = format!("{:?} {:?}", kept.unexpected, kept.counts);
        assert!(kept.contains("${env:TOKEN}") && !kept.contains("s3cr"), "{kept}");
    }
}

#[test]
fn a_unit_may_be_cut_anywhere_in_messages_that_are_a_stream_of_bytes() {
    let keys = "split = { separator = \"\\r\\n\", across_messages = true, counted = \"MSG \" }\n\
                message = \"MSG ${channel} 1 ${any}\\r\\n${payload}\"\nignore = \"PING\"";
    const WHOLE: &[&str] = &["MSG t0000 1 16\r\n{}\r\n"];
    const CUT: &[&str] = &["M", "SG t0000 1 16\r", "\n{}\r", "\nPING\r\n"];
    for message in [WHOLE, CUT] {
        let seen = play(TransportKind::WebSocket, keys, Speech { message, ..Speech::PLAIN });
        check("a stream of bytes", &seen);
        let [payload, _, _, framing, wrapping, control, ..] =
            kinds(&seen, Phase::Measure, Direction::Down);
        let n = CLIENTS * MESSAGES;
        // The separator behind a unit is framing, and so are the headers of frames.
        let frames = 2 * message.len() as u64 * n;
        assert_eq!(payload, 16 * n);
        assert_eq!(
            framing + wrapping + control - frames,
            match message.len() {
                1 => 18 * n,
                _ => 24 * n,
            }
        );
    }
}

#[test]
fn events_and_lines_are_taken_wherever_they_are_cut_whatever_carries_them() {
    let n = CLIENTS * MESSAGES;
    for http in [HttpVersion::Http11, HttpVersion::Http2] {
        const EVENT: &[&str] = &[": hi\n", "data: {\"d\":", "\"{}\"", "}\n", "\n"];
        let keys = "message = '{\"d\":${payload|json}}'";
        let speech = Speech { message: EVENT, ..Speech::PLAIN };
        let seen = play_over(TransportKind::Sse, http, keys, speech);
        check("events", &seen);
        let [payload, _, _, _, wrapping, control, _, unexplained] =
            kinds(&seen, Phase::Measure, Direction::Down);
        assert_eq!([payload, wrapping, control, unexplained], [16 * n, 8 * n, 5 * n, 0], "{http}");

        const LINE: &[&str] = &["{\"d\":\"", "{}\"}", "\n"];
        let speech = Speech { message: LINE, ..Speech::PLAIN };
        let seen = play_over(TransportKind::Stream, http, keys, speech);
        check("lines", &seen);
        let [payload, _, _, _, wrapping, control, _, unexplained] =
            kinds(&seen, Phase::Measure, Direction::Down);
        assert_eq!([payload, wrapping, control, unexplained], [16 * n, 8 * n, 0, 0], "{http}");
    }
}

#[test]
fn a_unit_that_has_begun_when_books_are_closed_is_of_the_phase_in_which_it_ends() {
    // A comment belongs to the event whose empty line comes with the next message.
    const EVENT: &[&str] = &["data: {}\n\n", ": still here\n"];
    for http in [HttpVersion::Http11, HttpVersion::Http2] {
        let speech = Speech { message: EVENT, ..Speech::PLAIN };
        let seen = play_over(TransportKind::Sse, http, "", speech);
        check(&format!("a comment without its end over {http}"), &seen);
        check_measured(&format!("the same over {http}"), &seen);
    }
}

#[test]
fn what_keeps_a_connection_alive_is_sent_in_time_and_is_control() {
    let keys = "keep_alive = { every = \"400ms\", send = \"ping\" }";
    let seen = play(TransportKind::WebSocket, keys, Speech::PLAIN);
    check("keep-alive", &seen);
    let [.., framing, _, control, _, _] = kinds(&seen, Phase::Measure, Direction::Up);
    // Two seconds, each 0.4 s.
    assert_eq!((control, framing), (CLIENTS * 5 * 4, CLIENTS * 5 * 6));
}

#[test]
fn of_a_server_that_publishes_by_itself_each_id_is_a_delivery_once() {
    let keys = "publish = \"theirs\"\nmessage = \"m${payload}\"";
    let with_ids = format!("{keys}\nid = {{ text = \"m${{value}}\" }}");
    let twice = Speech { message: &["m{}", "m{}"], ..Speech::PLAIN };
    for (keys, deliveries) in
        [(with_ids.as_str(), CLIENTS * MESSAGES), (keys, 2 * CLIENTS * MESSAGES)]
    {
        let seen = play(TransportKind::WebSocket, keys, twice);
        check_books("theirs", &seen);
        let counts = counts(&seen);
        assert_eq!(counts.deliveries_in_measure, deliveries, "{keys}");
        assert_eq!(counts.duplicates > 0, deliveries == CLIENTS * MESSAGES, "{keys}");
        assert_eq!((counts.foreign, counts.altered, counts.out_of_order), (0, 0, 0));
        let worker = &seen.outcome.workers[0];
        assert!(worker.latency.is_empty(), "nothing says when a message was sent");
        assert_eq!((worker.age.mean(), worker.version_age.mean()), (None, None));
        let [payload, repeat, ..] = kinds(&seen, Phase::Measure, Direction::Down);
        assert_eq!((payload + repeat, payload), (32 * CLIENTS * MESSAGES, 16 * deliveries));
    }
}
