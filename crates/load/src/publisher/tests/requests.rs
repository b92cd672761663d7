//! A request for each message.

use std::collections::{BTreeMap, BTreeSet};
use std::time::UNIX_EPOCH;

use pushbench_protocol::HttpVersion;
use pushbench_scenario::Trust;
use pushbench_tls::{Acceptor, Identity};

use super::server::{Manners, Server};
use super::{MESSAGES, plan, publish};
use crate::{Fault, PublisherOutcome};

const REQUEST: &str = "publish = { method = \"PUT\", url = \"/pub/${channel}?n=${client}\", \
                       headers = { Authorization = \"Bearer ${env:TOKEN}\", X-Id = \"${now}-${random}\" }, \
                       body = \"m=${payload|url}\" }";

fn outcome(manners: Manners) -> (PublisherOutcome, Vec<String>) {
    let server = Server::start(manners);
    let outcome = publish(plan(REQUEST, "http", server.address, Trust::System));
    (outcome, server.requests())
}

#[test]
fn a_message_is_the_request_that_the_adapter_says() {
    let (outcome, requests) =
        outcome(Manners::Respond("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"));
    assert_eq!(outcome.faults, BTreeMap::new());
    let counts = (outcome.published, outcome.published_in_measure, outcome.lateness.count());
    assert_eq!(counts, (MESSAGES, MESSAGES, MESSAGES));
    assert!(outcome.stall.is_some());
    assert_eq!(requests.len() as u64, MESSAGES);
    let [line, rest] = requests[0].splitn(2, "\r\n").collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!(line, "PUT /base/pub/c1?n=1 HTTP/1.1");
    let (headers, body) = rest.split_once("\r\n\r\n").expect("headers end");
    assert!(headers.to_lowercase().contains("authorization: bearer s3cr3t"), "{headers}");
    assert!(body.starts_with("m="), "{body}");
    let id = |request: &String| {
        let id = request.lines().find_map(|line| line.strip_prefix("x-id: "));
        id.expect("it has one").to_owned()
    };
    assert!(id(&requests[0]).starts_with("18000000"), "{}", id(&requests[0]));
    let ids: BTreeSet<_> = requests.iter().map(id).collect();
    assert_eq!(ids.len() as u64, MESSAGES, "what is random is new for each message");
}

#[test]
fn a_server_that_responds_to_nobody_until_it_has_all_messages_holds_up_none() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let (outcome, requests) = outcome(Manners::RespondToAll(MESSAGES as usize, response));
    assert_eq!(outcome.faults, BTreeMap::new());
    assert_eq!((outcome.published, requests.len() as u64), (MESSAGES, MESSAGES));
}

#[test]
fn what_was_not_taken_is_counted_and_the_first_is_kept_without_what_is_secret() {
    let (outcome, requests) = outcome(Manners::Respond(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 22\r\n\r\nwrong token \"s3cr3t\"\r\n",
    ));
    assert_eq!(requests.len() as u64, MESSAGES);
    let fault = Fault::Status(401);
    assert_eq!(outcome.faults, BTreeMap::from([(fault, MESSAGES)]));
    let kept = &outcome.unexpected[&fault];
    assert_eq!(kept.status, Some(401));
    assert_eq!(kept.first_bytes, "wrong token \"${env:TOKEN}\"\\r\\n");
}

#[test]
fn a_whole_url_is_asked_wherever_the_server_is() {
    let server = Server::start(Manners::Respond("HTTP/1.1 204 No Content\r\n\r\n"));
    let nobody = "127.0.0.1:9".parse().expect("an address");
    let elsewhere = format!("publish = {{ url = \"http://{}/x\" }}", server.address);
    let outcome = publish(plan(&elsewhere, "http", nobody, Trust::System));
    assert_eq!((outcome.published, outcome.faults), (MESSAGES, BTreeMap::new()));
    assert!(server.requests().iter().all(|request| request.starts_with("GET /x HTTP/1.1\r\n")));
}

#[test]
fn a_redirect_is_no_success_and_is_not_followed() {
    let (outcome, requests) = outcome(Manners::Respond(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    ));
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::Status(307), MESSAGES)]));
    assert_eq!(requests.len() as u64, MESSAGES);
}

#[test]
fn a_server_that_closes_in_place_of_a_response_is_told_as_that() {
    let (outcome, requests) = outcome(Manners::Close);
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::Closed, MESSAGES)]));
    assert_eq!(requests.len() as u64, MESSAGES, "nothing is sent again");
}

#[test]
fn a_server_that_never_responds_is_not_waited_for() {
    let (outcome, _) = outcome(Manners::Hang);
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::AnswerTimeout, MESSAGES)]));
    assert_eq!(outcome.published, MESSAGES);
}

#[test]
fn nobody_there_is_told_as_that() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let outcome = publish(plan(REQUEST, "http", address, Trust::System));
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::Connect, MESSAGES)]));
    let why = outcome.unexpected[&Fault::Connect].dialogue.as_deref();
    assert!(why.is_some_and(|why| why.contains("refused")), "{why:?}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_and_told_why() {
    let since_1970 = UNIX_EPOCH.elapsed().expect("it is later than 1970");
    let identity = Identity::of_this_host(since_1970).expect("a certificate");
    let acceptor = Acceptor::new(&identity, &[HttpVersion::Http11]).expect("a server");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            listener.set_nonblocking(true).expect("a socket");
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((socket, _)) = listener.accept().await {
                assert!(acceptor.accept(socket).await.is_err(), "nobody trusts it");
            }
        });
    });
    let outcome = publish(plan(REQUEST, "https", address, Trust::System));
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::Tls, MESSAGES)]));
    let why = outcome.unexpected[&Fault::Tls].dialogue.as_deref();
    let expected = "nobody who is trusted vouches for the server's certificate: trust a PEM file";
    assert!(why.is_some_and(|why| why.starts_with(expected)), "{why:?}");
}
