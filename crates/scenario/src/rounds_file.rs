//! `workload.rounds` as written: a number, or until a figure is known well enough.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use pushbench_toml::kind::{Mismatch, count, text, whole};
use pushbench_toml::{At, Line, Problems, Read, Reader, Value};

use crate::expect::has::{Written, figures_are_there};
use crate::expect::labels::Labels;
use crate::expect::parse::expectation;
use crate::find_file::precision;
use crate::until::{LEAST_ROUNDS, Until};
use crate::{Expectation, Scenario};

/// The most rounds.
pub(crate) const MOST_ROUNDS: u32 = 100;
/// Rounds where nothing is written.
pub(crate) const USUAL_ROUNDS: u32 = 3;
/// As a file writes it.
const EXAMPLE: &str = "{ until = \"websocket.latency.p99 within 5%\", at_most = 30 }";

/// `workload.rounds`.
#[derive(Debug)]
pub(crate) struct RoundsFile {
    /// How many, or the most.
    pub(crate) most: Read<NonZeroU32>,
    /// The condition; absent where a number is written, `None` if it is wrong.
    pub(crate) until: Option<Read<String>>,
}

impl RoundsFile {
    /// Reads the key of `[workload]`.
    pub(crate) fn read(workload: &mut Reader<'_>) -> Self {
        let is_table =
            workload.node("rounds").is_some_and(|node| matches!(node.value, Value::Table(_)));
        if !is_table {
            return Self { most: workload.or("rounds", USUAL_ROUNDS, rounds), until: None };
        }
        let mut table = workload.table("rounds");
        let condition = text("a figure and a share, as in \"websocket.latency.p99 within 5%\"");
        let file = Self {
            until: Some(table.required("until", condition)),
            most: table.required("at_most", at_most),
        };
        table.finish();
        file
    }
}

fn rounds(value: &Value) -> Result<NonZeroU32, Mismatch> {
    count(MOST_ROUNDS)(value).map_err(|mismatch| match value {
        Value::Whole(..) => mismatch,
        _ => mismatch.help(format!("or {EXAMPLE}")),
    })
}

/// As many as are always played would be a number in other words.
pub(crate) const AT_MOST: RangeInclusive<u64> = LEAST_ROUNDS as u64 + 1..=MOST_ROUNDS as u64;

fn at_most(value: &Value) -> Result<NonZeroU32, Mismatch> {
    whole(AT_MOST)(value).map_err(|mismatch| {
        let why = "rounds are always played, since an interval over fewer says nothing";
        mismatch.help(format!("{LEAST_ROUNDS} {why}"))
    })?;
    count(MOST_ROUNDS)(value)
}

/// The condition read, and where it was written.
#[derive(Debug)]
pub(crate) struct ReadUntil {
    until: Until,
    /// The same as an expectation, by which its figure is looked for.
    expectation: Expectation,
    written: At<String>,
}

impl RoundsFile {
    /// Reads `TRANSPORT.FIGURE within SHARE`; `None` if it is refused, and in it where none is written.
    pub(crate) fn until(
        &self,
        labels: Labels<'_>,
        problems: &Problems,
    ) -> Option<Option<ReadUntil>> {
        let Some(written) = &self.until else { return Some(None) };
        let written = written.as_ref()?;
        let parts = written.value.split_once(" within ");
        let parts = parts.map(|(name, share)| (name.trim(), precision(&share.trim().into())));
        let Some((name, Ok(share))) = parts else {
            let expected =
                "a figure and a share from 0.1% to 100%, as in \"websocket.latency.p99 within 5%\"";
            written.refuse(problems, expected.to_owned(), None);
            return None;
        };
        // What is expected of the figure is nothing; that it exists is.
        let right = At { value: "within 100% of 0".to_owned(), ..written.clone() };
        let line = Line { name: name.to_owned(), place: written.place, right };
        let expectation = expectation(&line, labels, problems)?;
        let until = Until {
            transport: expectation.transport.clone(),
            figure: expectation.figure.clone(),
            share,
            written: written.value.trim().to_owned(),
        };
        Some(Some(ReadUntil { until, expectation, written: written.clone() }))
    }
}

impl ReadUntil {
    /// Holds it against the scenario of which it is; `None` if it is refused.
    pub(crate) fn resolve(self, scenario: &Scenario, problems: &Problems) -> Option<Until> {
        let Self { until, expectation, written } = self;
        if !scenario.transports.iter().any(|of| of.label == until.transport) {
            let expected =
                format!("a transport that is played; {} was not selected", until.transport);
            written.refuse(problems, expected, Some("`--set workload.rounds=3` plays that many"));
            return None;
        }
        let at = Written { key: written.key, name: written.place, condition: written.place };
        figures_are_there(&expectation, &at, scenario, problems);
        Some(until)
    }
}
