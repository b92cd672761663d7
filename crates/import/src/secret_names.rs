//! What credentials are called.

/// Parts of names of headers, parameters and JSON members that hold credentials.
const NAMES: [&str; 16] = [
    "token",
    "secret",
    "session",
    "sess",
    "auth",
    "password",
    "passwd",
    "apikey",
    "api-key",
    "api_key",
    "signature",
    "credential",
    "cookie",
    "csrf",
    "xsrf",
    "jwt",
];
/// Whole names that do, and would be found in others.
const WHOLE_NAMES: [&str; 6] = ["sid", "sig", "key", "pass", "pwd", "code"];
/// Headers whose values are long and no credentials, or are replaced anyway.
pub(crate) const PUBLIC_HEADERS: [&str; 14] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-type",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "upgrade",
    "user-agent",
];

/// Whether what has this name, in lower case, is a credential.
pub(crate) fn is_secret_name(name: &str) -> bool {
    NAMES.iter().any(|part| name.contains(part)) || WHOLE_NAMES.contains(&name)
}

/// A name as a variable spells it: upper-case letters, digits and `_`.
pub(crate) fn variable_part(name: &str) -> String {
    let spelled: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    let spelled = spelled.trim_matches('_');
    match spelled.chars().next() {
        None => "VALUE".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("V{spelled}").chars().take(36).collect(),
        Some(_) => spelled.chars().take(36).collect(),
    }
}
