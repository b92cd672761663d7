//! How much a page of trends may hold, so that it opens at once however many runs there are.

use pushbench_compare::Trend;

/// The figures that are seen without unfolding, and the last ones to go.
pub(super) const MAIN: [&str; 6] = [
    "wire_bytes_per_delivery",
    "wire_bytes_per_client_second",
    "latency.mean",
    "latency.p99",
    "server_cpu_per_delivery",
    "server_working_memory_per_connection",
];

/// What all lines together may take, in points of about 10 bytes each.
const ROOM: usize = 60_000;
/// What a line takes besides its points, in points.
const LINE: usize = 90;
/// What a mark takes besides its point, in points.
const MARK: usize = 3;
/// Runs that are left of each trend at least; one more point is no line.
const FEWEST: usize = 2;

/// Leaves out what would be too much; says what, `None` where it is nothing.
pub(super) fn fit(trends: &mut [Trend]) -> Option<String> {
    if taken(trends) <= ROOM {
        return None;
    }
    for trend in trends.iter_mut() {
        trend.lines.retain(|line| MAIN.contains(&line.figure.as_str()));
    }
    let mut left_out =
        format!("Only the {} main figures are drawn, since there are many", MAIN.len());
    let mut most = trends.iter().map(|trend| trend.runs.len()).max().unwrap_or(0);
    let all = most;
    while taken(trends) > ROOM && most > FEWEST {
        most = (most * 3 / 4).max(FEWEST);
        trends.iter_mut().for_each(|trend| keep_latest(trend, most));
    }
    if most < all {
        left_out += &format!("; and of each trend only the latest {most} runs");
    }
    let mut dropped = 0;
    while taken(trends) > ROOM {
        let longest = trends.iter_mut().max_by_key(|trend| trend.lines.len());
        dropped += longest.and_then(|trend| trend.lines.pop()).map_or(0, |_| 1);
    }
    if dropped > 0 {
        left_out += &format!("; and {dropped} lines of large sweeps are not drawn");
    }
    Some(left_out + ".")
}

fn taken(trends: &[Trend]) -> usize {
    let lines = trends.iter().flat_map(|trend| &trend.lines);
    lines.map(|line| LINE + line.points.len() + MARK * line.changes.len()).sum()
}

fn keep_latest(trend: &mut Trend, most: usize) {
    let gone = trend.runs.len().saturating_sub(most);
    trend.runs.drain(..gone);
    trend.apart.drain(..gone);
    for line in &mut trend.lines {
        line.points.drain(..gone);
        // The first that is left has no run before it.
        line.changes.retain(|(step, _)| *step > gone);
        line.changes.iter_mut().for_each(|(step, _)| *step -= gone);
    }
}

#[cfg(test)]
mod tests {
    use pushbench_compare::{TrendKey, TrendLine};

    use super::*;

    fn trend(runs: usize, lines: usize, figure: &str) -> Trend {
        let key = TrendKey {
            scenario: "a".to_owned(),
            cpu: None,
            cores: None,
            link: String::new(),
            build: String::new(),
        };
        let line = |transport| TrendLine {
            transport: format!("{transport}"),
            cell: Default::default(),
            figure: figure.to_owned(),
            points: vec![Some(1.0); runs],
            changes: Vec::new(),
        };
        Trend {
            key,
            runs: (0..runs).collect(),
            left_out: 0,
            apart: vec![Vec::new(); runs],
            lines: (0..lines).map(line).collect(),
        }
    }

    #[test]
    fn what_is_too_much_goes_by_figures_then_runs_then_lines() {
        for (runs, lines, figure, expected) in [
            (200, 50, "lost", (200, 50)),
            (200, 500, "lost", (200, 0)),
            (200, 300, "latency.p99", (84, 300)),
            (10_000, 50, "latency.p99", (1_000, 50)),
            (200, 5_000, "latency.p99", (2, ROOM / (LINE + 2))),
        ] {
            let mut trends = [trend(runs, lines, figure)];
            let said = fit(&mut trends);
            let found = (trends[0].runs.len(), trends[0].lines.len());
            assert_eq!(found, expected, "{runs} {lines} {figure}: {said:?}");
            assert!(trends[0].lines.iter().all(|line| line.points.len() == found.0));
            assert_eq!(said.is_none(), (runs, lines) == (200, 50), "{said:?}");
            assert!(taken(&trends) <= ROOM);
        }
    }
}
