//! The request of a transport: its URL, headers and body as templates, and where what changes in them
//! comes from.

use crate::har::Recorded;
use crate::secrets::Secrets;
use crate::toml_text::{table, text};
use crate::varying::{Origin, origin};

/// Names that a template has already.
const TAKEN: [&str; 9] =
    ["channel", "client", "random", "host", "now", "payload", "any", "value", "env"];

/// Headers that a poll sends with what the response before had.
const CONDITIONAL: [(&str, &str, &str); 2] =
    [("If-None-Match", "etag", "Etag"), ("If-Modified-Since", "modified", "Last-Modified")];

/// Keys of a transport, and what a reader should know.
#[derive(Debug, Default)]
pub(crate) struct RequestText {
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) notes: Vec<String>,
}

/// What is gathered on the way.
struct Parts<'r, 's> {
    requests: &'r [&'r Recorded],
    secrets: &'s Secrets,
    is_polled: bool,
    carry: Vec<(String, String)>,
    counters: Vec<(String, String)>,
    notes: Vec<String>,
}

/// The request of these, which are for one thing and never none.
pub(crate) fn request_text(
    requests: &[&Recorded],
    is_polled: bool,
    secrets: &Secrets,
) -> RequestText {
    let first = &requests[0].captured;
    let (carry, counters, notes) = Default::default();
    let mut parts = Parts { requests, secrets, is_polled, carry, counters, notes };
    let mut keys = vec![("url".to_owned(), text(&parts.url()))];
    let implied = if first.body.is_some() { "POST" } else { "GET" };
    if first.method != implied {
        keys.push(("method".to_owned(), text(&first.method)));
    }
    let headers = parts.headers();
    if !headers.is_empty() {
        keys.push(("headers".to_owned(), table(&headers)));
    }
    if let Some(body) = parts.body() {
        keys.push(("body".to_owned(), text(&body)));
    }
    for (name, pairs) in [("carry", &parts.carry), ("counters", &parts.counters)] {
        if !pairs.is_empty() {
            keys.push((name.to_owned(), table(pairs)));
        }
    }
    RequestText { keys, notes: parts.notes }
}

impl Parts<'_, '_> {
    fn url(&mut self) -> String {
        let url = &self.requests[0].captured.url;
        let path = self.secrets.template(url.path());
        let Some(query) = url.query() else { return path };
        let pairs: Vec<_> =
            query.split('&').enumerate().map(|(place, pair)| self.pair(place, pair)).collect();
        format!("{path}?{}", pairs.join("&"))
    }

    /// A parameter; its value may change from one request to the next.
    fn pair(&mut self, place: usize, written: &str) -> String {
        let Some((name, value)) = written.split_once('=') else {
            return self.secrets.template(written);
        };
        // As the server reads it, in every request: at the same place, or wherever it stands.
        let read = |one: &Recorded| {
            let of_name = |(found, _): &(String, String)| found == &decoded(name);
            let all: Vec<(String, String)> = one.captured.url.query_pairs().into_owned().collect();
            let at = all.get(place).filter(|pair| of_name(pair)).cloned();
            at.or_else(|| all.into_iter().find(of_name)).map(|(_, value)| value)
        };
        let values: Option<Vec<String>> = self.requests.iter().map(|one| read(one)).collect();
        let constant = self.secrets.template(written);
        let Some(values) = values.filter(|_| constant == written.replace("${", "$${")) else {
            return constant;
        };
        let needs_coding = value != decoded(value);
        match self.hole(name, &format!("the query parameter `{name}`"), &values, needs_coding) {
            Some(hole) => format!("{}={hole}", self.secrets.template(name)),
            None => constant,
        }
    }

    /// What stands for a value in a template; `None` if the value as captured does.
    fn hole(
        &mut self,
        name: &str,
        what: &str,
        values: &[String],
        needs_coding: bool,
    ) -> Option<String> {
        let borrowed: Vec<&str> = values.iter().map(String::as_str).collect();
        let coding = if needs_coding { "|url" } else { "" };
        let found = origin(self.requests, &borrowed);
        let name = self.free_name(name);
        let first = || text(&self.secrets.template(&values[0]));
        let place = match &found {
            Origin::Constant => return None,
            Origin::Seconds => return Some("${now}".to_owned()),
            Origin::Milliseconds => return Some("${now}000".to_owned()),
            Origin::Counter(first) => {
                self.counters.push((name.clone(), first.to_string()));
                return Some(format!("${{{name}++}}"));
            }
            Origin::Json(pointer) if self.is_polled => ("json", text(pointer)),
            Origin::Header(header) if self.is_polled => ("header", text(header)),
            Origin::Json(_) | Origin::Header(_) | Origin::Unknown => {
                self.notes.push(format!(
                    "{what} changes from one request to the next, and no response says how: it stands as \
                     it was first"
                ));
                return None;
            }
        };
        let carried = table(&[(place.0.to_owned(), place.1), ("first".to_owned(), first())]);
        self.notes.push(format!("{what} is taken from the response before"));
        self.carry.push((name.clone(), carried));
        Some(format!("${{{name}{coding}}}"))
    }

