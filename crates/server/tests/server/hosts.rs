//! Names that the server responds to, and what it says of itself.

use pushbench_protocol::AllowedHosts;

use crate::support::{Running, field, start};

async fn ask(server: &Running, path: &str, fields: &str) -> (String, String) {
    let mut raw = server.connect().await;
    raw.send(format!("GET {path} HTTP/1.1\r\n{fields}\r\n")).await;
    let (head, body) = raw.answer().await;
    (head, String::from_utf8(body).expect("text"))
}

#[tokio::test]
async fn a_name_that_nobody_gave_is_told_what_would_do() {
    let named =
        |names: &[&str]| AllowedHosts::Named(names.iter().map(|&name| name.to_owned()).collect());
    let server = start(|config| config.hosts = named(&["lab.example", "h"])).await;
    for (host, status) in [
        ("localhost", "200"),
        ("127.0.0.1:1", "200"),
        ("[::1]", "200"),
        ("LAB.example:80", "200"),
        ("evil.example", "421"),
        ("localhost.evil.example", "421"),
        ("192.0.2.1", "421"),
    ] {
        for path in ["/healthz", "/topics/t/poll", "/topics/t/ws", "/topics/t/events", "/nowhere"] {
            let (head, body) = ask(&server, path, &format!("Host: {host}\r\n")).await;
            let found = &head[9..12];
            assert_eq!(found == "421", status == "421", "{host} {path}: {head}");
            if status == "421" {
                assert!(body.contains(&format!("`--allow-host {host}`")), "{body}");
            }
            // A stream that was begun ends with its connection.
        }
    }
    let stats = server.stats_until(|stats| stats.refused.contains_key(&421)).await;
    assert_eq!(stats.refused[&421], 15);
}

#[tokio::test]
async fn the_server_says_what_it_is_and_tells_prometheus_its_books() {
    let server = start(|_| {}).await;
    server.publish(b"hello").await;
    let (head, body) = ask(&server, "/", "Host: h\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    for path in ["/poll", "/long-poll", "/events", "/stream", "/ws", "/stats", "/metrics"] {
        assert!(body.contains(path), "{path}: {body}");
    }
    ask(&server, "/nowhere", "Host: h\r\n").await;
    let (head, text) = ask(&server, "/metrics", "Host: h\r\n").await;
    let content_type = field(&head, "Content-Type").expect("a type");
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    let value = |sample: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{sample}: {text}")).parse::<u64>().expect("a number")
    };
    assert_eq!(value("pushbench_messages_published_total"), 1);
    assert_eq!(value("pushbench_topics"), 1);
    assert_eq!(value("pushbench_log_messages"), 1);
    assert_eq!(value("pushbench_refusals_total{code=\"404\"}"), 1);
    assert_eq!(value("pushbench_connections_total{class=\"publish\"}"), 1);
    assert!(value("pushbench_socket_bytes_total{class=\"publish\",direction=\"up\"}") > 5);
}
