//! Boundaries at which this and that has been counted.

use pushbench_wire::tcp_info::TcpInfo;

use super::*;

/// Clients who have written 10 bytes and read 20, as far as codec and kernel know.
fn standing(booked: u64, received: u64) -> Standing {
    let info = TcpInfo { bytes_sent: 10, bytes_received: received, ..TcpInfo::default() };
    let counted = Counted::of(20, 10, Some(info));
    let counted = counted.with(WitnessName::Codec, Tally::of_bytes(10, booked));
    Standing { turning: 0, in_part: 0, counted, open: Vec::new() }
}

/// What the server's witnesses say has been sent, each time they are asked; the last for ever.
#[derive(Clone, Default)]
struct Server {
    sockets: Vec<u64>,
    kernel: Vec<Tally>,
    asked_kernel: u32,
}

impl ServerWitnesses for Server {
    fn sockets(&mut self) -> Option<ServerSums> {
        let sent = next(&mut self.sockets)?;
        Some(ServerSums { received: 10, sent })
    }

    fn kernel(&mut self, _: &[RawFd]) -> Option<Tally> {
        self.asked_kernel += 1;
        next(&mut self.kernel)
    }
}

fn next<T: Copy>(of: &mut Vec<T>) -> Option<T> {
    if of.len() > 1 { Some(of.remove(0)) } else { of.first().copied() }
}

fn sockets(sent: u64) -> Server {
    Server { sockets: vec![sent], ..Server::default() }
}

/// A kernel that knows the server's end of the one connection there is.
fn kernel(sent: u64) -> Tally {
    let mut tally = Tally::of_bytes(10, sent);
    tally[Counter::Connections] = 1;
    tally
}

fn judge(standing: &Standing, demand: Demand, server: &mut Server) -> Option<Taken> {
    Attempts::default().judge(standing, demand, server)
}

fn check(standing: Standing, mut server: Server, demand: Demand, expected: Option<Taken>) {
    let taken = judge(&standing, demand, &mut server);
    assert_eq!(taken, expected, "{standing:?}, {demand:?}");
}

#[test]
fn a_boundary_is_taken_when_all_have_counted_the_same() {
    let still = standing(20, 20);
    let by_sockets = Counted::default().with(WitnessName::ServerSockets, Tally::of_bytes(10, 20));
    let taken = |server| Some(Taken { in_flight: None, server });
    check(still.clone(), sockets(20), Demand::All, taken(by_sockets));
    let both = Server { kernel: vec![kernel(20)], ..sockets(20) };
    let by_both = by_sockets.with(WitnessName::ServerKernel, kernel(20));
    check(still.clone(), both, Demand::All, taken(by_both));
    // A server without books has nothing to disagree with.
    check(still, Server::default(), Demand::All, taken(Counted::default()));
}

#[test]
fn a_byte_on_its_way_is_waited_for_and_then_left_to_a_longer_span() {
    check(standing(20, 20), sockets(24), Demand::All, None);
    let without =
        |in_flight| Some(Taken { in_flight: Some(in_flight), server: Counted::default() });
    check(standing(20, 20), sockets(24), Demand::Clients, without(InFlight::Server));
    for unread in [standing(20, 24), standing(16, 20)] {
        check(unread.clone(), sockets(24), Demand::All, None);
        check(unread.clone(), sockets(24), Demand::Clients, None);
        check(unread, sockets(24), Demand::Nothing, without(InFlight::Clients));
    }
}

#[test]
fn what_the_server_has_sent_of_responses_that_are_not_whole_is_taken_off() {
    let held = || Standing { in_part: 5, ..standing(20, 20) };
    let both = Server { kernel: vec![kernel(25)], ..sockets(25) };
    let taken = judge(&held(), Demand::All, &mut both.clone()).expect("all agree");
    for name in [WitnessName::ServerSockets, WitnessName::ServerKernel] {
        let tally = taken.server.tally(name).expect("it was asked");
        assert_eq!(tally[Counter::Down], 20, "{name:?}");
    }
    for sent in [3, 20, 24, 26] {
        check(held(), sockets(sent), Demand::All, None);
    }
}

#[test]
fn where_the_servers_sockets_do_not_agree_its_kernel_is_not_asked() {
    let mut server = Server { kernel: vec![kernel(24)], ..sockets(24) };
    assert_eq!(judge(&standing(20, 20), Demand::All, &mut server), None);
    assert_eq!(server.asked_kernel, 0);
}

#[test]
fn a_kernel_that_says_something_else_than_a_server_that_stood_still_is_on_record_as_it_is() {
    let mut server = Server { kernel: vec![kernel(19)], ..sockets(20) };
    let taken = judge(&standing(20, 20), Demand::All, &mut server).expect("nothing to wait for");
    assert_eq!(taken.in_flight, None);
    assert_eq!(taken.server.tally(WitnessName::ServerKernel), Some(&kernel(19)));
    // The server has sent four bytes while the kernel was asked.
    let mut server =
        Server { sockets: vec![20, 24], kernel: vec![kernel(24)], ..Server::default() };
    let taken = judge(&standing(20, 20), Demand::All, &mut server).expect("they agreed before");
    assert_eq!(taken.server.tally(WitnessName::ServerKernel), None);
    assert!(taken.server.tally(WitnessName::ServerSockets).is_some());
}

#[test]
fn a_server_without_books_is_waited_for_until_its_kernel_agrees() {
    let mut server = Server { kernel: vec![kernel(24), kernel(20)], ..Server::default() };
    assert_eq!(judge(&standing(20, 20), Demand::All, &mut server), None);
    let taken = judge(&standing(20, 20), Demand::All, &mut server).expect("they agree now");
    assert_eq!(taken.server.tally(WitnessName::ServerKernel), Some(&kernel(20)));
    let mut moving = Server { kernel: vec![kernel(24), kernel(28)], ..Server::default() };
    let taken = judge(&standing(20, 20), Demand::Clients, &mut moving).expect("clients agree");
    assert_eq!(taken, Taken { in_flight: Some(InFlight::Server), server: Counted::default() });
}

#[test]
fn a_kernel_that_is_off_while_nothing_moves_is_no_byte_on_its_way() {
    let mut server = Server { kernel: vec![kernel(24)], ..Server::default() };
    let mut attempts = Attempts::default();
    let standing = standing(20, 20);
    for _ in 0..=STILL {
        assert_eq!(attempts.judge(&standing, Demand::All, &mut server), None, "it is waited for");
    }
    let taken = attempts.judge(&standing, Demand::Nothing, &mut server).expect("enough");
    assert_eq!(taken.in_flight, None);
    assert_eq!(taken.server.tally(WitnessName::ServerKernel), Some(&kernel(24)));
}

#[test]
fn connections_that_the_kernel_knows_no_more_are_not_waited_for() {
    let mut of_none = kernel(0);
    of_none[Counter::Connections] = 0;
    for tally in [of_none, Tally::unknown(1)] {
        let mut server = Server { kernel: vec![tally], ..Server::default() };
        let taken = judge(&standing(20, 20), Demand::All, &mut server).expect("nobody says no");
        assert_eq!(taken.server.tally(WitnessName::ServerKernel), Some(&tally));
    }
}

#[test]
fn a_client_between_a_response_and_its_request_is_waited_for() {
    let turning = || Standing { turning: 1, ..standing(20, 20) };
    for demand in [Demand::All, Demand::Clients] {
        check(turning(), sockets(20), demand, None);
    }
    let taken = judge(&turning(), Demand::Nothing, &mut sockets(20)).expect("enough");
    assert_eq!(taken.in_flight, Some(InFlight::Clients));
}
