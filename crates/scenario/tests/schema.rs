//! The schema of scenarios, held against the reader, the scenarios of this repository, and those that
//! are refused.

#[path = "../../toml/tests/held/mod.rs"]
mod held;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pushbench_protocol::TransportKind;
use pushbench_scenario::{Problem, Source, read, schema};

use held::Held;

/// What only the reader knows to be wrong: files, `--set` and `--only`, and what does not go together.
const BEYOND_A_SCHEMA: [&str; 57] = [
    "coding-that-the-profile-does-not-accept",
    "conflated-every-message",
    "drain-shorter-than-a-poll",
    "drain-shorter-than-conflation",
    "every-message-and-resend",
    "expect-is-no-condition",
    "expect-names-nothing",
    "expect-of-what-is-never-there",
    "expect-units-differ",
    "fault-that-clients-do-not-survive",
    "find-beside-what-it-replaces",
    "find-for-what-only-grows",
    "find-out-of-range",
    "gap-without-tokens",
    "labels-alike",
    "link-whose-parts-do-not-fit",
    "link-with-what-is-elsewhere",
    "measure-too-short-for-two-polls",
    "more-topics-than-clients",
    "no-server-but-ours",
    "only-unknown",
    "own-path-with-more-than-it-can-say",
    "payload-file-absent",
    "payload-file-empty",
    "payload-file-not-ascii",
    "payload-file-with-line-end",
    "payload-twice",
    "profile-files",
    "proxy-with-what-is-elsewhere",
    "publish-missing-for-one-server",
    "publish-with-two-rates",
    "publish-without-rate",
    "request-in-latin-1",
    "request-of-many-bytes",
    "request-of-many-fields",
    "request-that-announces-a-body",
    "request-to-a-path-of-its-own",
    "request-with-umlaut",
    "request-without-host",
    "response-in-a-coding",
    "response-in-chunks",
    "response-of-a-fixed-length",
    "rounds-until-in-a-search",
    "rounds-until-what-is-left-out",
    "rounds-until-what-is-never-there",
    "server-expectations",
    "set-expectation",
    "set-makes-the-file-disagree",
    "set-no-setting",
    "set-no-such-key",
    "set-second-rate",
    "set-transport-unknown",
    "set-values-that-do-not-fit",
    "shards-without-a-client",
    "sweep-of-what-cannot-be",
    "tokens-without-room",
    "too-many-publishes",
];

fn read_text(text: &str) -> Result<String, Vec<(String, String)>> {
    let source = Source {
        path: Path::new("a.toml"),
        text,
        overrides: &[],
        only: &[],
        read_file: &|_| Ok(b"text for ${port} and ${upstream}".to_vec()),
    };
    let problems = |problem: Problem| (problem.key, problem.expected);
    read(&source)
        .map(|scenario| format!("{scenario:?}"))
        .map_err(|refused| refused.problems.into_iter().map(problems).collect())
}

