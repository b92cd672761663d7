//! Many runs in the order of time.

use pushbench_compare::{Trend, TrendLine, trends};
use pushbench_store::{RunStatus, RunV2};

use crate::WIRE;
use crate::runs::run;

const CPU: &str = "server_cpu_per_delivery";

/// The run of this day, with WebSocket's wire bytes and CPU per delivery in three rounds.
fn day(day: u32, bytes: f64, cpu: f64) -> RunV2 {
    let wire = [bytes; 3];
    let cpu = [0.99, 1.0, 1.01].map(|part| part * cpu);
    let mut run = run(&[(WIRE, &wire), (CPU, &cpu)]);
    run.id = format!("day{day:03}");
    run.started_at = format!("2026-11-{day:02}T00:00:00.000Z");
    run
}

fn only(runs: &[RunV2]) -> Trend {
    let runs: Vec<_> = runs.iter().collect();
    let mut trends = trends(&runs);
    assert_eq!(trends.len(), 1);
    trends.remove(0)
}

fn line<'trend>(trend: &'trend Trend, figure: &str) -> &'trend TrendLine {
    trend.lines.iter().find(|line| line.figure == figure).expect("it is drawn")
}

/// Days of a figure that are marked.
fn marked(trend: &Trend, figure: &str) -> Vec<usize> {
    line(trend, figure).changes.iter().map(|(step, _)| *step).collect()
}

#[test]
fn a_change_is_marked_on_the_day_it_came_and_on_no_other() {
    let runs: Vec<_> = (1..=9)
        .map(|of| day(of, if of < 4 { 126.0 } else { 127.0 }, if of < 7 { 0.005 } else { 0.009 }))
        .collect();
    let trend = only(&runs);
    assert_eq!(marked(&trend, WIRE), [3]);
    assert_eq!(marked(&trend, CPU), [6]);
    let values = [126.0, 126.0, 126.0, 127.0, 127.0, 127.0, 127.0, 127.0, 127.0];
    assert_eq!(line(&trend, WIRE).points, values.map(Some));
}

#[test]
fn runs_are_in_the_order_of_time_whatever_order_they_are_given_in() {
    let trend = only(&[day(3, 1.0, 1.0), day(1, 1.0, 1.0), day(2, 1.0, 1.0)]);
    assert_eq!(trend.runs, [1, 2, 0]);
}

#[test]
fn another_scenario_machine_link_or_build_is_another_trend() {
    let alterations: [fn(&mut RunV2); 5] = [
        |run| run.scenario.name = "other".to_owned(),
        |run| run.environment.cpu = None,
        |run| run.environment.cores = Some(64),
        |run| run.environment.link = "target http://127.0.0.1:1".to_owned(),
        |run| run.environment.build = "debug".to_owned(),
    ];
    for (place, alter) in alterations.into_iter().enumerate() {
        let (one, mut other) = (day(1, 1.0, 1.0), day(2, 1.0, 1.0));
        alter(&mut other);
        assert_eq!(trends(&[&one, &other]).len(), 2, "{place}");
    }
}

#[test]
fn what_is_invalid_or_did_not_end_is_counted_and_not_drawn() {
    let mut aborted = day(2, 500.0, 1.0);
    aborted.status = RunStatus::Aborted;
    let trend = only(&[day(1, 126.0, 1.0), aborted, day(3, 126.0, 1.0)]);
    assert_eq!((trend.runs.as_slice(), trend.left_out), (&[0, 2][..], 1));
    assert_eq!(marked(&trend, WIRE), [0; 0]);
}

#[test]
fn a_line_begins_anew_where_its_figure_could_not_be_compared() {
    let mut kernel = day(2, 127.0, 9.0);
    kernel.environment.kernel = Some("6.2.0".to_owned());
    let mut clients = day(3, 128.0, 9.0);
    clients.environment.kernel.clone_from(&kernel.environment.kernel);
    clients.scenario.settings.insert("workload.clients".to_owned(), "200".to_owned());
    let mut option = clients.clone();
    option.started_at = "2026-11-04T00:00:00.000Z".to_owned();
    option.transports[0].options.insert("interval".to_owned(), "2s".to_owned());
    let trend = only(&[day(1, 126.0, 1.0), kernel, clients, option]);
    for (figure, breaks, changes) in [
        // Another kernel spoils times and no bytes.
        (WIRE, [false, false, true, true], &[1][..]),
        (CPU, [false, true, true, true], &[]),
    ] {
        assert_eq!(trend.breaks(line(&trend, figure)), breaks, "{figure}");
        assert_eq!(marked(&trend, figure), changes, "{figure}");
    }
}
