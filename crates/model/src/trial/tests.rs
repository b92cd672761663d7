//! The figures of a trial against published ones and against sums done by hand.

use pushbench_wire::segments::SegmentHeaders;

use super::*;
use crate::{Handshake, HandshakeKind, Link, TlsLink};

const KAAZING: Situation = Situation {
    clients: 1_000.0,
    rate: 1.0,
    poisson: false,
    payload: 21,
    deliver: Deliver::Latest,
    link: Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460, tls: None },
};

const KEEP_ALIVE: ConnectionUse = ConnectionUse::KeepAlive;

/// A poll each second in the published heads.
fn poll(finds: &Finds) -> PollWork<'_> {
    PollWork {
        finds,
        random_interval: Some(1.0 / finds.per_second()),
        unchanged: Unchanged::Resend,
        connection: KEEP_ALIVE,
        request_head: 716,
        answer_head: &|_| 193,
        coded: Coded::NOT,
        first_poll: None,
    }
}

fn held(finds: &Finds) -> LongPollWork<'_> {
    LongPollWork {
        finds,
        connection: KEEP_ALIVE,
        request_head: 716,
        answer_head: &|_| 193,
        coded: Coded::NOT,
    }
}

impl Situation {
    fn finds(&self, interval: f64) -> Finds {
        Finds::by_law(interval, self.rate, self.poisson)
    }

    fn held(&self, hold: f64) -> Finds {
        Finds::held_by_law(self.rate, self.poisson, hold)
    }
}

const PUSH: PushWork =
    PushWork { request_head: 200, answer_head: 129, heartbeat: None, conflated: None };
const BY_LAW: Option<Conflated> = Some(Conflated { every: 1.0, sent: None });

#[test]
fn the_published_case_a_comes_out() {
    let figures = KAAZING.short_poll(poll(&KAAZING.finds(1.0)));
    assert_eq!(figures["wire_bytes_per_delivery"], 1_086.0);
    assert_eq!(figures["header_bytes_per_poll"], 909.0);
    assert_eq!(figures["header_bits_per_second"], 7_272_000.0);
    assert_eq!(figures["latency.mean"], 0.5);
}

#[test]
fn a_held_poll_that_found_several_messages_carries_each_under_one_head() {
    let every = Situation { deliver: Deliver::Every, ..KAAZING };
    let found = Finds::counted(&std::collections::BTreeMap::from([(3, 10)]), 10.0);
    for connection in [KEEP_ALIVE, ConnectionUse::PerPoll] {
        let figures = every.long_poll(LongPollWork { connection, ..held(&found) });
        assert_eq!(figures["header_bytes_per_delivery"], 303.0);
        assert_eq!(figures["payload_bytes_per_delivery"], 21.0);
        assert_eq!(figures["messages_per_response"], 3.0);
    }
}

#[test]
fn a_poll_with_a_connection_of_its_own_pays_for_it() {
    let figures = KAAZING
        .short_poll(PollWork { connection: ConnectionUse::PerPoll, ..poll(&KAAZING.finds(2.0)) });
    assert_eq!(figures["wire_bytes_per_poll"], 1_466.0);
    assert_eq!(figures["connect_wire_bytes_per_poll"], 328.0);
    assert_eq!(figures["connects_per_second"], 500.0);
    assert_eq!(figures["connect_wire_bytes_per_connection"], 0.0);
    let found = KAAZING.held(25.0);
    let held =
        KAAZING.long_poll(LongPollWork { connection: ConnectionUse::PerPoll, ..held(&found) });
    assert_eq!(held["wire_bytes_per_delivery"], 1_466.0);
}

#[test]
fn a_handshake_is_part_of_connecting_unless_it_is_anothers() {
    let handshake =
        Handshake { kind: HandshakeKind::Resumed, server_name: None, protocol: 8, tickets: 2 };
    let figures = |tls| {
        let link = Link { tls: Some(tls), ..KAAZING.link };
        Situation { link, ..KAAZING }.websocket(PUSH)
    };
    let ours = figures(TlsLink { handshake: Some(handshake) });
    let tls = handshake.client_hello()
        + handshake.server_flight()
        + handshake.client_finished()
        + handshake.new_tickets();
    // And the records of the upgrade.
    assert_eq!(ours["connect_tls_bytes_per_connection"], (tls + 44) as f64);
    let theirs = figures(TlsLink { handshake: None });
    assert!(!theirs.contains_key("connect_tls_bytes_per_connection"));
    assert!(!theirs.contains_key("connect_wire_bytes_per_connection"));
    assert_eq!(theirs["wire_bytes_per_delivery"], ours["wire_bytes_per_delivery"]);
    assert_eq!(theirs["tls_bytes_per_delivery"], 22.0);
}

