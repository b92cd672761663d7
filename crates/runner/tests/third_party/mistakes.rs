//! A third-party server is looked at before a schedule is played against it: what is wrong with an
//! adapter is said within two seconds, with what came, what was expected, and where to correct it.

use std::time::{Duration, Instant};

use crate::server::{Manners, Server};
use crate::support::tried;

const URL: &str = "url = \"/sub/${channel}\"";
const PUBLISH: &str = "publish = { url = \"/pub/${channel}\", body = \"${payload}\" }";

/// A WebSocket's adapter with these lines.
fn websocket(lines: &[&str]) -> String {
    format!("{PUBLISH}\n[server.small.transport.websocket]\n{}\n", lines.join("\n"))
}

/// Tries a server with such manners by an adapter, and holds what is said of it against parts of it.
fn check(manners: Manners, kind: &str, adapter: &str, parts: &[&str]) {
    let server = Server::start(manners);
    check_at(&format!("http://{}", server.address), kind, adapter, parts);
}

fn check_at(url: &str, kind: &str, adapter: &str, parts: &[&str]) {
    #[expect(clippy::disallowed_methods, reason = "the test looks at how long it took")]
    let begin = Instant::now();
    let said = tried(url, kind, adapter).expect_err("it is wrong");
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
    // Two seconds are the goal, and 1.5 of them a wait; a busy machine may add to that.
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}: {said}", begin.elapsed());
}

#[test]
fn a_right_adapter_is_played() {
    let server = Server::start(Manners::default());
    let url = format!("http://{}", server.address);
    assert_eq!(tried(&url, "websocket", &websocket(&[URL])), Ok(()));
}

#[test]
fn a_wrong_port_is_told() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    let parts = ["server.small: it was not ready within", "Connection refused"];
    check_at(&format!("http://{address}"), "websocket", &websocket(&[URL]), &parts);
}

#[test]
fn a_wrong_path_is_told() {
    let parts = ["404 Not Found", "nothing at /sup/", "`GET /sup/", "`url` in line 13 of"];
    check(Manners::default(), "websocket", &websocket(&["url = \"/sup/${channel}\""]), &parts);
}

#[test]
fn a_wrong_subprotocol_is_told() {
    let manners = Manners { subprotocol: Some("v2.bus"), ..Manners::default() };
    let lines = [URL, "subprotocol = \"v1.bus\""];
    let parts = ["400 Bad Request", "v2.bus is spoken here", "`subprotocol` in line 14 of"];
    check(manners, "websocket", &websocket(&lines), &parts);
}

#[test]
fn a_subprotocol_that_was_not_asked_for_is_told_before_anything_is_played() {
    let manners = Manners { selects: Some("v2.bus"), ..Manners::default() };
    let lines = [URL, "subprotocol = \"v1.bus\""];
    let parts = ["server.small", "101", "`subprotocol` in line 14 of"];
    check(manners, "websocket", &websocket(&lines), &parts);
}

#[test]
fn a_step_that_gets_no_response_is_told_with_what_was_sent() {
    let lines = [URL, "steps = [{ send = \"hello\", expect = \"welcome\" }]"];
    let parts = ["\"hello\" was the last to be sent", "nothing came", "`steps` in line 14 of"];
    check(Manners::default(), "websocket", &websocket(&lines), &parts);
}

#[test]
fn a_missing_step_is_told() {
    let manners = Manners { needs: Some("subscribe"), ..Manners::default() };
    let parts = ["no message arrived within", "whether a step is missing"];
    check(manners, "websocket", &websocket(&[URL]), &parts);
}

#[test]
fn a_wrong_step_expectation_is_told() {
    let manners = Manners { greets: Some("{\"welcome\":1}"), ..Manners::default() };
    let lines = [URL, "steps = [{ expect = \"hello\" }]", "message = \"m:${payload}\""];
    let parts = ["step 1 of 1", "welcome", "`steps` in line 14 of"];
    check(manners, "websocket", &websocket(&lines), &parts);
}