    /// Headers that an adapter must say: those with secrets, and those that carry a place on.
    fn headers(&mut self) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.requests[0].captured.headers {
            let template = self.secrets.template(value);
            let is_upgrade = name.to_ascii_lowercase().starts_with("sec-websocket-");
            if template.contains("${env:") && !is_upgrade {
                headers.push((name.clone(), text(&template)));
            }
        }
        for (header, name, brought) in CONDITIONAL.into_iter().filter(|_| self.is_polled) {
            let sent = self.requests.iter().flat_map(|one| &one.captured.headers);
            let spelled = sent.map(|(name, _)| name).find(|name| name.eq_ignore_ascii_case(header));
            if let Some(spelled) = spelled {
                let name = self.free_name(name);
                headers.push((spelled.clone(), text(&format!("${{{name}}}"))));
                self.carry.push((name, table(&[("header".to_owned(), text(brought))])));
            }
        }
        headers
    }

    /// The body; one stretch of it may change.
    fn body(&mut self) -> Option<String> {
        let bodies: Option<Vec<&str>> =
            self.requests.iter().map(|one| one.captured.body.as_deref()).collect();
        let first = self.requests[0].captured.body.as_deref()?;
        let constant = self.secrets.template(first);
        let Some((start, end)) = bodies.as_deref().and_then(varying_stretch) else {
            return Some(constant);
        };
        let values: Vec<String> = bodies
            .unwrap_or_default()
            .iter()
            .map(|body| body[start..body.len() - end].to_owned())
            .collect();
        let (before, after) = (&first[..start], &first[first.len() - end..]);
        let hole = self.hole("place", "a part of the body", &values, false);
        Some(match hole {
            Some(hole) => {
                format!("{}{hole}{}", self.secrets.template(before), self.secrets.template(after))
            }
            None => constant,
        })
    }

    fn free_name(&self, wanted: &str) -> String {
        let mut name: String = wanted
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .take(40)
            .collect();
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
            name.insert(0, 'v');
        }
        let is_taken = |name: &str| {
            TAKEN.contains(&name)
                || self.carry.iter().chain(&self.counters).any(|(known, _)| known == name)
        };
        while is_taken(&name) {
            name.push('_');
        }
        name
    }
}

/// How many bytes all texts have in common at their beginning and at their end, if they differ; what
/// lies between is whole words.
fn varying_stretch(all: &[&str]) -> Option<(usize, usize)> {
    let first = *all.first()?;
    let of_a_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let common =
        |other: &&str| first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let mut start = all.iter().map(common).min()?;
    if start == first.len() && all.iter().all(|other| other.len() == start) {
        return None;
    }
    while start > 0 && (of_a_word(first.as_bytes()[start - 1]) || !first.is_char_boundary(start)) {
        start -= 1;
    }
    let common_end = |other: &&str| {
        let pairs = first.bytes().rev().zip(other.bytes().rev());
        pairs.take_while(|(a, b)| a == b).count().min(other.len() - start).min(first.len() - start)
    };
    let mut end = all.iter().map(common_end).min()?;
    let byte_at = |end: usize| first.as_bytes()[first.len() - end];
    while end > 0 && (of_a_word(byte_at(end)) || !first.is_char_boundary(first.len() - end)) {
        end -= 1;
    }
    Some((start, end))
}

fn decoded(text: &str) -> String {
    let pairs: Vec<_> = url::form_urlencoded::parse(text.as_bytes()).collect();
    pairs.into_iter().map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_in_a_body_is_found_as_a_whole_word() {
        let between = |all: &[&str]| {
            varying_stretch(all).map(|(start, end)| all[0][start..all[0].len() - end].to_owned())
        };
        assert_eq!(between(&["{\"n\":109}", "{\"n\":110}"]).as_deref(), Some("109"));
        assert_eq!(between(&["{\"n\":1}", "{\"n\":11}"]).as_deref(), Some("1"));
        assert_eq!(between(&["a=x1&b=2", "a=x2&b=2"]).as_deref(), Some("x1"));
        assert_eq!(between(&["same", "same"]), None);
        assert_eq!(between(&["", "a"]).as_deref(), Some(""));
        assert_eq!(between(&["é1", "è2"]).as_deref(), Some("é1"));
        assert_eq!(between(&["aé", "aè"]).as_deref(), Some("aé"));
    }
}
