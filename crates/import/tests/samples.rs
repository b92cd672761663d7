//! Requests as browsers save them: what is read of each, and the header file that it becomes.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use pushbench_import::{
    Candidate, Captured, Exchange, Imported, Names, Recorded, Secrets, choose, header_file, import,
    read_curl, read_har,
};
use pushbench_protocol::RequestProfile;
use pushbench_scenario::{Source, read};

use common::{each, settings};

fn shown(captured: &Captured) -> String {
    let mut out = format!("{} {}\n{:?}", captured.method, captured.url, captured.exchange());
    for (name, value) in &captured.headers {
        write!(out, "\n  {name}: {value}").expect("a string");
    }
    if let Some(body) = &captured.body {
        write!(out, "\nbody {body}").expect("a string");
    }
    let mut secrets = Secrets::new("example");
    secrets.find(captured);
    for secret in secrets.all() {
        write!(out, "\nsecret {}: ${{env:{}}}", secret.place, secret.variable).expect("a string");
    }
    let (request, upgrade) = match captured.exchange() {
        Exchange::WebSocket => (None, Some(captured)),
        Exchange::Poll | Exchange::Events => (Some(captured), None),
    };
    let file = header_file(request, upgrade, &secrets).expect("there is a request");
    RequestProfile::parse("imported", &file.text).expect("what is written can be read");
    write!(out, "\n\n{}", file.text).expect("a string");
    out
}

/// The scenario, which can be read with its header file.
fn readable(name: &str, imported: Imported) -> String {
    let headers = imported.headers.into_bytes();
    let source = Source {
        path: Path::new(name),
        text: &imported.scenario,
        overrides: &[],
        only: &[],
        read_file: &|_| Ok(headers.clone()),
    };
    let read = read(&source).unwrap_or_else(|refused| panic!("{refused}\n{}", imported.scenario));
    assert!(read.transports.iter().all(|transport| transport.server.is_some()), "{name}");
    imported.scenario
}

#[test]
fn a_copied_command_becomes_a_header_file() {
    let _bound = settings("tests/samples").bind_to_scope();
    let count = each("tests/samples", ".curl", |name, text| {
        let captured = read_curl(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        insta::assert_snapshot!(name, shown(&captured));
    });
    assert!(count >= 8, "{count} samples");
}

#[test]
fn a_har_file_has_its_requests_in_the_order_in_which_they_began() {
    let count = each("tests/samples", ".har", |name, text| {
        let all = read_har(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(all.is_sorted_by_key(|recorded| recorded.started), "{name}");
        assert!(all.iter().all(|recorded| recorded.started.is_some()), "{name}");
        let of_http2 = |(name, _): &(String, String)| name.starts_with(':');
        assert!(!all.iter().any(|one| one.captured.headers.iter().any(of_http2)), "{name}");
    });
    assert!(count >= 4, "{count} samples");
}

#[test]
fn a_recording_becomes_a_scenario_that_plays_it() {
    let _bound = settings("tests/samples").bind_to_scope();
    fn names(source: &str) -> Names<'_> {
        Names { header_file: "page.head", source }
    }
    let count = each("tests/samples", ".har", |name, text| {
        let all = read_har(text).expect(name);
        let shown = match choose(&all, None) {
            Ok(candidate) => readable(name, import(&candidate, names(name))),
            Err(several) => several.to_string(),
        };
        insta::assert_snapshot!(format!("{name}.toml"), shown);
    });
    assert!(count >= 4, "{count} samples");
    each("tests/samples", ".curl", |name, text| {
        let recorded = Recorded::alone(read_curl(text).expect(name));
        let imported = import(&Candidate::of(&recorded), names(name));
        insta::assert_snapshot!(format!("{name}.toml"), readable(name, imported));
    });
}

#[test]
fn no_secret_of_a_sample_is_in_what_is_written() {
    each("tests/samples", ".curl", |name, text| {
        let captured = read_curl(text).expect(name);
        let mut secrets = Secrets::new("example");
        secrets.find(&captured);
        let file = header_file(Some(&captured), None, &secrets).expect("there is a request");
        let url = secrets.template(captured.url.as_str());
        let body = secrets.template(captured.body.as_deref().unwrap_or_default());
        for secret in
            ["eyJ", "4f1c0b2a9d8e7f6a", "t0k3n", "s%3Aabc.def", "quoted", "bWU6cGE1NQ", "pa55"]
        {
            for written in [&file.text, &url, &body] {
                assert!(!written.contains(secret), "{name}: {secret} in {written}");
            }
        }
    });
}
