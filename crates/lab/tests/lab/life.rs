//! The push server dies, is stopped, comes back; and who may ask for what.

use pushbench_lab::{Lab, LabConfig, LabError};
use serde_json::{Value, json};

use crate::support::{config, start, until};

#[tokio::test]
async fn a_killed_server_breaks_connections_off_and_one_that_is_stopped_says_so() {
    let lab = start().await;
    lab.session("s", 50).await;
    let mut killed = lab.connect().await;
    killed.upgrade("/topics/lab-s/ws").await;
    lab.command("kill").await;
    while let Some((first, _)) = killed.frame().await {
        assert_eq!(first, 0x81, "a killed server says nothing more");
    }

    assert_eq!(lab.json("/lab/api/sessions/s").await["server_runs"], false);
    let mut refused = lab.connect().await;
    refused.get("/topics/lab-s/poll").await;
    assert!(refused.response().await.is_none(), "nobody is there to respond");
    let before = lab.json("/lab/api/sessions/s").await["published"].clone();
    until("messages that no server takes", async || {
        let published = lab.json("/lab/api/sessions/s").await["published"].clone();
        assert_eq!(published["messages"], before["messages"]);
        (published["refused"].as_u64() > before["refused"].as_u64()).then_some(())
    })
    .await;

    lab.command("start").await;
    let mut stopped = lab.connect().await;
    stopped.upgrade("/topics/lab-s/ws").await;
    stopped.frame().await.expect("messages again");
    lab.command("stop").await;
    let last = loop {
        match stopped.frame().await.expect("a close frame before the end") {
            (0x88, payload) => break payload,
            (first, _) => assert_eq!(first, 0x81),
        }
    };
    assert_eq!(last[..2], 1001_u16.to_be_bytes());
    lab.end().await;
}

#[tokio::test]
async fn the_lab_ends_in_order_with_its_server() {
    let lab = start().await;
    lab.session("s", 60_000).await;
    let mut raw = lab.connect().await;
    raw.upgrade("/topics/lab-s/ws").await;
    let end = tokio::spawn(lab.end());
    let (first, payload) = raw.frame().await.expect("a close frame");
    assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
    drop(raw);
    end.await.expect("it ends within its bound");
}

#[tokio::test]
async fn what_a_page_of_another_host_or_with_wrong_settings_asks_is_refused() {
    let lab = start().await;
    let usual = json!({ "message_every_ms": 1_000, "random": false, "payload_bytes": 20 });
    for (path, body, status) in [
        ("/lab/api/sessions/s", &usual, 200),
        ("/lab/api/sessions/Not-An-Id", &usual, 400),
        (
            "/lab/api/sessions/s",
            &json!({ "message_every_ms": 1, "random": false, "payload_bytes": 20 }),
            400,
        ),
        ("/lab/api/sessions/s", &json!({ "message_every_ms": 1_000 }), 422),
    ] {
        assert_eq!(lab.ask("PUT", path, body).await.0, status, "{path} {body}");
    }
    for (path, status) in [
        ("/", 200),
        ("/teachers", 200),
        ("/lab/main.js", 200),
        ("/lab/none.js", 404),
        ("/elsewhere", 404),
        ("/lab/api/sessions/nobody", 404),
        ("/healthz", 200),
    ] {
        assert_eq!(lab.ask("GET", path, &Value::Null).await.0, status, "{path}");
    }
    let mut foreign = lab.connect().await;
    foreign
        .send(
            "POST /lab/api/server HTTP/1.1\r\nHost: h\r\nOrigin: http://evil.example\r\n\
             Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"action\":\"kill\"}",
        )
        .await;
    assert_eq!(foreign.response().await.expect("open").status, 403);
    let mut noise = lab.connect().await;
    noise.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    assert_eq!(noise.response().await.expect("a refusal").status, 400);
    lab.end().await;
}

#[tokio::test]
async fn beyond_loopback_it_must_be_open_to_others() {
    let beyond = LabConfig { listen: "0.0.0.0:0".parse().expect("an address"), ..config() };
    let refused = Lab::bind(beyond.clone()).await;
    assert!(matches!(refused, Err(LabError::OpenToOthers { .. })), "{refused:?}");
    Lab::bind(LabConfig { open_to_others: true, ..beyond }).await.expect("it was said so");
}

#[tokio::test]
async fn a_page_whose_own_name_leads_here_is_refused_on_every_path() {
    let lab = start().await;
    for path in ["/", "/lab/api/clock", "/topics/lab-a/poll", "/stats"] {
        let mut raw = lab.connect().await;
        raw.send(format!(
            "GET {path} HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n"
        ))
        .await;
        let response = raw.response().await.expect("a response");
        assert_eq!(response.status, 421, "{path}");
        assert!(response.body.contains("`--allow-host evil.example`"), "{}", response.body);
    }
    lab.end().await;
}

#[tokio::test]
async fn connections_that_ask_for_nothing_make_room_for_one_that_asks() {
    let lab = start().await;
    let mut silent = Vec::new();
    for _ in 0..1_100 {
        silent.push(lab.connect().await);
    }
    let (status, _) = lab.ask("GET", "/", &Value::Null).await;
    assert_eq!(status, 200);
    assert!(silent[0].byte().await.is_none(), "the oldest has gone");
    lab.end().await;
}
