//! What must not be written into a file: tokens, cookies and passwords.
//!
//! A header file is as long with a placeholder as with the value, so the bytes of a run stay right;
//! an adapter takes the value from the environment when it is played.

use crate::captured::Captured;
use crate::opaque::is_opaque;
use crate::secret_names::{PUBLIC_HEADERS, is_secret_name, variable_part};

/// Shorter values are looked for only where they were found, since they may be words too.
const LONG_ENOUGH_ANYWHERE: usize = 8;

/// A value that stays out of files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Secret {
    /// Where it was found, as in "the header `Cookie`".
    pub place: String,
    /// The variable that stands for it, as in `API_COOKIE`.
    pub variable: String,
    value: String,
    /// What stands before it and after it wherever it is looked for.
    around: (String, String),
}

/// All that were found in some requests.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Secrets {
    prefix: String,
    all: Vec<Secret>,
}

impl Secrets {
    /// None yet; `name` begins the names of their variables.
    pub fn new(name: &str) -> Self {
        // A variable has at most 64 characters.
        Self { prefix: variable_part(name).chars().take(20).collect(), all: Vec::new() }
    }

    /// Those that were found.
    pub fn all(&self) -> &[Secret] {
        &self.all
    }

    /// Finds those of a request.
    pub fn find(&mut self, captured: &Captured) {
        for (name, value) in &captured.headers {
            self.find_in_header(name, value);
        }
        self.find_in_pairs("the query parameter", captured.url.query().unwrap_or_default());
        for segment in captured.url.path().split('/').filter(|segment| is_opaque(segment)) {
            self.add("a part of the path".to_owned(), "path", segment, ("/", ""));
        }
        if let Some(body) = &captured.body {
            self.find_in_text(body);
        }
    }

    /// Finds those of a body or a message: JSON, or a form.
    pub fn find_in_text(&mut self, text: &str) {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) => self.find_in_json("", &json),
            Err(_) if text.contains('=') && !text.contains(char::is_whitespace) => {
                self.find_in_pairs("the form field", text);
            }
            Err(_) => {
                let parts = text.split(|c: char| !c.is_ascii_graphic() || "\"',;:&?=".contains(c));
                for part in parts.filter(|part| is_opaque(part)) {
                    self.add("a message".to_owned(), "message", part, ("", ""));
                }
            }
        }
    }

    /// Whether a header's value is one, and how many bytes of it may be shown: an authorization keeps
    /// its scheme.
    pub(crate) fn public_part(name: &str, value: &str) -> Option<usize> {
        let name = name.to_ascii_lowercase();
        if PUBLIC_HEADERS.contains(&name.as_str()) || !(is_secret_name(&name) || is_opaque(value)) {
            return None;
        }
        match value.split_once(' ') {
            Some((scheme, _)) if name.ends_with("authorization") => Some(scheme.len() + 1),
            _ => Some(0),
        }
    }

    fn find_in_header(&mut self, name: &str, value: &str) {
        if let Some(public) = Self::public_part(name, value) {
            let (place, around) = (format!("the header `{name}`"), (&value[..public], ""));
            self.add(place, name, &value[public..], around);
        } else if let Some((_, query)) = value.split_once('?') {
            self.find_in_pairs("a URL in a header, parameter", query);
        }
    }

    fn find_in_pairs(&mut self, what: &str, pairs: &str) {
        for pair in pairs.split('&') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            if is_secret_name(&name.to_ascii_lowercase()) || is_opaque(value) {
                let before = format!("{name}=");
                self.add(format!("{what} `{name}`"), name, value, (&before, ""));
            }
        }
    }

    fn find_in_json(&mut self, name: &str, json: &serde_json::Value) {
        match json {
            serde_json::Value::String(text) => {
                if is_secret_name(&name.to_ascii_lowercase()) || is_opaque(text) {
                    // As it stands in the text, for all writers that escape no more than they must.
                    let quoted = json.to_string();
                    let inner = &quoted[1..quoted.len() - 1];
                    self.add(format!("the member `{name}`"), name, inner, ("\"", "\""));
                } else if text.starts_with(['{', '[']) {
                    self.find_in_text(text);
                }
            }
            serde_json::Value::Array(all) => {
                all.iter().for_each(|one| self.find_in_json(name, one));
            }
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(name, member)| self.find_in_json(name, member));
            }
            _ => {}
        }
    }

    fn add(&mut self, place: String, name: &str, value: &str, around: (&str, &str)) {
        if value.is_empty() || self.all.iter().any(|known| known.value == value) {
            return;
        }
        let wanted = [self.prefix.as_str(), &variable_part(name)].join("_");
        let is_taken = |name: &str| self.all.iter().any(|known| known.variable == name);
        let variable = match is_taken(&wanted) {
            false => wanted,
            true => (2..)
                .map(|n| format!("{wanted}_{n}"))
                .find(|name| !is_taken(name))
                .expect("there are more numbers than secrets"),
        };
        let around = match value.len() < LONG_ENOUGH_ANYWHERE {
            true => (around.0.to_owned(), around.1.to_owned()),
            false => Default::default(),
        };
        self.all.push(Secret { place, variable, value: value.to_owned(), around });
    }

    /// The text as a template of an adapter: each secret is `${env:NAME}`, and what would be a hole is
    /// none.
    pub fn template(&self, text: &str) -> String {
        self.replaced(text, |secret| format!("${{env:{}}}", secret.variable), true)
    }

    /// The text with as many `x` as a secret has bytes in the place of each.
    pub fn placeholder(&self, text: &str) -> String {
        self.replaced(text, |secret| "x".repeat(secret.value.len()), false)
    }

    fn replaced(&self, text: &str, with: impl Fn(&Secret) -> String, is_template: bool) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some(first) = rest.chars().next() {
            let found = self.all.iter().filter(|secret| secret.begins(rest, &out));
            // One that begins as another does is the longer of the two.
            if let Some(secret) = found.max_by_key(|secret| secret.value.len()) {
                out.push_str(&with(secret));
                rest = &rest[secret.value.len()..];
            } else if is_template && rest.starts_with("${") {
                out.push_str("$${");
                rest = &rest["${".len()..];
            } else {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        out
    }
}

