//! `pushbench schema`: what files may have, for editors and other programs.

use clap::{Args, ValueEnum};

use crate::exit::Exit;
use crate::output;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench schema scenario > scenario.schema.json
  pushbench schema adapter > adapter.schema.json
  pushbench schema record | jq .properties.trials

An editor that knows TOML (with taplo, as in Even Better TOML for VS Code) completes keys and values of a \
file and explains them, if the file begins with a line as in:

  #:schema ./scenario.schema.json")]
pub(crate) struct SchemaOptions {
    /// The kind of file.
    #[arg(value_enum)]
    of: Of,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Of {
    /// A scenario, TOML (JSON Schema, draft 7).
    Scenario,
    /// An adapter, TOML (JSON Schema, draft 7).
    Adapter,
    /// The record of a run, run.json (JSON Schema, 2020-12).
    Record,
}

/// Prints a schema.
pub(crate) fn schema(options: &SchemaOptions) -> anyhow::Result<Exit> {
    let schema = match options.of {
        Of::Scenario => pushbench_scenario::schema(),
        Of::Adapter => pushbench_adapter::schema(),
        Of::Record => pushbench_store::run_v2_schema(),
    };
    output::put_json(&schema, None)?;
    Ok(Exit::Ok)
}
