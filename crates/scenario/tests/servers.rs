//! Servers that others wrote, as a scenario names them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use proptest::prelude::*;
use pushbench_protocol::{TlsUse, TransportKind, Unchanged};
use pushbench_scenario::{
    Holes, NamedServer, ProcessOf, Ready, Refused, Scenario, Source, Trust, read,
};

/// Nchan by the adapter that ships, started; a service of one's own that runs already; and ours.
const SCENARIO: &str = r#"
question = "Nchan, ours, and our orders?"

[workload]
clients = 10
publish = { every = "1s" }

[server]
queue = 100

[server.nchan]
adapter = "nchan"
url = "http://127.0.0.1:${port}"
start = ["nginx", "-p", "${dir}", "-c", "nginx.conf"]
files = ["servers/nginx.conf"]
env = { NODE_PATH = "${here}/modules:${dir}", PUSH = "${port_push}" }
ready = "GET /health"
process = { pid_file = "${dir}/nginx.pid" }

[server.orders]
url = "https://orders.example.org/v1/"
trust = "corp.pem"
publish = "theirs"
[server.orders.transport.short-poll]
url = "/orders?since=${since}"
headers = { Authorization = "Bearer ${env:ORDERS_TOKEN}" }
carry = { since = { json = "/next", first = "0" } }
id = "/items/*/id"
sent_at = { pointer = "/items/*/ts", unit = "ms" }

[[transport]]
kind = "websocket"
server = "nchan"

[[transport]]
kind = "short-poll"
server = "orders"
interval = "5s"
timing = "after-answer"
connection = "per-poll"

[[transport]]
kind = "short-poll"
interval = "5s"

[expect]
"nchan-websocket.latency.p99" = "< short-poll.latency.p99"
"#;

fn read_with(text: &str, overrides: &[&str], only: &[&str]) -> Result<Scenario, Refused> {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    read(&Source {
        path: Path::new("scenarios/mine.toml"),
        text,
        overrides: &owned(overrides),
        only: &owned(only),
        read_file: &|path| match path.to_str() {
            Some("scenarios/servers/nginx.conf") => {
                Ok(b"listen ${port}; control ${port_control}; proxy ${request_uri};".to_vec())
            }
            Some("scenarios/corp.pem") => Ok(b"-----BEGIN CERTIFICATE-----\n".to_vec()),
            Some("scenarios/bad.toml") => {
                Ok(b"about = \"x\"\n[transport.sse]\nurll = 1\n".to_vec())
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        },
    })
}

fn scenario(overrides: &[&str]) -> Scenario {
    read_with(SCENARIO, overrides, &[]).unwrap_or_else(|refused| panic!("{refused}"))
}

fn server(scenario: &Scenario, place: usize) -> &NamedServer {
    scenario.transports[place].server.as_deref().expect("it names one")
}

fn holes() -> Holes {
    let further = [("port_control".to_owned(), 7_002), ("port_push".to_owned(), 7_003)].into();
    Holes { dir: "/tmp/s".to_owned(), port: 7_001, further }
}

#[test]
fn a_server_that_is_started_has_all_that_it_takes() {
    let scenario = scenario(&[]);
    let labels: Vec<_> = scenario.transports.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["nchan-websocket", "orders-short-poll", "short-poll"]);
    assert_eq!(scenario.server.queue.get(), 100);
    assert!(scenario.transports[2].server.is_none());

    let nchan = server(&scenario, 0);
    assert_eq!((nchan.name.as_str(), nchan.adapter_name.as_str()), ("nchan", "nchan"));
    assert_eq!(
        (nchan.url.to_string().as_str(), nchan.url.port),
        ("http://127.0.0.1:${port}", None)
    );
    assert_eq!(nchan.ready, Ready::Path("/health".to_owned()));
    assert_eq!(nchan.process, Some(ProcessOf::PidFile("${dir}/nginx.pid".to_owned())));
    assert!(nchan.adapter.transport(TransportKind::WebSocket).is_some());
    let ports: Vec<_> = nchan.free_ports().into_iter().collect();
    assert_eq!(ports, ["port", "port_control", "port_push"]);

    let start = nchan.start.as_ref().expect("it is started").filled(&holes(), "/s");
    assert_eq!(start.command, ["nginx", "-p", "/tmp/s", "-c", "nginx.conf"]);
    let conf = b"listen 7001; control 7002; proxy ${request_uri};".to_vec();
    assert_eq!(start.files, [("nginx.conf".to_owned(), conf)]);
}