#[test]
fn every_key_default_and_bound_of_the_schema_is_that_of_the_reader_and_none_is_missing() {
    let text = schema();
    let mut held = Held::new(&text, &read_text);
    const QUESTION: &str = "question = \"a?\"\n";
    const WORKLOAD: &str = "[workload]\nclients = 10\npublish = { every = \"1s\" }\n";
    const SSE: &str = "[[transport]]\nkind = \"sse\"\n";
    let root = "question = \"a?\"; workload = { clients = 10, publish = { every = \"1s\" } }; \
                transport = [{ kind = \"sse\" }]";
    held.table("", &format!("@line({root})@\n"));
    let workload = |publish: &str| {
        format!("{QUESTION}[workload]\n@line(clients = 10; publish = {publish})@\n{SSE}")
    };
    held.table("workload", &workload("{ every = \"1s\" }"));
    let base = format!("{QUESTION}[workload]\nclients = 10\n");
    let every = "publish = { every = \"1s\" }";
    held.table(
        "workload/publish",
        &format!("{base}publish = {{ @entry(every = \"1s\")@ }}\n{SSE}"),
    );
    held.table("workload/payload", &format!("{base}{every}\npayload = {{ @entry()@ }}\n{SSE}"));
    let rounds = "until = \"sse.latency.p99 within 5%\"; at_most = 9";
    held.table(
        "workload/rounds",
        &format!("{base}{every}\nrounds = {{ @entry({rounds})@ }}\n{SSE}"),
    );
    // What may wait, waits for a rate.
    let network = format!("{QUESTION}{WORKLOAD}[network]\n");
    held.table("network", &format!("{network}@line(rate = \"10Mb/s\")@\n{SSE}"));
    for way in ["up", "down"] {
        let path = format!("{network}{way} = {{ @entry(rate = \"10Mb/s\")@ }}\n{SSE}");
        held.table(&format!("network/{way}"), &path);
    }
    for name in ["headers", "load"] {
        held.table(name, &format!("{QUESTION}{WORKLOAD}[{name}]\n@line()@\n{SSE}"));
    }
    held.table("server", &format!("{QUESTION}{WORKLOAD}[server]\n@line()@\n{SSE}"));
    held.table("proxy", &format!("{QUESTION}{WORKLOAD}{SSE}[proxy]\n@line()@\n"));
    let proxy = "kind = \"nginx\"; config = \"a.conf\"";
    held.table("proxy/*", &format!("{QUESTION}{WORKLOAD}{SSE}[proxy.a]\n@line({proxy})@\n"));
    let find = "max = \"clients\"; while = \"latency.p99 < 1s\"";
    held.table("find", &format!("{QUESTION}{WORKLOAD}{SSE}[find]\n@line({find})@\n"));
    for kind in TransportKind::ALL {
        let kind = kind.label();
        // With a name its keys are called the same whatever its kind is.
        let keys = format!("kind = \"{kind}\"; name = \"x\"");
        let text =
            format!("{QUESTION}{WORKLOAD}[server.a]\nurl = \"http://h:1\"\nadapter = \"nchan\"\n");
        held.table(
            &format!("transport/kind={kind}"),
            &format!("{text}[[transport]]\n@line({keys})@\n"),
        );
    }
    let fault = format!(
        "{QUESTION}{WORKLOAD}[fault]\n@line(disconnect_at = \"1s\")@\n\
         {SSE}reconnect = {{ after = \"1s\" }}\n"
    );
    held.table("fault", &fault);
    let reconnect = format!(
        "{QUESTION}{WORKLOAD}{SSE}name = \"x\"\nreconnect = {{ @entry(after = \"1s\")@ }}\n"
    );
    held.table("transport/kind=sse/reconnect", &reconnect);
    let server = format!("{QUESTION}{WORKLOAD}{SSE}[server.a]\n");
    let url = "url = \"https://h:1\"; start = [\"x\"]";
    held.table("server/*/-publish", &format!("{server}@line({url}; adapter = \"nchan\")@\n"));
    let inline = "publish = \"theirs\"; transport = { sse = { url = \"/x\" } }";
    held.table("server/*/+publish", &format!("{server}@line({url}; {inline})@\n"));
    let process =
        "url = \"http://h:1\"\nadapter = \"nchan\"\nprocess = { @entry(pid_file = \"/p\")@ }\n";
    held.table("server/*/-publish/process", &format!("{server}{process}"));
    // What an adapter has is held in its own crate.
    held.finish(100, |table| table.contains("/+publish/") || is_of_an_adapter(table));
}

/// Whether a table of the schema stands in what an adapter says.
fn is_of_an_adapter(pointer: &str) -> bool {
    pointer.starts_with("/definitions/")
        || ["/properties/transport/properties/", "/properties/publish/anyOf/"]
            .iter()
            .any(|part| pointer.starts_with("/properties/server/") && pointer.contains(part))
        || (pointer.starts_with("/properties/server/")
            && pointer.ends_with("/properties/transport"))
}

fn validator() -> jsonschema::Validator {
    let schema = serde_json::from_str(&schema()).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema of draft 7")
}

fn toml_files(folder: PathBuf) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(path).expect("UTF-8")));
        }
    }
    found
}

#[test]
fn every_scenario_of_the_repository_is_valid_by_the_schema() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut all = toml_files(folder.join("servers"));
    all.extend(toml_files(folder));
    assert!(all.len() >= 30, "{} scenarios", all.len());
    for (name, text) in all {
        let table: toml::Table = text.parse().expect("TOML");
        let json = serde_json::to_value(table).expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn what_is_refused_for_its_form_is_refused_by_the_schema_too() {
    let validator = validator();
    let is_taken = |text: &str| {
        let table: Result<toml::Table, _> = text.parse();
        table.is_ok_and(|table| validator.is_valid(&serde_json::to_value(table).expect("JSON")))
    };
    let all = toml_files(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused"));
    let taken: BTreeSet<_> =
        all.iter().filter(|(_, text)| is_taken(text)).map(|(name, _)| name.as_str()).collect();
    let expected: BTreeSet<_> = BEYOND_A_SCHEMA.into_iter().collect();
    assert_eq!(taken, expected, "of {}: what the schema takes, and what is beyond it", all.len());
}
