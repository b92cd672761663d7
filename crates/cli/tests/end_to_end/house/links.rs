//! Links of a Markdown page to files of the repository, and to headings in them.

use std::path::Path;

/// Where the links of a page lead, those to other sites apart.
pub(crate) fn of(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    targets.filter(|target| !target.contains("://")).collect()
}

/// What is wrong with a link of this page; `None` if it leads somewhere.
pub(crate) fn broken(page: &Path, text: &str, link: &str) -> Option<String> {
    let (file, heading) = link.split_once('#').map_or((link, None), |(f, h)| (f, Some(h)));
    let target = page.parent().expect("a page is in a folder").join(file);
    if !file.is_empty() && !target.exists() {
        return Some("there is no such file".to_owned());
    }
    let heading = heading?;
    let other = (!file.is_empty()).then(|| std::fs::read_to_string(&target));
    let found = match &other {
        Some(Ok(other)) => anchors(other),
        Some(Err(error)) => return Some(error.to_string()),
        None => anchors(text),
    };
    (!found.iter().any(|anchor| anchor == heading))
        .then(|| format!("there is no such heading, expected one of {}", found.join(", ")))
}

/// What the headings of a page are called in links, as GitHub makes it: lower case, a dash for a space,
/// and nothing but letters, digits, dashes and underscores.
fn anchors(text: &str) -> Vec<String> {
    let mut is_code = false;
    let headings = text.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with('#')
    });
    headings
        .map(|heading| {
            let name = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            name.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let text = "# One\n## When is it 500 : 1? (`honest-ratio`)\n```sh\n# no heading\n```\n";
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        for (link, is_broken) in [
            ("src/main.rs", false),
            ("src/none.rs", true),
            ("#one", false),
            ("#when-is-it-500--1-honest-ratio", false),
            ("#no-heading", true),
            ("src/none.rs#one", true),
        ] {
            assert_eq!(broken(&page, text, link).is_some(), is_broken, "{link}");
        }
        assert_eq!(of("[a](b#c), [d](https://e) and ![f](g.svg)"), ["b#c", "g.svg"]);
    }
}
