//! `[find]` as written.

use std::num::NonZeroU32;

use pushbench_toml::kind::{Mismatch, choice, count, text};
use pushbench_toml::{At, Read, Reader, Value};

use crate::Quantity;
use crate::quantity::split_number;

/// `[find]`, as a file writes it.
pub(crate) const FIND_EXAMPLE: &str = "{ max = \"clients\", while = \"latency.p99 < 100ms\" }";
/// The largest `from` and `to`.
pub(crate) const MOST: u32 = 1_000_000;
/// The finest precision, a thousandth.
const FINEST: f64 = 0.001;

/// `[find]`.
#[derive(Debug)]
pub(crate) struct FindFile {
    /// Where the table is.
    pub(crate) table: At<()>,
    pub(crate) max: Read<Quantity>,
    pub(crate) condition: Read<String>,
    pub(crate) from: Read<Option<NonZeroU32>>,
    pub(crate) to: Read<Option<NonZeroU32>>,
    pub(crate) precision: Read<f64>,
}

impl FindFile {
    /// Reads the table, if there is one.
    pub(crate) fn read(mut found: At<Option<Reader<'_>>>) -> Option<Self> {
        let mut table = found.value.take()?;
        let condition = text("a figure and a condition, as in \"latency.p99 < 100ms\"");
        let file = Self {
            max: table.required("max", choice(Quantity::ALL, Quantity::label)),
            condition: table.required("while", condition),
            from: table.optional("from", count(MOST)),
            to: table.optional("to", count(MOST)),
            precision: table.or("precision", "5%", precision),
            table: found.with(()),
        };
        table.finish();
        Some(file)
    }
}

/// A share, as in `5%`.
pub(crate) fn precision(value: &Value) -> Result<f64, Mismatch> {
    let share = match value {
        Value::Text(text) => {
            let (number, unit) = split_number(text);
            number.parse().ok().filter(|_| unit.trim() == "%").map(|percent: f64| percent / 100.0)
        }
        _ => None,
    };
    let is_fine = |share: &f64| (FINEST..=1.0).contains(share);
    share.filter(is_fine).ok_or_else(|| Mismatch::new("a share from \"0.1%\" to \"100%\""))
}