impl Secret {
    /// Whether it begins a text behind another.
    fn begins(&self, text: &str, behind: &str) -> bool {
        let (before, after) = &self.around;
        text.strip_prefix(&self.value).is_some_and(|rest| rest.starts_with(after.as_str()))
            && behind.ends_with(before.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.Zm9vYmFyYmF6cXV4";

    fn of(headers: &[(&str, &str)], url: &str, body: Option<&str>) -> Secrets {
        let mut secrets = Secrets::new("api");
        secrets.find(&Captured {
            method: "GET".to_owned(),
            url: url.parse().expect("a URL"),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.map(str::to_owned),
            saved_as: crate::captured::SavedAs::Har,
        });
        secrets
    }

    #[test]
    fn credentials_are_found_wherever_a_request_has_them() {
        let bearer = format!("Bearer {JWT}");
        let secrets = of(
            &[
                ("Cookie", "a=1"),
                ("authorization", &bearer),
                ("User-Agent", "x"),
                ("X-Api-Key", "k1"),
            ],
            "https://h/v1?since=12&access_token=t0k",
            Some(r#"{"deep":[{"password":"hunter2"}],"note":"hello"}"#),
        );
        let variables: Vec<_> = secrets.all().iter().map(|found| found.variable.as_str()).collect();
        let expected = [
            "API_COOKIE",
            "API_AUTHORIZATION",
            "API_X_API_KEY",
            "API_ACCESS_TOKEN",
            "API_PASSWORD",
        ];
        assert_eq!(variables, expected);
        assert_eq!(secrets.template(&bearer), "Bearer ${env:API_AUTHORIZATION}");
        assert_eq!(secrets.placeholder(&bearer), format!("Bearer {}", "x".repeat(JWT.len())));
        let query = "/v1?since=12&access_token=t0k&x=t0k";
        let template = "/v1?since=12&access_token=${env:API_ACCESS_TOKEN}&x=t0k";
        assert_eq!(secrets.template(query), template);
        let body = r#"{"deep":[{"password":"hunter2"}],"note":"hunter2 ${x}"}"#;
        let template = r#"{"deep":[{"password":"${env:API_PASSWORD}"}],"note":"hunter2 $${x}"}"#;
        assert_eq!(secrets.template(body), template);
    }

    #[test]
    fn what_is_no_credential_stays() {
        let secrets = of(
            &[
                ("Accept-Language", "en-US,en;q=0.9"),
                ("sec-ch-ua", "\"Chromium\";v=\"156\""),
                ("If-None-Match", "W/\"5d8c72a5edda8d6a5edda8d6a5ed1234\""),
                ("Referer", "https://h/dashboard?page=2"),
            ],
            "https://h/orders/6f1ed002-ab5c-4c4b-9a5e-2f3d7b8a9c10/events?after=1700000000000",
            Some("{\"query\":\"subscription { priceChanged(symbol: \\\"ACME\\\") { price } }\"}"),
        );
        assert_eq!(secrets.all(), []);
    }

    proptest! {
        #[test]
        fn a_placeholder_is_as_long_as_what_it_stands_for(value in "[!-~]{1,60}", text in "[ -~]{0,60}") {
            let secrets = of(&[("Cookie", &value)], "https://h/", None);
            let written = format!("{text}{value}{text}");
            prop_assert_eq!(secrets.placeholder(&written).len(), written.len());
            if value.len() >= LONG_ENOUGH_ANYWHERE && !"x".repeat(200).contains(&value) {
                prop_assert!(!secrets.placeholder(&written).contains(&value));
            }
        }
    }
}