#[test]
fn a_batch_shares_one_head() {
    let every = Situation { deliver: Deliver::Every, rate: 20.0, ..KAAZING };
    let figures = every.short_poll(PollWork {
        unchanged: Unchanged::Empty,
        request_head: 100,
        answer_head: &|_| 100,
        ..poll(&every.finds(2.0))
    });
    assert!((figures["header_bytes_per_delivery"] - 5.0).abs() < 1e-9);
    assert!((figures["messages_per_response"] - 40.0).abs() < 1e-9);
    assert!((figures["framing_bytes_per_delivery"] - 1.0).abs() < 1e-9);
}

#[test]
fn a_compressed_answer_has_its_own_body_and_head_and_no_framing() {
    let every = Situation { deliver: Deliver::Every, ..KAAZING };
    let coded = Coded {
        body: &|messages| (messages > 1).then_some(10 * messages),
        head: &|body| 200 + body,
    };
    let figures = |interval| {
        let finds = every.finds(interval);
        every.short_poll(PollWork { unchanged: Unchanged::Empty, coded, ..poll(&finds) })
    };
    // One message stays as it is: a head of 193, a line feed.
    let one = figures(1.0);
    assert_eq!(
        (one["header_bytes_down_per_poll"], one["framing_bytes_per_delivery"]),
        (193.0, 1.0)
    );
    let two = figures(2.0);
    assert_eq!(
        (two["header_bytes_down_per_poll"], two["payload_bytes_per_delivery"]),
        (220.0, 10.0)
    );
    assert_eq!(two["framing_bytes_per_delivery"], 0.0);
}

#[test]
fn a_long_poll_pays_a_head_for_each_message_and_for_each_hold_without() {
    let figures = |hold, poisson| {
        let situation = Situation { poisson, rate: 0.125, ..KAAZING };
        situation.long_poll(held(&situation.held(hold)))
    };
    let often = figures(25.0, false);
    assert_eq!(often["wire_bytes_per_delivery"], 1_086.0);
    assert_eq!((often["empty_polls"], often["requests_per_second"]), (0.0, 125.0));
    // News each 8 s, a hold of 3 s: two end without news.
    let seldom = figures(3.0, false);
    assert!((seldom["empty_polls"] - 2.0 / 3.0).abs() < 1e-9);
    assert!((seldom["header_bytes_per_delivery"] - 3.0 * 909.0).abs() < 1e-9);
    // Poisson: e^(-LH) of all polls.
    let random = figures(8.0, true);
    assert!((random["empty_polls"] - (-1.0_f64).exp()).abs() < 1e-9);
}

/// Nudges whose messages are each fetched by themselves.
fn nudge_of(situation: Situation, push: PushWork) -> Figures {
    nudge_that_finds(situation, push, &Finds::held(situation.rate, 0.0))
}

fn nudge_that_finds(situation: Situation, push: PushWork, finds: &Finds) -> Figures {
    let (notices, answer_head) = (situation.rate, &|_| 193);
    situation.nudge(NudgeWork { push, notices, finds, request_head: 716, answer_head })
}

#[test]
fn a_nudge_that_comes_while_another_is_fetched_for_costs_a_frame_and_no_poll() {
    let situation = Situation { deliver: Deliver::Every, rate: 2.0, ..KAAZING };
    let alone = nudge_of(situation, PUSH);
    // Of two messages a second each fetch brings both.
    let both = nudge_that_finds(situation, PUSH, &Finds::counted(&[(2, 10)].into(), 10.0));
    assert_eq!((alone["messages_per_response"], both["messages_per_response"]), (1.0, 2.0));
    assert_eq!(both["requests_per_second"], alone["requests_per_second"] / 2.0);
    let header = |of: &Figures| of["header_bytes_per_delivery"];
    assert_eq!(header(&both), header(&alone) / 2.0);
    let frames = |of: &Figures| of["framing_bytes_per_delivery"];
    assert_eq!(frames(&both), frames(&alone), "a frame, and a line break in the body");
}

