//! Small floors over real sockets: whatever is sent arrives, and every byte is counted on both sides.

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;

use pushbench_floor::{Boundary, FloorError, Lengths, Link, Plan, Played, Work, conduct, play};

/// A side on a thread of its own, reached as a process is.
fn side(name: &'static str) -> Link {
    let (to, input) = UnixStream::pair().unwrap();
    let (mut output, from) = UnixStream::pair().unwrap();
    std::thread::spawn(move || {
        // Whoever conducts sees that it ends; what failed is in the test's own words there.
        let _ = play(input.into(), &mut output);
    });
    let (line_out, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            if line_out.send(line).is_err() {
                break;
            }
        }
    });
    Link { name, core: None, to: Box::new(to), from: lines }
}

fn plan(work: Work, connections: u32) -> Plan {
    Plan { work, connections, mss: 1_460, deadline: Duration::from_secs(30) }
}

fn played(plan: &Plan) -> Result<Option<Played>, FloorError> {
    let lengths =
        Lengths { warm_up: Duration::from_millis(30), measure: Duration::from_millis(200) };
    let mut looks = Vec::new();
    let played = conduct(
        plan,
        lengths,
        [&mut side("server"), &mut side("client")],
        &mut |boundary| looks.push(boundary),
        &mut || ControlFlow::Continue(()),
    );
    if matches!(played, Ok(Some(_))) {
        assert_eq!(looks, [Boundary::Begins, Boundary::Ends]);
    }
    played
}

#[test]
fn every_floor_counts_the_same_operations_and_bytes_on_both_sides() {
    let pushes = |message_bytes, topics, every, at_once| Work::Pushes {
        message_bytes,
        topics,
        every,
        at_once,
    };
    let polls =
        |request_bytes, response_bytes, every| Work::Polls { request_bytes, response_bytes, every };
    let every = |millis| Some(Duration::from_millis(millis));
    for (work, connections) in [
        (polls(690, 299, None), 8),
        (polls(690, 299, every(20)), 8),
        // Neither fits one read, one write or the buffers of a socket.
        (polls(100_000, 9_000_000, None), 2),
        (pushes(66, 1, None, 1), 20),
        (pushes(66, 1, None, 3), 20),
        (pushes(66, 3, every(10), 2), 20),
        (pushes(5_000_000, 1, every(50), 1), 2),
    ] {
        let plan = plan(work, connections);
        // That bytes sent are bytes received, and operations times their length, is an error there.
        let played = played(&plan).unwrap().expect("nobody breaks it off");
        assert!(played.client.operations > 0, "{work:?}: {played:?}");
        assert!(played.measured >= Duration::from_millis(200), "{played:?}");
    }
}

#[test]
fn a_floor_that_is_broken_off_ends_both_sides() {
    let work = Work::Polls { request_bytes: 10, response_bytes: 10, every: None };
    let mut asked = 0;
    let lengths = Lengths { warm_up: Duration::from_secs(20), measure: Duration::from_secs(20) };
    let played = conduct(
        &plan(work, 2),
        lengths,
        [&mut side("server"), &mut side("client")],
        &mut |_| {},
        &mut || {
            asked += 1;
            if asked > 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    assert_eq!(played.unwrap(), None);
}

#[test]
fn a_side_that_is_told_nonsense_says_so_and_one_that_ends_is_missed() {
    let (other, input) = UnixStream::pair().unwrap();
    std::io::Write::write_all(&mut &other, b"\"count\"\n").unwrap();
    let refused = play(input.into(), &mut Vec::new()).unwrap_err();
    assert!(matches!(refused, FloorError::Line(_)), "{refused}");

    let (_, from) = mpsc::channel();
    let gone = Link { name: "client", core: None, to: Box::new(Vec::new()), from };
    let work = Work::Polls { request_bytes: 10, response_bytes: 10, every: None };
    let lengths = Lengths { warm_up: Duration::ZERO, measure: Duration::from_millis(1) };
    let missed = conduct(
        &plan(work, 1),
        lengths,
        [&mut side("server"), &mut { gone }],
        &mut |_| {},
        &mut || ControlFlow::Continue(()),
    );
    assert_eq!(missed.unwrap_err().to_string(), "the client of the floor ended");
}