#[test]
fn a_server_gets_its_environment_and_is_told_where_the_scenario_is() {
    let text = SCENARIO
        .replace("[\"nginx\",", "[\"${here}/nginx\",")
        .replace("PUSH = ", "SECRET = \"x${env:NCHAN_SECRET}\", PUSH = ");
    let scenario = read_with(&text, &[], &[]).unwrap_or_else(|refused| panic!("{refused}"));
    let set = &scenario.settings()["server.nchan.env.SECRET"];
    assert_eq!(set, "x${env:NCHAN_SECRET}");
    let nchan = server(&scenario, 0);
    assert_eq!(nchan.environment(), ["NCHAN_SECRET"]);
    let start = nchan.start.as_ref().expect("it is started");
    assert_eq!(start.here.as_deref(), Some(Path::new("scenarios")));
    assert!(start.needs_here());
    let filled = start.filled(&holes(), "/s");
    assert_eq!(filled.command, ["/s/nginx", "-p", "/tmp/s", "-c", "nginx.conf"]);
    assert!(!format!("{filled:?}").contains("hidden"));
    let secret = |name: &str| (name == "NCHAN_SECRET").then(|| "hidden ${dir}".to_owned());
    let variables = start.variables(&holes(), "/s", &secret);
    let expected =
        [("NODE_PATH", "/s/modules:/tmp/s"), ("SECRET", "xhidden ${dir}"), ("PUSH", "7003")];
    assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_scenario_without_a_folder_is_told_so_where_it_needs_one() {
    let refused = read(&Source {
        path: Path::new(""),
        text: &SCENARIO.replace("\"-c\"", "\"${here}\""),
        overrides: &[],
        only: &["nchan-websocket".to_owned()],
        read_file: &|_| Ok(b"-----BEGIN CERTIFICATE-----\n".to_vec()),
    });
    let refused = refused.expect_err("it has none").to_string();
    for key in ["start", "env.NODE_PATH"] {
        assert!(refused.contains(&format!("server.nchan.{key} is")), "{refused}");
    }
    assert!(refused.contains("expected a path in place of `${here}`"), "{refused}");
}

#[test]
fn a_service_of_ones_own_is_described_where_it_stands() {
    let scenario = scenario(&[]);
    let orders = server(&scenario, 1);
    assert_eq!(orders.adapter_name, "inline");
    assert_eq!((orders.url.path.as_str(), orders.url.port), ("/v1", Some(443)));
    assert!(matches!(orders.trust, Trust::Certificate(_)));
    assert_eq!((&orders.start, &orders.ready, &orders.process), (&None, &Ready::Port, &None));
    let transport = orders.adapter.transport(TransportKind::ShortPoll).expect("it is offered");
    assert!(transport.publishes_by_itself() && transport.has_ids() && transport.has_times());

    // The URL says that there is TLS, and what a poll without a message gets is not asked for.
    let poll = &scenario.transports[1];
    assert_eq!(poll.carriage.tls, TlsUse::Full);
    assert_eq!(poll.settings.unchanged(), Some(Unchanged::Empty));
}

#[test]
fn a_record_names_the_servers_that_are_asked_and_no_secret() {
    let settings = |only: &[&str]| {
        let scenario = read_with(SCENARIO, &[], only).expect("valid");
        let all = scenario
            .settings()
            .into_iter()
            .filter(|(key, _)| key.starts_with("server.") || key.starts_with("transport.orders"));
        all.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(settings(&[]));
    assert!(!settings(&["short-poll"]).contains("nchan"));
    let text = SCENARIO
        .replace("adapter = \"nchan\"", "adapter = \"pushpin\"\nsettings.control = \"${env:C}\"");
    let scenario = read_with(
        &text
            .replace("kind = \"websocket\"", "kind = \"stream\"")
            .replace("nchan-websocket", "nchan-stream"),
        &[],
        &[],
    );
    let scenario = scenario.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(scenario.settings()["server.nchan.settings.control"], "${env:C}");
    assert_eq!(server(&scenario, 0).environment(), ["C"]);
}

#[test]
fn the_environment_is_asked_by_name_and_kept_in_the_values_alone() {
    let scenario = scenario(&[]);
    let orders = server(&scenario, 1);
    assert_eq!(orders.environment(), ["ORDERS_TOKEN"]);
    assert_eq!(server(&scenario, 0).environment(), Vec::<String>::new());

    let empty = Holes { dir: String::new(), port: 443, further: BTreeMap::new() };
    let missing = orders.values(&empty, &|_| None).expect_err("it is not there");
    assert_eq!(
        missing.to_string(),
        "server.orders uses `${env:ORDERS_TOKEN}`, which the environment does not have, expected a \
         value; set ORDERS_TOKEN=..."
    );
    assert_eq!(scenario.missing_variables(&|_| false), [missing]);
    assert_eq!(scenario.missing_variables(&|name| name == "ORDERS_TOKEN"), []);

    let values = orders.values(&empty, &|_| Some("hush".to_owned())).expect("it is there");
    assert!(!format!("{values:?}{scenario:?}{:?}", scenario.settings()).contains("hush"));
    assert_eq!(values.hide(b"Bearer hush"), "Bearer ${env:ORDERS_TOKEN}");
}

#[test]
fn what_can_be_said_of_a_server_can_be_set_and_swept() {
    let changed = scenario(&["server.nchan.url=http://127.0.0.1:8081", "server.queue=50"]);
    assert_eq!(server(&changed, 0).url.port, Some(8_081));
    assert_eq!(changed.server.queue.get(), 50);
    let name = read_with(SCENARIO, &["server.nchann.url=http://a"], &[]).expect_err("no such");
    assert!(name.to_string().contains("did you mean `server.nchan`?"), "{name}");

    let swept = format!("{SCENARIO}\n[sweep]\nserver.nchan.adapter = [\"nchan\", \"pushpin\"]\n");
    let swept = read_with(&swept, &[], &[]).unwrap_or_else(|refused| panic!("{refused}"));
    let adapters: Vec<_> =
        swept.cells.iter().map(|cell| server(&cell.scenario, 0).adapter_name.as_str()).collect();
    assert_eq!(adapters, ["nchan", "pushpin"]);
    let asked: Vec<_> = swept.servers().iter().map(|asked| asked.adapter_name.as_str()).collect();
    assert_eq!(asked, ["nchan", "inline", "pushpin"]);
}

#[test]
fn what_is_wrong_with_an_adapter_beside_it_is_told_where_it_is_and_once() {
    let text = SCENARIO.replace("adapter = \"nchan\"", "adapter = \"bad.toml\"");
    let swept = format!("{text}\n[sweep]\nclients = [1, 2, 0]\n");
    for (text, own) in [(&text, 0), (&swept, 1)] {
        let refused = read_with(text, &[], &[]).expect_err("two files are wrong");
        insta::allow_duplicates! {
            let problems = refused.problems.iter().skip(own).map(ToString::to_string);
            insta::assert_snapshot!(problems.collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn how_often_is_said_only_where_something_is_published() {
    let publish = "publish = { every = \"1s\" }\n";
    let without = SCENARIO.replace(publish, "").replace("[expect]\n", "");
    let without =
        without.lines().filter(|line| !line.contains("p99")).collect::<Vec<_>>().join("\n");
    let refused = read_with(&without, &[], &[]).expect_err("Nchan is published to").to_string();
    assert!(refused.contains("workload.publish is missing"), "{refused}");

    let only = ["orders-short-poll"];
    let own = read_with(&without, &[], &only).unwrap_or_else(|refused| panic!("{refused}"));
    let given = read_with(SCENARIO, &["workload.publish.every=1us", "workload.topics=10"], &only);
    let given = given.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(own.without_effect, Vec::<String>::new());
    assert_eq!(given.without_effect, ["workload.publish"]);
    for scenario in [&own, &given] {
        assert!(!scenario.is_published());
        let settings = scenario.settings();
        assert!(settings.keys().all(|key| !key.contains("publish.") && !key.contains("payload")));
    }
    let all = scenario(&[]);
    assert!(all.is_published() && all.without_effect.is_empty());
    assert!(all.settings().contains_key("workload.publish.every"));
}

/// Texts that look like scenarios with servers: lines of a valid one, cut, doubled and mixed.
fn with_servers() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        6 => prop::sample::select(SCENARIO.lines().collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => "\\[server\\.[a-z\"é.]{0,8}\\]",
        1 => "(adapter|url|trust|start|files|ready|process|settings|publish|server|id) = \
              (\"[a-z:/${}_.0-9]{0,20}\"|\\[\"[a-z${}_]{0,12}\"\\]|\\{[a-z_ =\"0-9]{0,20}\\}|-?[0-9]{1,6})",
        1 => "\\PC{0,30}",
    ];
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_text_with_servers_makes_the_reader_panic(text in with_servers()) {
        match read_with(&text, &[], &[]) {
            Ok(scenario) => {
                for server in scenario.transports.iter().filter_map(|one| one.server.as_ref()) {
                    let _ = (server.free_ports(), server.values(&holes(), &|_| None));
                    let _ = server.start.as_ref().map(|start| start.filled(&holes(), "/s"));
                }
                prop_assert!(!scenario.settings().is_empty());
            }
            Err(refused) => prop_assert!(!refused.to_string().is_empty()),
        }
    }

    #[test]
    fn no_setting_of_a_server_makes_the_reader_panic(
        key in "(nchan|orders|x)(\\.(url|start|files|process|settings|transport|adapter|[a-z]{1,4})){0,3}",
        value in "\\PC{0,20}|http://[a-z:/${}0-9\\[\\]@?#]{0,16}",
    ) {
        let _ = read_with(SCENARIO, &[&format!("server.{key}={value}")], &[]);
    }
}

#[test]
fn a_service_of_ones_own_takes_no_more_than_fifteen_lines() {
    let text = "question = \"What does polling our orders cost?\"\n\
                workload = { clients = 5 }\n\
                [server.orders]\n\
                url = \"https://orders.example.org\"\n\
                publish = \"theirs\"\n\
                [server.orders.transport.short-poll]\n\
                url = \"/orders?since=${since}\"\n\
                headers = { Authorization = \"Bearer ${env:ORDERS_TOKEN}\" }\n\
                carry = { since = { json = \"/next\", first = \"0\" } }\n\
                id = \"/items/*/id\"\n\
                [[transport]]\n\
                kind = \"short-poll\"\n\
                server = \"orders\"\n";
    assert!(text.lines().count() <= 15);
    assert!(read_with(text, &[], &[]).is_ok());
}
