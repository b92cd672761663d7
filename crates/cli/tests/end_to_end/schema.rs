//! `pushbench schema`: what editors complete by.

use crate::support::Bench;

#[test]
fn each_schema_is_printed_and_is_one() {
    for (of, key) in [("scenario", "workload"), ("adapter", "transport"), ("record", "trials")] {
        let printed = Bench::new().play(&["schema", of]);
        assert_eq!((printed.code, printed.stderr.as_str()), (0, ""), "{of}: {printed}");
        let schema: serde_json::Value = serde_json::from_str(&printed.stdout).expect("JSON");
        assert!(jsonschema::meta::is_valid(&schema), "{of}");
        assert!(schema["properties"].get(key).is_some(), "{of} has no {key}");
    }
    let unknown = Bench::new().play(&["schema", "report"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""), "{unknown}");
}
