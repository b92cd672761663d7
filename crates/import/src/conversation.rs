//! What a page says over its WebSocket: what opens the conversation, what keeps it alive, what is
//! replied, and which of the server's texts are messages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::har::Text;

/// What is sent later is what a person did, and no part of the opening.
const OPENING: Duration = Duration::from_secs(5);
/// The most texts of an opening.
const MOST_STEPS: usize = 16;
/// Members that say what a text is.
const KINDS: [&str; 8] = ["type", "op", "event", "action", "kind", "command", "method", "topic"];
/// The longest text that an adapter repeats as it stands.
const MOST_REPEATED: usize = 200;

/// A member of the JSON that says what a text is: its name and its value.
pub(crate) type Kind = (String, String);

/// What is known of a conversation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Conversation {
    /// What is sent at first, each with what came before the next was sent.
    pub(crate) opening: Vec<(String, Option<Kind>)>,
    /// What the server says, and what is replied to it each time.
    pub(crate) heartbeat: Option<(String, String)>,
    /// What is sent again and again.
    pub(crate) keep_alive: Option<(Duration, String)>,
    /// The most frequent kind of the server's texts.
    pub(crate) message: Option<Kind>,
    /// The others.
    pub(crate) others: Vec<Kind>,
    /// A text that is a message.
    pub(crate) sample: Option<String>,
    /// How many texts of the page are none of these.
    pub(crate) left_out: usize,
}

/// Reads a conversation.
pub(crate) fn conversation(texts: &[Text]) -> Conversation {
    let mut found = Conversation::default();
    let begin = texts.first().map(|text| text.at).unwrap_or_default();
    let mut sent: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| text.is_sent) {
        sent.entry(&text.text).or_default().push(at);
    }
    let is_short = |text: &str| text.len() <= MOST_REPEATED;
    for (text, places) in sent.iter().filter(|(text, all)| all.len() >= 2 && is_short(text)) {
        let before =
            |at: &usize| at.checked_sub(1).map(|at| &texts[at]).filter(|text| !text.is_sent);
        let first = before(&places[0]).map(|before| before.text.as_str());
        let is_reply = first.is_some_and(|first| {
            is_short(first)
                && places.iter().all(|at| before(at).is_some_and(|text| text.text == first))
        });
        let mut gaps: Vec<_> = places
            .windows(2)
            .map(|pair| texts[pair[1]].at.saturating_sub(texts[pair[0]].at))
            .collect();
        gaps.sort();
        let gap = gaps[gaps.len() / 2];
        match first.filter(|_| is_reply) {
            Some(first) => found.heartbeat = Some((first.to_owned(), (*text).to_owned())),
            None if gap >= Duration::from_millis(100) => {
                let every =
                    Duration::from_secs(gap.as_secs_f64().round().clamp(1.0, 3_600.0) as u64);
                found.keep_alive = Some((every, (*text).to_owned()));
            }
            None => {}
        }
    }
    let is_regular = |text: &str| {
        found.heartbeat.as_ref().is_some_and(|(_, reply)| reply == text)
            || found.keep_alive.as_ref().is_some_and(|(_, sent)| sent == text)
    };
    let once: Vec<usize> =
        (0..texts.len()).filter(|&at| texts[at].is_sent && !is_regular(&texts[at].text)).collect();
    let (opening, later): (Vec<_>, Vec<_>) = once
        .iter()
        .enumerate()
        .partition(|(n, at)| *n < MOST_STEPS && texts[**at].at.saturating_sub(begin) <= OPENING);
    found.left_out = later.len();
    found.opening = opening
        .iter()
        .map(|&(n, &at)| {
            // What came before the next step was what that step waited for.
            let until = opening.get(n + 1).map(|(_, next)| **next);
            let received =
                until.and_then(|until| texts[at..until].iter().find(|text| !text.is_sent));
            (texts[at].text.clone(), received.and_then(|text| kind(&text.text)))
        })
        .collect();
    let acknowledged: Vec<_> = found.opening.iter().filter_map(|(_, kind)| kind.clone()).collect();
    let heartbeat = found.heartbeat.as_ref().map(|(said, _)| said.as_str());
    let mut kinds: BTreeMap<Kind, (usize, &str)> = BTreeMap::new();
    let received =
        || texts.iter().filter(|text| !text.is_sent && Some(text.text.as_str()) != heartbeat);
    for text in received() {
        if let Some(kind) = kind(&text.text).filter(|kind| !acknowledged.contains(kind)) {
            kinds.entry(kind).or_insert((0, &text.text)).0 += 1;
        }
    }
    let most = kinds.iter().max_by_key(|(_, (count, _))| *count);
    // One text without a kind, and kinds tell nothing.
    match most.filter(|_| received().all(|text| kind(&text.text).is_some())) {
        Some((message, (_, sample))) => {
            found.sample = Some((*sample).to_owned());
            found.others = kinds.keys().filter(|kind| *kind != message).cloned().collect();
            found.message = Some(message.clone());
        }
        None => found.sample = received().next_back().map(|text| text.text.clone()),
    }
    found
}

