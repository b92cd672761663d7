//! Values that nobody may read: those of the environment, and settings that are made of them.
//!
//! What a server says may repeat what it was sent, so whatever is shown of it is looked through first.

use std::fmt;

use crate::filter::Filter;
use crate::template::{ENVIRONMENT, Hole};
use crate::values::Values;

/// How much of what came a message shows.
const EXCERPT: usize = 200;
/// Of a longer text its first bytes, and its last: what is missing is often missing at the end.
const FIRST: usize = 110;
const LAST: usize = 60;
/// How much is looked through for it: a secret that begins in what is shown may go on behind it.
const MOST_LOOKED_THROUGH: usize = 64 << 10;
/// Fewest bytes that the beginning of a secret is known by where a text ends in it. Fewer tell nobody
/// anything, and many a text ends in them.
const LEAST_OF_A_SECRET: usize = 4;

impl Values {
    /// The text with the names of secret values in their place, as `${env:TOKEN}`, also where they were
    /// encoded in base64, hexadecimal, for a URL or for JSON, where something was made of them that was
    /// sent (a signature, a token), and where the text was cut off in one. For people: not for a path
    /// that is measured.
    pub fn hide(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(&self.hidden(text)).into_owned()
    }

    fn hidden(&self, text: &[u8]) -> Vec<u8> {
        let secrets = self.secrets();
        if secrets.is_empty() {
            return text.to_vec();
        }
        let mut by_first: Vec<Vec<&(Vec<u8>, String)>> = vec![Vec::new(); 256];
        for secret in &secrets {
            by_first[usize::from(secret.0[0])].push(secret);
        }
        let mut shown = Vec::with_capacity(text.len());
        let mut rest = text;
        // Where the text was cut out of a longer one, it may begin within one.
        if let Some((cut, name)) = begins_within(text, &secrets) {
            shown.extend_from_slice(format!("${{{name}}}").as_bytes());
            rest = &text[cut..];
        }
        while let Some((first, behind)) = rest.split_first() {
            let is_cut =
                |secret: &[u8]| rest.len() >= LEAST_OF_A_SECRET && secret.starts_with(rest);
            let here = |secret: &[u8]| rest.starts_with(secret) || is_cut(secret);
            match by_first[usize::from(*first)].iter().find(|(secret, _)| here(secret)) {
                Some((secret, name)) => {
                    shown.extend_from_slice(format!("${{{name}}}").as_bytes());
                    rest = rest.get(secret.len()..).unwrap_or_default();
                }
                None => {
                    shown.push(*first);
                    rest = behind;
                }
            }
        }
        shown
    }

    /// At most 200 bytes without secrets, on one line: all of them, or the first and the last and how
    /// many there are. What cannot be printed is escaped, as `\n` and `\xff`.
    pub fn excerpt(&self, bytes: &[u8]) -> String {
        let first = self.hidden(&bytes[..bytes.len().min(MOST_LOOKED_THROUGH)]);
        let mut first = escaped(&first);
        if bytes.len() <= MOST_LOOKED_THROUGH && first.len() <= EXCERPT {
            return first;
        }
        let last = self.hidden(&bytes[bytes.len().saturating_sub(MOST_LOOKED_THROUGH)..]);
        let last = escaped(&last);
        let from = last.ceil_char_boundary(last.len().saturating_sub(LAST));
        first.truncate(first.floor_char_boundary(FIRST));
        format!("{first} [{} bytes] {}", bytes.len(), &last[from..])
    }

    /// Every form of every secret with its name, the longest first; none is empty.
    fn secrets(&self) -> Vec<(Vec<u8>, String)> {
        let mut secrets = self.derived.all();
        for name in self.names().filter(|name| self.is_secret(name)) {
            // One that cannot be filled was sent nowhere.
            let Ok(value) = self.value_of(name) else { continue };
            let forms =
                [Filter::Base64, Filter::Base64Url, Filter::Hex, Filter::Url, Filter::Escape];
            let forms = forms.iter().filter_map(|form| form.apply(&value, None).ok());
            secrets.extend(forms.map(|form| (form, name.to_owned())));
            secrets.push((value, name.to_owned()));
        }
        secrets.retain(|(secret, _)| !secret.is_empty());
        secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// Whether a value is of the environment, or is made of one that is.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        if name.starts_with(ENVIRONMENT) {
            return true;
        }
        let default = self.default_of(name);
        default.is_some_and(|default| {
            let mut names = default.holes().flat_map(Hole::names);
            // A setting uses only those before it, so this ends.
            names.any(|used| used != name && self.is_secret(used))
        })
    }
}

/// The longest end of a secret that the text begins with, if it is long enough to be known by, and the
/// secret's name; `None` where it begins with a whole one.
fn begins_within<'s>(text: &[u8], secrets: &'s [(Vec<u8>, String)]) -> Option<(usize, &'s str)> {
    if secrets.iter().any(|(secret, _)| text.starts_with(secret)) {
        return None;
    }
    let ends = secrets.iter().flat_map(|(secret, name)| {
        let longest = secret.len().saturating_sub(1);
        let mut lengths = (LEAST_OF_A_SECRET..=longest).rev();
        let found = lengths.find(|len| text.starts_with(&secret[secret.len() - len..]));
        found.map(|len| (len, name.as_str()))
    });
    ends.max_by_key(|(len, _)| *len)
}

