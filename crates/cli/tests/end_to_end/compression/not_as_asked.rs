//! Servers that compress otherwise than they were asked to.

use super::check_books;
use super::polled::POLLED;
use super::pushed::PUSHED;
use crate::support::{Bench, Server, trial};
use crate::turncoat;

#[test]
fn a_server_that_does_not_compress_is_told_apart_from_one_that_does() {
    for (scenario, label, flags, fault) in [
        (PUSHED, "takeover", &[][..], "extension-not-as-asked"),
        (PUSHED, "alone", &["--deflate"], ""),
        (
            PUSHED,
            "takeover",
            &["--deflate", "--deflate-window-bits", "11"],
            "extension-not-as-asked",
        ),
        (PUSHED, "small", &["--deflate"], ""),
        (POLLED, "gzip", &[], "coding-not-as-asked"),
        (POLLED, "held-gzip", &["--compression", "br"], "coding-not-as-asked"),
        (POLLED, "br", &["--compression", "br"], ""),
    ] {
        let bench = Bench::with(scenario);
        let server = Server::start(&bench, &[&["--mss", "1460"], flags].concat());
        let arguments = ["--quiet", "--only", label, "--target", &server.url()];
        if fault.is_empty() {
            let (_, run) = bench.valid_run(&arguments);
            check_books(&run);
            continue;
        }
        let ended = bench.play(&[&["run", "small.toml"], &arguments[..]].concat());
        assert_eq!(ended.code, 1, "{label} {flags:?}: {ended}");
        let said = match fault {
            "extension-not-as-asked" => "the upgrade agrees on extensions that were not offered",
            _ => "the body is not compressed as requested",
        };
        assert!(ended.stderr.contains(said), "{label} {flags:?}: {ended}");
        assert!(bench.records().is_empty(), "{label} {flags:?}: {ended}");

        // One that stops compressing only once the run has begun.
        let able = Server::start(&bench, &["--deflate", "--compression", "gzip"]);
        let changed = turncoat::by_topic(able.address, server.address);
        let url = format!("http://{changed}");
        let arguments = ["run", "small.toml", "--quiet", "--only", label, "--target", &url];
        let ended = bench.play(&arguments);
        assert_eq!(ended.code, 98, "{label} {flags:?}: {ended}");
        let (_, run) = bench.newest_record();
        let errors = &trial(&run, label).counts.errors;
        assert_eq!(errors.keys().collect::<Vec<_>>(), [fault], "{label} {flags:?}: {errors:?}");
        assert!(ended.stdout.contains(fault), "{label} {flags:?}: {ended}");
    }
}
