//! What a publish looks like.

use crate::TopicName;

/// The headers of a publish over HTTP/1.1, empty line included; the message of `len` bytes follows.
///
/// `host` is the `Host` field's value, `token` what the server asks publishers for.
pub fn publish_head(topic: &TopicName, host: &str, token: Option<&str>, len: usize) -> String {
    let path = topic.messages_path();
    let token = match token {
        Some(token) => format!("Authorization: Bearer {token}\r\n"),
        None => String::new(),
    };
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{token}Content-Type: text/plain\r\n\
         Content-Length: {len}\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_field_and_without_one_there_is_none() {
        let topic = TopicName::numbered(0);
        let rest = "Content-Type: text/plain\r\nContent-Length: 20\r\n\r\n";
        let line = "POST /topics/t0000/messages HTTP/1.1\r\nHost: h:1\r\n";
        assert_eq!(publish_head(&topic, "h:1", None, 20), format!("{line}{rest}"));
        let token = "Authorization: Bearer s\r\n";
        assert_eq!(publish_head(&topic, "h:1", Some("s"), 20), format!("{line}{token}{rest}"));
    }
}