#[test]
fn a_nudge_costs_a_frame_and_a_poll() {
    let figures = nudge_of(KAAZING, PUSH);
    assert_eq!(figures["wire_bytes_per_delivery"], 1_086.0 + 7.0 + 104.0);
    assert_eq!(figures["connect_stream_bytes_per_connection"], 329.0);
}

#[test]
fn a_sign_of_life_is_sent_for_each_tick_without_a_message() {
    let work = PushWork { heartbeat: Some(25.0), ..PUSH };
    let figures = |rate, poisson| Situation { rate, poisson, ..KAAZING }.websocket(work);
    let control = |rate, poisson| figures(rate, poisson)["control_bytes_per_client_second"];
    assert_eq!(control(1.0, false), 0.0);
    assert!((control(0.01, false) - 0.75 * 8.0 / 25.0).abs() < 1e-9);
    assert!((control(0.04, true) - (-1.0_f64).exp() * 8.0 / 25.0).abs() < 1e-9);
    // 144 an hour, 164 bytes each.
    let idle = figures(0.0, false);
    assert!((idle["idle_wire_bytes_per_client_hour"] - 144.0 * 164.0).abs() < 1e-6);
    assert!(!figures(0.04, true).contains_key("idle_wire_bytes_per_client_hour"));
}

#[test]
fn an_idle_client_costs_what_its_clock_does_and_nothing_is_divided_by_no_messages() {
    let idle = Situation { rate: 0.0, ..KAAZING };
    let each_minute = idle.finds(60.0);
    let poll = idle.short_poll(PollWork { unchanged: Unchanged::Empty, ..poll(&each_minute) });
    let held = idle.long_poll(held(&idle.held(25.0)));
    let work = PushWork { heartbeat: Some(25.0), conflated: BY_LAW, ..PUSH };
    let nudge = nudge_of(idle, work);
    let per_hour = |figures: &Figures| figures["idle_wire_bytes_per_client_hour"];
    let one = f64::from(716 + 193 + 3 * 52);
    for (figures, expected) in [
        (poll, 60.0 * one),
        (held, 144.0 * one),
        (idle.sse(work), 144.0 * 112.0),
        (idle.stream(work), 0.0),
        (nudge, 144.0 * 164.0),
    ] {
        assert!((per_hour(&figures) - expected).abs() < 1e-6, "{expected}: {figures:?}");
        assert!(figures.values().all(|value| value.is_finite()), "{figures:?}");
        assert!(!figures.contains_key("latency.mean"), "{figures:?}");
    }
}

#[test]
fn conflation_changes_how_many_and_not_how_large() {
    let work = PushWork { conflated: BY_LAW, ..PUSH };
    let busy = Situation { rate: 20.0, ..KAAZING };
    let figures = busy.websocket(work);
    assert_eq!(figures["wire_bytes_per_delivery"], 127.0);
    assert_eq!(figures["deliveries_per_second"], 1_000.0);
    assert_eq!(figures["versions_seen"], 0.05);
    // Where a schedule was counted, that is how many there are.
    let counted = Some(Conflated { every: 1.0, sent: Some(0.5) });
    let figures = busy.websocket(PushWork { conflated: counted, ..PUSH });
    assert_eq!(figures["deliveries_per_second"], 500.0);
}

#[test]
fn every_predicted_figure_is_in_the_catalogue() {
    let poll = KAAZING.short_poll(poll(&KAAZING.finds(1.0)));
    let long = KAAZING.long_poll(held(&KAAZING.held(25.0)));
    let work = PUSH;
    let nudge = nudge_of(KAAZING, work);
    let pushes = [KAAZING.sse(work), KAAZING.stream(work), KAAZING.websocket(work)];
    for name in [poll, long, nudge].iter().chain(&pushes).flat_map(Figures::keys) {
        assert!(pushbench_protocol::figure::find(name).is_some(), "{name}");
    }
}
