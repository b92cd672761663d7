//! What is no request that can be imported is refused, with the message beside it; and no input makes
//! a reader panic.

mod common;

use proptest::prelude::*;
use pushbench_import::{Secrets, header_file, read_curl, read_har};
use pushbench_protocol::RequestProfile;

use common::{each, settings};

#[test]
fn each_refused_text_gets_the_message_beside_it() {
    let _bound = settings("tests/refused").bind_to_scope();
    let commands = each("tests/refused", ".curl", |name, text| {
        insta::assert_snapshot!(name, read_curl(text).expect_err(name));
    });
    let files = each("tests/refused", ".har", |name, text| {
        insta::assert_snapshot!(name, read_har(text).expect_err(name));
    });
    assert!(commands >= 20 && files >= 8, "{commands} and {files}");
}

#[test]
fn what_is_too_large_is_refused() {
    let long = "x".repeat((1 << 20) + 1);
    assert!(read_curl(&long).is_err_and(|error| error.to_string().contains("1 MiB")));
    let headers = "-H 'a: b' ".repeat(101);
    let refused = read_curl(&format!("curl http://h/ {headers}")).expect_err("too many");
    assert!(refused.to_string().contains("100 headers"), "{refused}");
}

proptest! {
    #[test]
    fn whatever_a_command_says_its_header_file_can_be_read(
        words in prop::collection::vec("(-H|-b|-X|-d|-A|-u|--data-raw|--compressed|-G)|'[ -~é\\n]{0,30}'|'[A-Za-z-]{1,12}: ?[ -~é\\t]{0,40}'|[ -~]{0,12}", 0..12),
    ) {
        let text = format!("curl 'http://h/a?b=1' {}", words.join(" "));
        if let Ok(captured) = read_curl(&text) {
            let mut secrets = Secrets::new("h");
            secrets.find(&captured);
            for (request, upgrade) in [(Some(&captured), None), (None, Some(&captured))] {
                let file = header_file(request, upgrade, &secrets).expect("there is one");
                prop_assert!(RequestProfile::parse("imported", &file.text).is_ok(), "{}", file.text);
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,80}") {
        let _ = (read_curl(&text), read_har(&text), read_har(&format!("{{\"log\":{text}}}")));
    }
}
