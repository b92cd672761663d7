//! The page of all runs.

mod runs;

use std::path::Path;

use pushbench_report::{Listed, trend_page};
use pushbench_store::RunV2;
use scraper::{Html, Selector};

fn page(runs: &[RunV2]) -> String {
    let listed = runs.iter().map(|run| Listed {
        run,
        verdict: "valid",
        link: Some(format!("{}/report.html", run.id)),
    });
    trend_page(&listed.collect::<Vec<_>>())
}

fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let selector = Selector::parse(selector).expect("the selector is a constant");
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&selector).map(|found| words(found.text().collect())).collect()
}

/// The run of this day; from the fifth on a poll's bytes are 40 more.
fn day(day: usize, of: RunV2) -> RunV2 {
    let mut run = RunV2 {
        id: format!("day{day:03}"),
        started_at: format!("2026-{:02}-{:02}T00:00:00.000Z", 1 + day / 28, 1 + day % 28),
        ..of
    };
    let polls = run.trials.iter_mut().filter(|trial| trial.transport == "short-poll");
    for trial in polls.filter(|_| day >= 5) {
        for figure in
            ["wire_bytes_per_delivery", "stream_bytes_per_delivery", "header_bytes_per_delivery"]
        {
            *trial.figures.get_mut(figure).expect("it has it") += 40.0;
        }
    }
    run
}

#[test]
fn the_page_names_what_changed_when_and_in_which_run() {
    let runs: Vec<_> = (0..8).map(|of| day(of, runs::valid())).collect();
    let page = page(&runs);
    let said = texts(&page, "section li");
    let change = "2026-01-06 00:00, run day005: short-poll wire_bytes_per_delivery more, ";
    assert!(said.iter().any(|item| item.starts_with(change)), "{said:#?}");
    assert!(
        !said.iter().any(|item| item.contains("day004") || item.contains("day006")),
        "{said:#?}"
    );
    assert_eq!(texts(&page, "#runs tbody tr").len(), 8);
    assert!(page.contains("<a href=\"day003/report.html\">"), "{page}");
}

#[test]
fn a_figure_that_did_not_change_is_told_as_such_to_whoever_does_not_see_it() {
    let runs: Vec<_> = (0..3).map(|of| day(of, runs::valid())).collect();
    let page = page(&runs);
    assert_eq!(texts(&page, "path.good, path.bad, path.neither"), [""; 0]);
    assert!(page.contains("latest run: "), "{page}");
    assert!(
        texts(&page, "section p")
            .contains(&"No change was found from one run to the next.".to_owned())
    );
}

/// Committed runs of the quickstart 200 times over, each other one with other bytes and times, so that every
/// step has as many marks as may be.
#[test]
fn a_page_of_200_runs_is_smaller_than_a_megabyte_though_all_of_them_changed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference/quickstart");
    let reference = pushbench_store::read(&folder).expect("the record is committed and readable");
    for count in [3, 200] {
        let runs = (0..count).map(|of| {
            let mut run = day(of, reference.clone());
            let factor = if of % 2 == 0 { 1.0 } else { 1.5 };
            for trial in &mut run.trials {
                trial.figures.values_mut().for_each(|value| *value *= factor);
            }
            run
        });
        let page = page(&runs.collect::<Vec<_>>());
        assert!(page.len() < 1_000_000, "{count} runs take {} bytes", page.len());
        let marks = page.matches("h-8z").count();
        assert!(marks > (count - 1) * 20, "{count} runs have {marks} marks");
    }
}

#[test]
fn every_run_that_there_may_be_has_its_place_and_none_becomes_markup() {
    let mut every: Vec<_> = runs::every().into_iter().map(|(_, run)| run).collect();
    let hostile = "</style><script>alert(1)</script>\u{1b}";
    for run in &mut every {
        run.id = hostile.to_owned();
        run.scenario.name.push_str(hostile);
        run.environment.cpu = Some(hostile.to_owned());
        run.tags.insert(hostile.to_owned(), hostile.to_owned());
        run.started_at = hostile.to_owned();
    }
    let page = page(&every);
    assert_eq!(texts(&page, "script"), [""; 0]);
    assert!(!page.contains('\u{1b}'));
    assert_eq!(texts(&page, "#runs tbody tr").len(), every.len());
}
