//! What a scenario's own files say, as far as a record shows it.

use pushbench_protocol::{RequestProfile, ResponseProfile};
use pushbench_store::{RunV1, SampleV1};

/// Fields whose values a run fills in: they say where and when, and nothing about the file.
const FILLED: [&str; 11] = [
    "host",
    "origin",
    "referer",
    "date",
    "content-length",
    "etag",
    "last-modified",
    "if-none-match",
    "if-modified-since",
    "cursor",
    "gap",
];

/// Which header files say something else under the same name, one text for each.
///
/// A record has no copy of the files, but what one exchange sent by them: a difference there is the
/// input's and not the program's. Built-in profiles belong to the program.
pub(crate) fn differing_files(base: &RunV1, new: &RunV1) -> Vec<String> {
    type Part = (&'static str, fn(&str) -> bool, fn(&SampleV1) -> &str);
    let parts: [Part; 2] = [
        (
            "headers.request",
            |name| RequestProfile::names().any(|known| known == name),
            |sample| &sample.request_head,
        ),
        (
            "headers.response",
            |name| ResponseProfile::names().any(|known| known == name),
            |sample| &sample.response_head,
        ),
    ];
    let differing = parts.into_iter().filter_map(|(setting, is_built_in, head)| {
        let file = base.scenario.settings.get(setting)?;
        if is_built_in(file) || new.scenario.settings.get(setting) != Some(file) {
            return None;
        }
        let (was, is) = same_exchange(base, new)?;
        let (line_was, line_is) = first_difference(head(was), head(is))?;
        Some(format!("{setting}: `{file}` is another file: {line_was} and {line_is}"))
    });
    differing.collect()
}

/// A sample of the same transport in both runs.
fn same_exchange<'runs>(
    base: &'runs RunV1,
    new: &'runs RunV1,
) -> Option<(&'runs SampleV1, &'runs SampleV1)> {
    base.trials.iter().find_map(|was| {
        let mut same = new.trials.iter().filter(|is| is.transport == was.transport);
        was.sample.as_ref().zip(same.find_map(|is| is.sample.as_ref()))
    })
}

/// The first field that differs, as it stands in each; `nothing` where one has come to its end.
fn first_difference(base: &str, new: &str) -> Option<(String, String)> {
    let [mut base, mut new] = [base, new].map(|head| head.lines().skip(1).map(unfilled));
    loop {
        match (base.next(), new.next()) {
            (None, None) => return None,
            (was, is) if was == is => {}
            (was, is) => {
                let shown = |line: Option<String>| match line.as_deref() {
                    None | Some("") => "nothing".to_owned(),
                    Some(line) => format!("`{line}`"),
                };
                return Some((shown(was), shown(is)));
            }
        }
    }
}

/// A field without what a run fills in.
fn unfilled(line: &str) -> String {
    match line.split_once(':') {
        Some((name, _)) if FILLED.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}: ..")
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_fills_in_is_no_difference_and_all_else_is() {
        let head = "GET /a?after=1 HTTP/1.1\r\nHost: a:1\r\nX-A: 1\r\n\r\n";
        for (other, expected) in [
            ("GET /a?after=2 HTTP/1.1\r\nHost: b:2\r\nX-A: 1\r\n\r\n", None),
            ("GET /a HTTP/1.1\r\nHost: a:1\r\nX-A: 12\r\n\r\n", Some(("`X-A: 1`", "`X-A: 12`"))),
            ("GET /a HTTP/1.1\r\nHost: a:1\r\n\r\n", Some(("`X-A: 1`", "nothing"))),
            ("GET /a HTTP/1.1\r\nhost: a:1\r\nX-A: 1\r\n\r\n", Some(("`Host: ..`", "`host: ..`"))),
        ] {
            let found = first_difference(head, other);
            let found = found.as_ref().map(|(was, is)| (was.as_str(), is.as_str()));
            assert_eq!(found, expected, "{other}");
        }
    }
}