#[test]
fn a_wrong_message_template_is_told() {
    let manners = Manners { before: "m:", ..Manners::default() };
    let lines = [URL, "message = \"n:${payload}\""];
    let parts = ["m:", "which no rule explains", "`message` in line 14 of"];
    check(manners, "websocket", &websocket(&lines), &parts);
}

#[test]
fn a_wrong_split_is_told() {
    let lines = [URL, "split = { length = 4 }"];
    let parts = ["cannot be split", "`split` in line 14 of"];
    check(Manners::default(), "websocket", &websocket(&lines), &parts);
}

#[test]
fn a_wrong_path_to_publish_to_is_told() {
    let adapter = websocket(&[URL]).replace("/pub/", "/bup/");
    let parts = ["404", "nothing at /bup/", "`POST /bup/", "`publish` in line 11 of"];
    check(Manners::default(), "websocket", &adapter, &parts);
}

#[test]
fn publishing_without_a_token_is_told() {
    let manners = Manners { token: Some("secret"), ..Manners::default() };
    let parts = ["401", "who are you", "Authorization", "`publish` in line 11 of"];
    check(manners, "websocket", &websocket(&[URL]), &parts);
}

#[test]
fn a_wrong_reply_to_a_heartbeat_is_told() {
    let manners = Manners { beat: Some(("ping", "pong")), ..Manners::default() };
    let lines =
        [URL, "message = \"${payload}\"", "heartbeat = { match = \"ping\", reply = \"pang\" }"];
    let parts = ["4000", "pang is no pong", "`heartbeat` in line 15 of"];
    check(manners, "websocket", &websocket(&lines), &parts);
}

#[test]
fn what_is_wrong_with_a_server_in_one_cell_of_a_sweep_is_told() {
    let server = Server::start(Manners::default());
    let url = format!("http://{}", server.address);
    let sweep = format!("[sweep]\n\"server.small.url\" = [\"{url}\", \"{url}/elsewhere\"]\n");
    let adapter = format!("{}{sweep}", websocket(&[URL]));
    let parts = ["server.small", "404", "nothing at /elsewhere/sub/"];
    check_at(&url, "websocket", &adapter, &parts);
}

#[test]
fn tls_against_clear_text_is_told() {
    let server = Server::start(Manners::default());
    let url = format!("https://{}", server.address);
    check_at(&url, "websocket", &websocket(&[URL]), &["TLS", "`url`"]);
}

#[test]
fn a_place_that_is_not_carried_on_is_told() {
    let adapter = format!(
        "{PUBLISH}\n[server.small.transport.short-poll]\nurl = \"/poll/${{channel}}?after=0\"\n"
    );
    let parts = ["came again in a later response to `GET /poll/", "`url` in line 13 of"];
    check(Manners::default(), "short-poll", &adapter, &parts);
}

#[test]
fn a_wrong_path_at_a_service_that_publishes_by_itself_is_told() {
    let adapter = "publish = \"theirs\"\n[server.small.transport.short-poll]\nurl = \"/items\"\n";
    let parts = ["404", "nothing at /items", "`GET /items`", "`url` in line 13 of"];
    check(Manners::default(), "short-poll", adapter, &parts);
}

#[test]
fn a_token_that_subscribers_lack_is_told() {
    let manners = Manners { token: Some("secret"), ..Manners::default() };
    let adapter = "publish = \"theirs\"\n[server.small.transport.short-poll]\nurl = \"/items\"\n";
    check(manners, "short-poll", adapter, &["401", "who are you", "Authorization"]);
}

#[test]
fn a_service_that_publishes_by_itself_is_played_though_nothing_is_new() {
    let server = Server::start(Manners::default());
    let url = format!("http://{}", server.address);
    let adapter =
        "publish = \"theirs\"\n[server.small.transport.short-poll]\nurl = \"/poll/x?after=0\"\n";
    assert_eq!(tried(&url, "short-poll", adapter), Ok(()));
}