/// What a text says that it is.
fn kind(text: &str) -> Option<Kind> {
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return None };
    KINDS.iter().find_map(|name| {
        let value = members.get(*name)?.as_str()?;
        (value.len() <= MOST_REPEATED).then(|| ((*name).to_owned(), value.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(all: &[(bool, u64, &str)]) -> Conversation {
        let text = |&(is_sent, secs, text): &(bool, u64, &str)| Text {
            is_sent,
            text: text.to_owned(),
            at: Duration::from_secs(secs),
        };
        conversation(&all.iter().map(text).collect::<Vec<_>>())
    }

    #[test]
    fn an_opening_a_heartbeat_and_messages_are_told_apart() {
        let found = said(&[
            (true, 0, r#"{"type":"connection_init"}"#),
            (false, 0, r#"{"type":"connection_ack"}"#),
            (true, 0, r#"{"type":"subscribe","id":"1"}"#),
            (false, 1, r#"{"type":"next","id":"1","payload":1}"#),
            (false, 2, r#"{"type":"ping"}"#),
            (true, 2, r#"{"type":"pong"}"#),
            (false, 3, r#"{"type":"next","id":"1","payload":2}"#),
            (false, 4, r#"{"type":"info"}"#),
            (false, 14, r#"{"type":"ping"}"#),
            (true, 14, r#"{"type":"pong"}"#),
            (true, 20, r#"{"type":"like","of":"7"}"#),
        ]);
        let kind = |kind: &str| ("type".to_owned(), kind.to_owned());
        assert_eq!(
            found.opening,
            [
                (r#"{"type":"connection_init"}"#.to_owned(), Some(kind("connection_ack"))),
                (r#"{"type":"subscribe","id":"1"}"#.to_owned(), None)
            ]
        );
        assert_eq!(
            found.heartbeat,
            Some((r#"{"type":"ping"}"#.into(), r#"{"type":"pong"}"#.into()))
        );
        assert_eq!((found.message, found.others), (Some(kind("next")), vec![kind("info")]));
        assert_eq!((found.keep_alive, found.left_out), (None, 1));
    }

    #[test]
    fn what_is_sent_on_a_timer_keeps_the_connection_alive() {
        let found = said(&[
            (true, 0, "subscribe prices"),
            (false, 1, "101.5"),
            (true, 25, "ping"),
            (false, 26, "101.7"),
            (true, 50, "ping"),
        ]);
        assert_eq!(found.keep_alive, Some((Duration::from_secs(25), "ping".to_owned())));
        assert_eq!(found.opening, [("subscribe prices".to_owned(), None)]);
        assert_eq!((found.message, found.sample.as_deref()), (None, Some("101.7")));
    }
}
