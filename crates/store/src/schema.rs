//! The record's shape for other programs, as JSON Schema.

use crate::record::RunV2;

/// JSON Schema (2020-12) of `run.json`, version 2, as committed in `schema/run-v2.json`.
pub fn run_v2_schema() -> String {
    let schema = schemars::schema_for!(RunV2);
    let mut text =
        serde_json::to_string_pretty(&schema).expect("a schema is plain JSON with string keys");
    text.push('\n');
    text
}
