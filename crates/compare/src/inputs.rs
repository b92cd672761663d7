//! What a scenario's own files say, as far as a record shows it.

use pushbench_protocol::{RequestProfile, ResponseProfile};
use pushbench_store::{FileV1, RunV2, SampleV1};

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

/// Which files of a scenario say something else under the same name, one text for each: a difference
/// there is the input's and not the program's.
pub(crate) fn differing_files(base: &RunV2, new: &RunV2) -> Vec<String> {
    let kept = both_kept(base, new).filter(|(was, is)| was.sha256 != is.sha256);
    let kept = kept.map(|(was, is)| {
        let settings = &base.scenario.settings;
        let named_by = settings.iter().find(|(_, value)| **value == was.path);
        let setting = named_by.map_or("scenario", |(name, _)| name);
        format!("{setting}: `{}` is another file: {}", was.path, difference(was, is))
    });
    kept.chain(differing_headers(base, new)).collect()
}

/// Files that both records keep, by their name.
fn both_kept<'runs>(
    base: &'runs RunV2,
    new: &'runs RunV2,
) -> impl Iterator<Item = (&'runs FileV1, &'runs FileV1)> {
    base.scenario.files.iter().filter_map(|was| {
        let is = new.scenario.files.iter().find(|is| is.path == was.path)?;
        Some((was, is))
    })
}

/// The first line that differs, or how long the files are where a record has not their text.
fn difference(was: &FileV1, is: &FileV1) -> String {
    let texts = was.text.as_deref().zip(is.text.as_deref());
    let lines = texts.and_then(|(was, is)| {
        let [was, is] = [was, is].map(|text| text.split_inclusive('\n').map(str::to_owned));
        first_difference(was, is)
    });
    match lines {
        Some((was, is)) => format!("{was} and {is}"),
        None => format!("{} and {} bytes, not the same ones", was.bytes, is.bytes),
    }
}

/// The same of header files in records that do not keep them: what one exchange sent by them shows
/// it. Built-in profiles belong to the program.
fn differing_headers(base: &RunV2, new: &RunV2) -> Vec<String> {
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
        let is_kept = both_kept(base, new).any(|(was, _)| was.path == *file);
        if is_kept || is_built_in(file) || new.scenario.settings.get(setting) != Some(file) {
            return None;
        }
        let (was, is) = same_exchange(base, new)?;
        let [was, is] = [was, is].map(|sample| head(sample).lines().skip(1).map(unfilled));
        let (line_was, line_is) = first_difference(was, is)?;
        Some(format!("{setting}: `{file}` is another file: {line_was} and {line_is}"))
    });
    differing.collect()
}

/// A sample of the same transport in both runs.
fn same_exchange<'runs>(
    base: &'runs RunV2,
    new: &'runs RunV2,
) -> Option<(&'runs SampleV1, &'runs SampleV1)> {
    base.trials.iter().find_map(|was| {
        let mut same = new.trials.iter().filter(|is| is.transport == was.transport);
        was.sample.as_ref().zip(same.find_map(|is| is.sample.as_ref()))
    })
}

/// The first line that differs, as it stands in each; `nothing` where one has come to its end.
fn first_difference(
    mut base: impl Iterator<Item = String>,
    mut new: impl Iterator<Item = String>,
) -> Option<(String, String)> {
    loop {
        match (base.next(), new.next()) {
            (None, None) => return None,
            (was, is) if was == is => {}
            (was, is) => {
                let shown = |line: Option<String>| match line.as_deref() {
                    None | Some("") => "nothing".to_owned(),
                    // Two lines may differ in how they end.
                    Some(line) => format!("`{}`", line.escape_debug()),
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
            let [was, is] = [head, other].map(|head| head.lines().skip(1).map(unfilled));
            let found = first_difference(was, is);
            let found = found.as_ref().map(|(was, is)| (was.as_str(), is.as_str()));
            assert_eq!(found, expected, "{other}");
        }
    }
}
