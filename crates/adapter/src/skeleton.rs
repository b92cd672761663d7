//! An adapter that is still to be written.

/// What a file begins with that is to describe a server called `name`: refused until what is empty in
/// it is filled in.
pub fn skeleton(name: &str) -> String {
    include_str!("../skeleton.toml").replace("NAME", name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Adapter, Refused, read};

    /// The skeleton with everything filled in that is empty, and these lines used.
    fn filled(is_used: impl Fn(usize) -> bool) -> Result<Adapter, Refused> {
        let skeleton = skeleton("orders")
            .replacen("about = \"\"", "about = \"orders\"", 1)
            .replacen("documents = \"\"", "documents = \"https://example.com\"", 1)
            .replace("url = \"\"", "url = \"/feed/${channel}\"");
        let line = |(number, line): (usize, &str)| match line.strip_prefix('#') {
            Some(key) if is_used(number) => format!("{key}\n"),
            _ => format!("{line}\n"),
        };
        let text: String = skeleton.lines().enumerate().map(line).collect();
        read(Path::new("orders.toml"), &text)
    }

    /// Numbers of the lines that are keys to be used, a table with all of its lines.
    fn parts() -> Vec<Vec<usize>> {
        let text = skeleton("orders");
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut is_in_table = false;
        for (number, line) in text.lines().enumerate() {
            let is_key = line.starts_with('#') && !line.starts_with("# ") && line != "#";
            match (is_key, is_in_table) {
                (true, true) => parts.last_mut().expect("a table begins a part").push(number),
                (true, false) => {
                    is_in_table = line.starts_with("#[");
                    parts.push(vec![number]);
                }
                (false, _) => is_in_table = false,
            }
        }
        parts
    }

    #[test]
    fn a_skeleton_is_refused_for_what_is_empty_and_accepted_once_it_is_filled_in() {
        let refused = read(Path::new("orders.toml"), &skeleton("orders")).expect_err("it is empty");
        let refused = refused.to_string();
        for key in ["about", "documents", "publish.url", "transport.websocket.url"] {
            assert!(refused.contains(&format!(" {key} is \"\"")), "{key}: {refused}");
        }
        let adapter = filled(|_| false).unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(adapter.transports.len(), 1);
    }

    #[test]
    fn every_key_that_a_skeleton_proposes_is_one() {
        let parts = parts();
        assert!(parts.len() >= 12, "{parts:?}");
        for part in &parts {
            filled(|line| part.contains(&line))
                .unwrap_or_else(|refused| panic!("lines {part:?}: {refused}"));
        }
    }
}
