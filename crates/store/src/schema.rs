//! The record's shape for other programs, as JSON Schema.

use crate::record::RunV1;

/// JSON Schema (2020-12) of `run.json`, version 1, as committed in `schema/run-v1.json`.
pub fn run_v1_schema() -> String {
    let schema = schemars::schema_for!(RunV1);
    let mut text =
        serde_json::to_string_pretty(&schema).expect("a schema is plain JSON with string keys");
    text.push('\n');
    text
}
