//! The header file: request headers as the browser sent them, byte for byte, with the holes that a
//! header file has.

use pushbench_protocol::RequestProfile;

use crate::captured::{Captured, SavedAs};
use crate::secrets::Secrets;

/// What a header file fills in by itself: a value that has one of these cannot be written.
const HOLES: [&str; 4] = ["{path}", "{host}", "{origin}", "{key}"];

/// Headers that whoever sends the request writes anew, or that an adapter says.
const OF_THE_REQUEST: [&str; 7] = [
    "content-length",
    "transfer-encoding",
    "if-none-match",
    "if-modified-since",
    "last-event-id",
    "sec-websocket-protocol",
    "sec-websocket-key",
];

/// What an upgrade must have (RFC 6455, section 4.1), where the saved text lacks it.
const OF_AN_UPGRADE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "{key}"),
];

/// A header file, and what a reader should know about it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderFile {
    /// The text.
    pub text: String,
    /// What was replaced, added or left out, a sentence each.
    pub notes: Vec<String>,
}

/// Writes the headers of a request, of an upgrade, or of both; `None` if there is neither.
pub fn header_file(
    request: Option<&Captured>,
    upgrade: Option<&Captured>,
    secrets: &Secrets,
) -> Option<HeaderFile> {
    let mut file = HeaderFile::default();
    let mut blocks = Vec::new();
    match (request, upgrade) {
        (None, None) => return None,
        (Some(request), _) => blocks.push(file.block(request, false, secrets)),
        // The first block of a header file is a plain request; of a browser's WebSocket only the
        // upgrade is known.
        (None, Some(upgrade)) => {
            let agent = upgrade.headers.iter().filter(|(name, _)| {
                ["user-agent", "accept-language"].contains(&name.to_ascii_lowercase().as_str())
            });
            let headers = agent.cloned().collect();
            let plain = Captured { headers, saved_as: SavedAs::Har, ..upgrade.clone() };
            blocks.push(file.block(&plain, false, secrets));
            file.note("the first block is no capture: only the upgrade was saved".to_owned());
        }
    }
    blocks.extend(upgrade.map(|upgrade| file.block(upgrade, true, secrets)));
    let comments = file.notes.iter().map(|note| format!("# {note}\n"));
    file.text = comments.chain([blocks.join("\n")]).collect();
    debug_assert!(RequestProfile::parse("imported", &file.text).is_ok(), "{}", file.text);
    Some(file)
}

impl HeaderFile {
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn block(&mut self, captured: &Captured, is_upgrade: bool, secrets: &Secrets) -> String {
        let mut fields: Vec<(String, String)> = Vec::new();
        let has = |fields: &[(String, String)], name: &str| {
            fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        for (name, value) in &captured.headers {
            let lower = name.to_ascii_lowercase();
            if lower == "host" && !has(&fields, "host") {
                fields.push((name.clone(), "{host}".to_owned()));
            } else if lower == "sec-websocket-key"
                && is_upgrade
                && !has(&fields, "sec-websocket-key")
            {
                fields.push((name.clone(), "{key}".to_owned()));
            } else if lower == "host" || OF_THE_REQUEST.contains(&lower.as_str()) {
                self.note_left_out(name, &lower);
            } else if !is_field(name, value) {
                // The name may be what is wrong with it.
                let shown: String = name.chars().filter(char::is_ascii_graphic).take(40).collect();
                self.note(format!(
                    "the header {shown} is left out: a header file has no line for its name or value"
                ));
            } else {
                fields.push((name.clone(), self.value(name, value, secrets)));
            }
        }
        if !has(&fields, "host") {
            // RFC 9112, section 3.2: as near to the start as may be.
            fields.insert(0, ("Host".to_owned(), "{host}".to_owned()));
        }
        if is_upgrade {
            self.complete_upgrade(&mut fields);
        } else if captured.saved_as == SavedAs::Curl {
            let missing =
                ["Connection", "Accept-Encoding"].into_iter().filter(|name| !has(&fields, name));
            let missing: Vec<_> = missing.collect();
            if !missing.is_empty() {
                self.note(format!(
                    "{} is not in the copied text, and a browser may send it: a HAR file has every header",
                    missing.join(" or ")
                ));
            }
        }
        let lines = fields.into_iter().map(|(name, value)| match value.as_str() {
            "" => format!("{name}:\n"),
            value => format!("{name}: {value}\n"),
        });
        std::iter::once("GET {path} HTTP/1.1\n".to_owned()).chain(lines).collect()
    }

    fn value(&mut self, name: &str, value: &str, secrets: &Secrets) -> String {
        let written = match Secrets::public_part(name, value) {
            Some(public) => format!("{}{}", &value[..public], "x".repeat(value.len() - public)),
            None => secrets.placeholder(value),
        };
        if written != *value {
            self.note(format!(
                "the value of {name} is replaced by as many x: a header file is no place for a secret"
            ));
        }
        written
    }

    fn note_left_out(&mut self, name: &str, lower: &str) {
        if ["if-none-match", "if-modified-since", "last-event-id"].contains(&lower) {
            self.note(format!("{name} is left out: it changes with every request"));
        }
    }

    fn complete_upgrade(&mut self, fields: &mut Vec<(String, String)>) {
        for (name, value) in OF_AN_UPGRADE {
            let found = fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
            match found {
                Some((_, found)) if is_as_demanded(found, value) => {}
                Some((_, found)) => *found = value.to_owned(),
                None => {
                    fields.push((name.to_owned(), value.to_owned()));
                    if name != "Sec-WebSocket-Key" {
                        self.note(format!("{name} was not saved with the upgrade and is added"));
                    }
                }
            }
        }
    }
}

/// `keep-alive, Upgrade` is what Firefox says for `Upgrade`.
fn is_as_demanded(found: &str, value: &str) -> bool {
    found.split(',').any(|element| element.trim().eq_ignore_ascii_case(value))
}

/// Whether a header file can have the field as a line.
fn is_field(name: &str, value: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(in_token)
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && value.trim() == value
        && !HOLES.iter().any(|hole| value.contains(hole))
}
