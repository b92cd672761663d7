//! Words that are not the field's: in names, and in what people read.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Parts of names, and what the field calls the thing.
const NAMES: [(&str, &str); 16] = [
    ("news", "message"),
    ("heads", "headers"),
    ("hear", "receive, on_bytes"),
    ("heard", "received"),
    ("hears", "receives"),
    ("unheard", "unreported"),
    ("beat", "tick, heartbeat"),
    ("beats", "ticks, heartbeats"),
    ("unrest", "in_flight"),
    ("seat", "subscriber_id"),
    ("seats", "subscriber_ids"),
    ("eye", "sampler"),
    ("looks", "samples"),
    ("patience", "deadline"),
    ("alarms", "wake_ups"),
    ("rewind", "prefixed"),
];

/// Names in which such a part means what English means by it.
const MEANT: [&str; 1] = ["looks_like"];

/// Words and phrases of prose, and what to write.
const PROSE: [(&str, &str); 9] = [
    ("news", "message, update"),
    ("heads", "headers"),
    ("heard", "received"),
    ("unasked", "pushed"),
    ("each second", "every second"),
    ("each minute", "every minute"),
    ("polls a second", "polls per second"),
    ("messages a second", "messages per second"),
    ("messages a response", "messages per response"),
];

/// Words of the lab's Chinese, and the field's.
pub(crate) const CHINESE: [(&str, &str); 5] = [
    ("应答", "响应"),
    ("头部", "请求头, 响应头"),
    ("晚到", "延迟"),
    ("成帧", "帧开销"),
    ("杀死", "强制终止"),
];

/// What of a source file is judged.
#[derive(Debug, Default)]
pub(crate) struct Text {
    names: BTreeSet<String>,
    literals: Vec<String>,
    docs: Vec<String>,
}

impl Text {
    /// Reads a source file. Comments that document nothing are not in it.
    pub(crate) fn of(source: &str) -> Self {
        let mut text = Self::default();
        text.walk(source.parse().expect("Rust"));
        text
    }

    fn walk(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => _ = self.names.insert(name.to_string()),
                TokenTree::Literal(literal) => self.literals.push(literal.to_string()),
                TokenTree::Group(group) => match documentation(&group.stream()) {
                    Some(doc) if group.delimiter() == Delimiter::Bracket => self.docs.push(doc),
                    _ => self.walk(group.stream()),
                },
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Names with a part that is not the field's word, each with the one that is.
    pub(crate) fn wrong_names(&self) -> Vec<String> {
        let judge = |name: &String| {
            let parts = parts(name);
            let plain = MEANT.iter().fold(parts.join("_"), |name, meant| name.replace(meant, ""));
            let wrong =
                NAMES.iter().find(|(wrong, _)| plain.split('_').any(|part| part == *wrong))?;
            Some(format!("`{name}`: {}", wrong.1))
        };
        self.names.iter().filter_map(judge).collect()
    }

    /// Sentences among the literals, and those that document if they are printed, with such a word.
    pub(crate) fn wrong_prose(&self, docs_are_printed: bool) -> Vec<String> {
        let docs = self.docs.iter().filter(|_| docs_are_printed);
        let sentences = self.literals.iter().filter(|literal| literal.contains(' '));
        sentences.chain(docs).flat_map(|text| wrong_prose(text)).collect()
    }
}

/// The text of `#[doc = "..."]`, which is what a comment with three strokes is.
fn documentation(attribute: &TokenStream) -> Option<String> {
    let mut tokens = attribute.clone().into_iter();
    match (tokens.next()?, tokens.next()?, tokens.next()?) {
        (TokenTree::Ident(doc), TokenTree::Punct(_), TokenTree::Literal(text)) if doc == "doc" => {
            Some(text.to_string())
        }
        _ => None,
    }
}

/// `HeardNews` and `heard_news` as `heard`, `news`.
fn parts(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !spaced.ends_with(char::is_uppercase) {
            spaced.push('_');
        }
        spaced.push(c);
    }
    let parts = spaced.split('_').filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// Words of prose that are not the field's, each with what to write.
pub(crate) fn wrong_prose(text: &str) -> Vec<String> {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '-' || c == '!' { c } else { ' ' })
        .collect();
    let words = format!(" {} ", plain.split_whitespace().collect::<Vec<_>>().join(" "));
    let found = PROSE.iter().filter(|(wrong, _)| words.contains(&format!(" {wrong} ")));
    found.map(|(wrong, right)| format!("`{wrong}`, write {right}: {}", text.trim())).collect()
}

#[test]
fn a_word_is_found_in_a_name_and_in_a_sentence_and_not_in_a_part_of_another() {
    let names = Text::of("fn hear_out(seat: HeardNews) { looks_like(eyes, SEATS, nearby) }");
    let found = names.wrong_names();
    let of: Vec<_> = found.iter().filter_map(|found| found.split('`').nth(1)).collect();
    assert_eq!(of, ["HeardNews", "SEATS", "hear_out", "seat"]);
    let text =
        Text::of("/// News of it.\nconst A: &str = \"no news today\"; const B: &str = \"news\";");
    assert_eq!(text.wrong_prose(false).len(), 1);
    assert_eq!(text.wrong_prose(true).len(), 2);
    assert!(wrong_prose("Newsletters, --news-every, `!news`").is_empty());
    assert_eq!(wrong_prose("a poll each\nsecond").len(), 1);
}
