//! A service of one's own: it has orders by itself, wants a token, and is polled behind a cursor in
//! JSON. What it repeats of the token is in no record.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::support::{Bench, OF_THE_MACHINE, Running, invalid_checks, trial};

const TOKEN: &str = "nobody-may-read-this";
/// Time between two orders.
const EVERY: Duration = Duration::from_millis(300);

fn scenario(port: u16) -> String {
    format!(
        r#"question = "What does polling our orders cost?"
workload = {{ clients = 3, deliver = "every", warm_up = "300ms", measure = "2s", rounds = 1 }}

[server.orders]
url = "http://127.0.0.1:{port}/v1"
publish = "theirs"
[server.orders.transport.short-poll]
url = "/orders?since=${{since}}"
headers = {{ Authorization = "Bearer ${{env:ORDERS_TOKEN}}" }}
carry = {{ since = {{ json = "/next", first = "0" }} }}
id = "/items/*/id"
sent_at = {{ pointer = "/items/*/ts", unit = "ms" }}

[[transport]]
kind = "short-poll"
server = "orders"
interval = "100ms"
"#
    )
}

/// Serves orders to whoever connects, for as long as the test's process lives. Whoever has another
/// token is told what it was.
#[expect(clippy::disallowed_methods, reason = "a service says when its orders were made")]
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let (started, epoch) = (Instant::now(), SystemTime::now());
    let epoch = epoch.duration_since(UNIX_EPOCH).expect("after 1970");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || orders(&stream, started, epoch));
        }
    });
    port
}

fn orders(stream: &TcpStream, started: Instant, epoch: Duration) -> Option<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    loop {
        let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let path = head.first()?.split(' ').nth(1)?;
        let since: u32 = path.strip_prefix("/v1/orders?since=")?.parse().ok()?;
        let token = head.iter().find_map(|line| line.strip_prefix("Authorization: Bearer "));
        let (status, body) = match token {
            Some(TOKEN) => {
                let newest = (started.elapsed().as_millis() / EVERY.as_millis()) as u32;
                let item =
                    |id: u32| format!(r#"{{"id":{id},"ts":{}}}"#, (epoch + EVERY * id).as_millis());
                let items: Vec<_> = (since + 1..=newest).map(item).collect();
                ("200 OK", format!(r#"{{"next":"{newest}","items":[{}]}}"#, items.join(",")))
            }
            other => ("401 Unauthorized", format!("no such token: {other:?}")),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        (&mut &*stream).write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}

/// A run of a service whose orders have neither an id nor a time where the scenario looks for them.
#[test]
fn an_id_and_a_time_that_are_elsewhere_are_told_and_nothing_is_known_of_either() {
    let text = scenario(serve()).replace("/items/*/id", "/items/*/key").replace("/ts", "/at");
    let bench = Bench::with(&text);
    let mut program = bench.program(&["run", "small.toml"]);
    let ended = Running::start(program.env("ORDERS_TOKEN", TOKEN)).end();
    let record = bench.only_record("small");
    let trial = trial(&record, "orders-short-poll");
    assert!(trial.counts.deliveries_in_measure > 0, "{ended}");
    assert!(!trial.figures.contains_key("duplicates"), "{ended}");
    assert!(!trial.figures.contains_key("latency.p50"), "{ended}");
    for (check, key) in [("without-id", "`id`"), ("without-time", "`sent_at`")] {
        let found = trial.checks.iter().find(|found| found.check == check).expect("a warning");
        assert!(found.text.contains(key) && found.text.contains("\"ts\""), "{}", found.text);
    }
}

/// A run with this token, its record as it stands on disk, and what was said.
fn run(token: &str) -> (Bench, i32, String) {
    let bench = Bench::with(&scenario(serve()));
    let mut program = bench.program(&["run", "small.toml"]);
    let ended = Running::start(program.env("ORDERS_TOKEN", token)).end();
    let said = format!("{ended}");
    (bench, ended.code, said)
}

#[test]
fn a_service_that_publishes_by_itself_is_measured_by_its_own_ids_and_times() {
    let (bench, code, said) = run(TOKEN);
    let (folder, record) = bench.newest_record();
    let wrong = invalid_checks(&record);
    let wrong: Vec<_> =
        wrong.iter().filter(|one| !OF_THE_MACHINE.contains(&one.as_str())).collect();
    assert!(wrong.is_empty() && [0, 98].contains(&code), "{wrong:?}\n{said}");

    let trial = trial(&record, "orders-short-poll");
    let counts = &trial.counts;
    assert_eq!((counts.published, counts.duplicates), (0, 0));
    assert!(counts.deliveries_in_measure > 0 && counts.empty_polls > 0, "{counts:?}");
    // An order is 0 to 100 ms old when a poll finds it, and none is on the way for a second.
    let latency =
        trial.figures.get("latency.p50").copied().expect("orders say when they were made");
    assert!((0.0..1.0).contains(&latency), "{latency}");
    assert!(!trial.figures.contains_key("publish_lateness.p50"), "nobody published");
    assert!(!trial.figures.contains_key("lost"), "nobody knows what there was");

    let text = fs::read_to_string(folder.join("run.json")).expect("a record");
    assert!(!text.contains(TOKEN) && !said.contains(TOKEN), "{said}");
    assert!(text.contains("${env:ORDERS_TOKEN}"), "the scenario as it was written");
}

#[test]
fn what_a_service_repeats_of_a_token_is_told_by_its_name() {
    let (bench, code, said) = run("a-wrong-token");
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("401") && said.contains("${env:ORDERS_TOKEN}"), "{said}");
    assert!(!said.contains("a-wrong-token"), "{said}");
    for folder in bench.records() {
        let text = fs::read_to_string(folder.join("run.json")).expect("a record");
        assert!(!text.contains("a-wrong-token"), "{}", folder.display());
    }
}

#[test]
fn how_often_is_said_to_mean_nothing_where_nothing_is_published() {
    let bench = Bench::with(&scenario(1));
    for (set, said) in [(&[][..], false), (&["--set", "workload.publish.every=1s"], true)] {
        let mut program = bench.program(&[&["check", "small.toml"], set].concat());
        let ended = Running::start(program.env("ORDERS_TOKEN", TOKEN)).end();
        assert_eq!(ended.code, 0, "{ended}");
        let found =
            ended.stdout.contains("\n  workload.publish means nothing: nothing is published\n");
        assert_eq!(found, said, "{ended}");
    }
}