/// The bytes as text on one line.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character.is_control() {
                true => text.extend(character.escape_default()),
                false => text.push(character),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// Names only: among the values are secrets.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::template::Template;
    use crate::values::Setting;

    use super::*;

    fn values() -> Values {
        let setting = |(name, default): (&str, &str)| Setting {
            name: name.to_owned(),
            default: Template::parse(default).expect("a template"),
        };
        let settings = [
            ("user", "anna"),
            ("login", "${user}:${env:PASSWORD}"),
            ("basic", "${login|base64}"),
            ("plain", "${user|base64}"),
        ];
        let mut values = Values::new(settings.map(setting).into());
        values.set("env:PASSWORD", "pä ss\"");
        values.set("channel", "c1");
        values
    }

    #[test]
    fn what_comes_of_the_environment_is_shown_nowhere() {
        let values = values();
        for (text, shown) in [
            ("no pä ss\" here", "no ${env:PASSWORD} here"),
            ("p%C3%A4%20ss%22!", "${env:PASSWORD}!"),
            (r#"{"p":"pä ss\""}"#, r#"{"p":"${env:PASSWORD}"}"#),
            ("Basic YW5uYTpww6Qgc3Mi", "Basic ${login}"),
            ("anna:pä ss\"", "${login}"),
            ("anna c1 YW5uYQ==", "anna c1 YW5uYQ=="),
            ("cut off: pä s", "cut off: ${env:PASSWORD}"),
            ("cut off: YW5uYTpw", "cut off: ${login}"),
            ("it ends in a pä", "it ends in a pä"),
            (" ss\" begins in one", "${env:PASSWORD} begins in one"),
        ] {
            assert_eq!(values.hide(text.as_bytes()), shown);
        }
        assert!(!format!("{values:?}").contains("pä"), "{values:?}");
    }

    #[test]
    fn what_was_made_of_a_secret_is_shown_nowhere_though_it_is_made_anew_each_time() {
        let mut values = values();
        // As each client has them, of whose values those that look through a text know nothing.
        let mut of_client = values.clone();
        of_client.set("now", "1764504000");
        let sign = "${channel|hmac-sha256:env:PASSWORD|hex}";
        let jwt = "${now|plus:60|jwt-hs256:env:PASSWORD}";
        let login = "${login|base64|url}";
        for text in [sign, login] {
            let template = Template::parse(text).expect("a template");
            let made = of_client.fill(&template).expect("filled");
            let shown = values.hide(&[b"no ", &made[..], b"!"].concat());
            assert!(shown.starts_with("no ${") && shown.ends_with("}!"), "{text}: {shown}");
        }
        let claims = Setting {
            name: "claims".to_owned(),
            default: Template::parse("{\"exp\":${now}}").expect("a template"),
        };
        let mut of_client = Values::new([claims].into());
        of_client.set("env:PASSWORD", "p");
        values.derived = of_client.derived.clone();
        of_client.set("now", "1764504000");
        let template = Template::parse(&jwt.replace("now|plus:60", "claims")).expect("a template");
        let token = of_client.fill(&template).expect("filled");
        assert!(!values.hide(&token).contains("ey"), "{}", values.hide(&token));
        let sent = String::from_utf8(token).expect("text");
        let signature = sent.rsplit('.').next().expect("three parts");
        assert!(!values.hide(signature.as_bytes()).contains(signature), "its end alone");
    }

    #[test]
    fn an_excerpt_ends_before_a_secret_and_not_in_it() {
        let values = values();
        let long = format!("{}pä ss\"", "x".repeat(EXCERPT - 2));
        assert!(!values.excerpt(long.as_bytes()).contains('p'), "{long}");
        assert!(values.excerpt("é".repeat(150).as_bytes()).len() <= EXCERPT);
    }

    #[test]
    fn an_excerpt_has_the_last_bytes_too_without_the_end_of_a_secret() {
        let values = values();
        let long = format!("{{{}}}", "x".repeat(498));
        let shown = format!("{{{} [500 bytes] {}}}", "x".repeat(FIRST - 1), "x".repeat(LAST - 1));
        assert_eq!(values.excerpt(long.as_bytes()), shown);
        let secret_last = format!("{}pä ss\"{}", "x".repeat(500), "y".repeat(LAST - 3));
        assert!(!values.excerpt(secret_last.as_bytes()).contains("ss"), "{secret_last}");
        assert!(values.excerpt(&[b'x'; 1 << 20]).len() <= EXCERPT);
        assert_eq!(values.excerpt(b"a\n\xff\0\"\\"), "a\\n\\xff\\u{0}\"\\");
    }
}
