//! The schema of adapters, held against the reader, the adapters that ship, and those that are refused.

#[path = "../../toml/tests/held/mod.rs"]
mod held;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pushbench_adapter::{SHIPPED, read, schema};

use held::Held;

/// What only the reader knows to be wrong: holes, names, what does not go together.
const BEYOND_A_SCHEMA: [&str; 18] = [
    "code-with-a-list",
    "code-without-its-settings",
    "counter-that-is-none",
    "event-without-events",
    "filter-that-is-unknown",
    "filter-without-its-key",
    "gaps-side-by-side",
    "header-of-the-connection",
    "hole-that-is-no-name",
    "hole-without-an-end",
    "message-with-two-payloads",
    "message-without-a-payload",
    "names-taken",
    "payload-where-nothing-is-published",
    "publisher-without-a-value",
    "setting-that-uses-a-later-one",
    "value-before-it-is-got",
    "value-that-is-unknown",
];

fn read_text(text: &str) -> Result<String, Vec<(String, String)>> {
    let problems = |problem: pushbench_adapter::Problem| (problem.key, problem.expected);
    read(Path::new("a.toml"), text)
        .map(|adapter| format!("{adapter:?}"))
        .map_err(|refused| refused.problems.into_iter().map(problems).collect())
}

#[test]
fn every_key_default_and_bound_of_the_schema_is_that_of_the_reader_and_none_is_missing() {
    let text = schema();
    let mut held = Held::new(&text, &read_text);
    const ABOUT: &str = "about = \"a\"\ndocuments = \"d\"\n";
    const END: &str = "[transport.sse]\nurl = \"/x\"\n";
    held.table(
        "",
        &format!("@line(about = \"a\"; documents = \"d\"; publish = \"theirs\")@\n{END}"),
    );
    held.table("publish/+url", &format!("{ABOUT}publish = {{ @entry(url = \"/p\")@ }}\n{END}"));
    held.table("transport", &format!("{ABOUT}publish = \"theirs\"\n[transport]\n@line()@\n{END}"));
    // What `code = "mqtt"` uses.
    let used = ["topic", "client_id", "user", "password", "qos", "keep_alive"];
    let used: String = used.iter().map(|name| format!("{name} = 0\n")).collect();
    let settings = format!("[settings]\n{used}");
    for kind in ["short-poll", "long-poll", "sse", "stream", "websocket"] {
        let (is_polled, is_socket) = (kind.ends_with("poll"), kind == "websocket");
        let table = format!("{ABOUT}publish = \"theirs\"\n{settings}[transport.{kind}]\n");
        let at = |key: &str| format!("transport/{kind}/{key}");
        held.table(&at(""), &format!("{table}@line(url = \"/x\")@\n"));
        let table = format!("{table}url = \"/x\"\nsplit = \"events\"\n");
        let of_split =
            table.replace("split = \"events\"\n", "split = { @entry(separator = \"a\")@ }\n");
        held.table(&at("split"), &of_split);
        for (key, value) in [
            ("steps/+url", "[{ @entry(url = \"/s\")@ }]"),
            ("each", "{ @entry()@ }"),
            ("heartbeat", "{ @entry(match = \"a\")@ }"),
            ("keep_alive", "{ @entry(every = \"1s\"; send = { url = \"/k\" })@ }"),
            ("close", "{ @entry(url = \"/c\")@ }"),
            ("ignore", "{ @entry(text = \"a\")@ }"),
            ("message", "{ @entry(payload = \"/a\")@ }"),
            ("publish/+url", "{ @entry(url = \"/p\")@ }"),
            ("id", "{ @entry(pointer = \"/a\")@ }"),
            ("sent_at", "{ @entry(pointer = \"/a\"; unit = \"s\")@ }"),
        ] {
            let name = key.split('/').next().unwrap_or(key);
            held.table(&at(key), &format!("{table}{name} = {value}\n"));
        }
        if is_polled {
            held.table(&at("empty"), &format!("{table}empty = {{ @entry(has = \"/a\")@ }}\n"));
            held.table(
                &at("carry/*"),
                &format!("{table}carry = {{ x = {{ @entry(json = \"/a\")@ }} }}\n"),
            );
        } else {
            held.table(
                &at("steps/-url"),
                &format!("{table}steps = [{{ @entry(expect = \"a\")@ }}]\n"),
            );
        }
        if is_socket {
            let over = "publish = { @entry(over = \"connection\"; send = \"${payload}\")@ }\n";
            held.table(&at("publish/+send"), &format!("{table}{over}"));
            let step = |step: &str| {
                let steps = format!("steps = [{{ {step} }}]");
                format!(
                    "{table}publish = {{ over = \"connection\", send = \"${{payload}}\", {steps} }}\n"
                )
            };
            held.table(&at("publish/+send/steps/+url"), &step("@entry(url = \"/s\")@"));
            held.table(&at("publish/+send/steps/-url"), &step("@entry(expect = \"a\")@"));
        }
    }
    held.finish(200, |_| false);
}

fn is_valid(validator: &jsonschema::Validator, text: &str) -> Option<bool> {
    let table: toml::Table = text.parse().ok()?;
    let json = serde_json::to_value(table).expect("TOML without dates is JSON");
    Some(validator.is_valid(&json))
}

fn validator() -> jsonschema::Validator {
    let schema = serde_json::from_str(&schema()).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema of draft 7")
}

#[test]
fn every_adapter_that_ships_is_valid_by_the_schema() {
    let validator = validator();
    for shipped in SHIPPED {
        let json: toml::Table = shipped.text.parse().expect("TOML");
        let json = serde_json::to_value(json).expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", shipped.name);
    }
}

#[test]
fn what_is_refused_for_its_form_is_refused_by_the_schema_too() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut taken = BTreeSet::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder is in the repository") {
        let path = entry.expect("a readable folder").path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml"))
        else {
            continue;
        };
        let text = fs::read_to_string(&path).expect("UTF-8");
        count += 1;
        if is_valid(&validator, &text) == Some(true) {
            taken.insert(name.to_owned());
        }
    }
    let expected: BTreeSet<String> =
        BEYOND_A_SCHEMA.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(taken, expected, "of {count}: what the schema takes, and what is beyond it");
}
