//! What a CI system is told.

use std::fs;
use std::process::Command;

use super::{Records, altered, change, reference};
use crate::support::Bench;

#[test]
fn a_gate_and_a_run_are_told_to_a_ci_system_in_the_forms_that_it_reads() {
    let slower = altered("slower", 1, |run| {
        change(run, "websocket", "wire_bytes_per_delivery", |bytes| bytes + 10.0);
    });
    let records = Records::new(&[slower]);
    let gate = |format| {
        let watched = ["--fail-on", "*.wire_bytes_per_delivery > +0%", "--format", format];
        records.compare(&[&["base", "slower"][..], &watched].concat())
    };
    let junit = gate("junit");
    assert_eq!(junit.code, 3, "{junit}");
    let cases = cases(&records.bench, &junit.stdout);
    let failed = "websocket.wire_bytes_per_delivery (*.wire_bytes_per_delivery > +0%)";
    let passed = "short-poll.wire_bytes_per_delivery (*.wire_bytes_per_delivery > +0%)";
    assert_eq!(
        cases,
        [("can be compared", "passed"), (passed, "passed"), (failed, "failure")].map(owned)
    );
    let annotated = gate("annotations");
    assert_eq!(annotated.code, 3, "{annotated}");
    let errors = annotated.stdout.lines().filter(|line| line.starts_with("::error"));
    assert_eq!(errors.count(), 1, "{annotated}");

    let out =
        records.bench.play(&["report", "base", "--summary", "answer", "--out", "junit=run.xml"]);
    assert_eq!(out.code, 0, "{out}");
    let xml = fs::read_to_string(records.bench.path().join("run.xml")).expect("it was written");
    let run = reference();
    let checks: usize = run.trials.iter().map(|trial| trial.checks.len()).sum();
    assert_eq!(self::cases(&records.bench, &xml).len(), checks + run.expectations.len() + 1);
}

fn owned((name, outcome): (&str, &str)) -> (String, String) {
    (name.to_owned(), outcome.to_owned())
}

/// The cases of JUnit's XML by a parser that is not ours: name and what stands in it.
fn cases(bench: &Bench, xml: &str) -> Vec<(String, String)> {
    let file = bench.path().join("cases.xml");
    fs::write(&file, xml).expect("it can be");
    let script = "import sys, xml.etree.ElementTree as e
for c in e.parse(sys.argv[1]).getroot().iter('testcase'): print(c.get('name'), c[0].tag if len(c) else 'passed', sep='\t')";
    let read =
        Command::new("python3").args(["-c", script]).arg(&file).output().expect("python3 is there");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let printed = String::from_utf8(read.stdout).expect("text");
    printed.lines().map(|line| owned(line.split_once('\t').expect("two columns"))).collect()
}
