//! What a browser saved: whatever is read of it becomes files that are accepted.

use std::io;
use std::path::Path;

use pushbench_import::{Candidate, Imported, Names, Recorded, choose, import, read_curl, read_har};
use pushbench_protocol::RequestProfile;
use pushbench_scenario::Source;

use crate::input::text;

/// HAR files, each request of them and those that are repeated.
pub fn har(data: &[u8]) {
    text(data, |text| {
        let Ok(all) = read_har(text) else { return };
        if let Ok(candidate) = choose(&all, None) {
            becomes_files(&candidate);
        }
        for one in &all {
            becomes_files(&Candidate::of(one));
        }
    });
}

/// Requests as "Copy as cURL" copies them.
pub fn curl(data: &[u8]) {
    text(data, |text| {
        if let Ok(captured) = read_curl(text) {
            becomes_files(&Candidate::of(&Recorded::alone(captured)));
        }
    });
}

fn becomes_files(candidate: &Candidate<'_>) {
    const HEADERS: &str = "page.head";
    let Imported { scenario, headers, .. } =
        import(candidate, Names { header_file: HEADERS, source: "a page" });
    if let Err(error) = RequestProfile::parse("page", &headers) {
        panic!("{error} in\n{headers}");
    }
    let read_file = |path: &Path| match path.ends_with(HEADERS) {
        true => Ok(headers.clone().into_bytes()),
        false => Err(io::Error::other("the scenario names its header file only")),
    };
    let source = Source {
        path: Path::new("page.toml"),
        text: &scenario,
        overrides: &[],
        only: &[],
        read_file: &read_file,
    };
    if let Err(refused) = pushbench_scenario::read(&source) {
        panic!("{refused} in\n{scenario}");
    }
}
