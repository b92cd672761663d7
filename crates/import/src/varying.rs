//! What changes from one poll to the next, and where it comes from: a place that the server hands
//! out, a counter, the time.

use jiff::Timestamp;
use serde_json::Value;

use crate::har::Recorded;

/// A poll's own time may be this far from what it says.
const CLOCKS_APART_SECONDS: i64 = 24 * 3_600;
/// How deep a value is looked for in a response.
const MOST_STEPS: usize = 8;
/// The last element of a list, as an adapter's `carry` names it.
const LAST: &str = "/*";

/// Where a value of a request comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// It is always the same.
    Constant,
    /// The response before has it in its JSON.
    Json(String),
    /// The response before has it in this header.
    Header(&'static str),
    /// It is one more with every request.
    Counter(u64),
    /// The time in seconds since 1970.
    Seconds,
    /// The time in milliseconds since 1970.
    Milliseconds,
    /// Nothing that is known.
    Unknown,
}

/// Where a value comes from that each request has; one for each request.
pub(crate) fn origin(requests: &[&Recorded], values: &[&str]) -> Origin {
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return Origin::Constant;
    }
    for header in ["Etag", "Last-Modified"] {
        let carried = |before: &Recorded| before.response_header(header).map(str::to_owned);
        if is_carried(requests, values, &carried) {
            return Origin::Header(header);
        }
    }
    // Times and counters are looked for first: both may stand in a response by chance.
    let numbers: Option<Vec<u64>> = values.iter().map(|value| value.parse().ok()).collect();
    if let Some(numbers) = numbers {
        if numbers.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]))
            && !is_told(requests, values)
        {
            return Origin::Counter(numbers[0]);
        }
        for (per_second, origin) in [(1, Origin::Seconds), (1_000, Origin::Milliseconds)] {
            let is_time = |(one, number): (&&Recorded, &u64)| {
                let said = i64::try_from(number / per_second).unwrap_or(i64::MAX);
                let started = one.started.map(Timestamp::as_second);
                started.is_some_and(|started| started.abs_diff(said) < CLOCKS_APART_SECONDS as u64)
            };
            if requests.iter().zip(&numbers).all(is_time) && !is_told(requests, values) {
                return origin;
            }
        }
    }
    pointer(requests, values).map_or(Origin::Unknown, Origin::Json)
}

/// Whether each value after the first is what the response before it brought, or that of the request
/// before where that brought nothing; at least one must have been brought.
fn is_carried(
    requests: &[&Recorded],
    values: &[&str],
    brought: &dyn Fn(&Recorded) -> Option<String>,
) -> bool {
    let mut count = 0;
    let steps = requests.windows(2).zip(values.windows(2));
    let all = steps.into_iter().all(|(pair, values)| match brought(pair[0]) {
        Some(brought) => {
            count += 1;
            brought == values[1]
        }
        None => values[0] == values[1],
    });
    all && count > 0
}

fn is_told(requests: &[&Recorded], values: &[&str]) -> bool {
    pointer(requests, values).is_some()
}

/// Where in the responses' JSON the next request's value stands, if at one place in all of them.
fn pointer(requests: &[&Recorded], values: &[&str]) -> Option<String> {
    let parsed: Vec<Option<Value>> = requests
        .iter()
        .map(|one| one.response_body.as_deref().and_then(|body| serde_json::from_str(body).ok()))
        .collect();
    // Where the first response that leads to a change has it.
    let change =
        values.windows(2).zip(&parsed).find(|(pair, json)| pair[0] != pair[1] && json.is_some());
    let (pair, json) = change?;
    let mut found = Vec::new();
    places(json.as_ref()?, pair[1], &mut String::new(), 0, &mut found);
    // A member has a fixed place; the last of a list is the next best.
    found.sort_by_key(|pointer| pointer.contains(LAST));
    let at = |json: &Option<Value>, pointer: &str| at(json.as_ref()?, pointer).and_then(plain);
    found.into_iter().find(|pointer| {
        let steps = parsed.iter().zip(values.windows(2));
        steps.into_iter().all(|(json, pair)| match at(json, pointer) {
            Some(brought) => brought == pair[1],
            None => pair[0] == pair[1],
        })
    })
}

/// The value at a pointer, in which `/*` is the last element of a list.
fn at<'j>(json: &'j Value, pointer: &str) -> Option<&'j Value> {
    match pointer.split_once(LAST) {
        Some((list, below)) => json.pointer(list)?.as_array()?.last()?.pointer(below),
        None => json.pointer(pointer),
    }
}

/// Pointers to every scalar that is this text.
fn places(json: &Value, text: &str, at: &mut String, depth: usize, found: &mut Vec<String>) {
    if depth > MOST_STEPS {
        return;
    }
    let len = at.len();
    match json {
        Value::Object(members) => {
            for (name, member) in members {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                places(member, text, at, depth + 1, found);
                at.truncate(len);
            }
        }
        // A list grows and shrinks: only its last element has a place that can be said, and of one list.
        Value::Array(elements) => {
            if let (Some(last), false) = (elements.last(), at.contains(LAST)) {
                at.push_str(LAST);
                places(last, text, at, depth + 1, found);
                at.truncate(len);
            }
        }
        scalar => {
            if plain(scalar).is_some_and(|plain| plain == text) {
                found.push(at.clone());
            }
        }
    }
}

fn plain(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::captured::{Captured, SavedAs};

    use super::*;

    fn found(polls: &[(&str, &str)]) -> Origin {
        let recorded = |(second, (_, body)): (i64, &(&str, &str))| {
            let captured = Captured {
                method: "GET".to_owned(),
                url: "http://h/".parse().expect("a URL"),
                headers: Vec::new(),
                body: None,
                saved_as: SavedAs::Har,
            };
            Recorded {
                started: Timestamp::from_second(1_700_000_000 + second).ok(),
                response_body: Some((*body).to_owned()),
                response_headers: vec![("ETag".to_owned(), format!("\"{body}\""))],
                ..Recorded::alone(captured)
            }
        };
        let all: Vec<_> = (0..).zip(polls).map(recorded).collect();
        let values: Vec<_> = polls.iter().map(|(value, _)| *value).collect();
        origin(&all.iter().collect::<Vec<_>>(), &values)
    }

    #[test]
    fn what_changes_is_traced_to_where_it_comes_from() {
        let json = |pointer: &str| Origin::Json(pointer.to_owned());
        for (polls, expected) in [
            (&[("a", "1"), ("a", "2")][..], Origin::Constant),
            (&[("1", ""), ("2", ""), ("3", "")], Origin::Counter(1)),
            (&[("1700000000", ""), ("1700000001", "")], Origin::Counter(1_700_000_000)),
            (&[("1700000000", ""), ("1700000003", "")], Origin::Seconds),
            (&[("1700000000123", ""), ("1700000001127", "")], Origin::Milliseconds),
            (&[("x", "y"), ("\"y\"", "z"), ("\"z\"", "")], Origin::Header("Etag")),
            (&[("0", r#"{"next":"a"}"#), ("a", r#"{"next":"b"}"#), ("b", "")], json("/next")),
            (&[("0", r#"{"next":1}"#), ("1", r#"{"next":2}"#), ("2", "")], json("/next")),
            (
                &[
                    ("0", r#"{"l":[{"id":4},{"id":9}]}"#),
                    ("9", r#"{"l":[]}"#),
                    ("9", r#"{"l":[{"id":12}]}"#),
                    ("12", ""),
                ],
                json("/l/*/id"),
            ),
            (&[("0", r#"[{"id":"m1"}]"#), ("m1", "[]")], json("/*/id")),
            (&[("0", r#"[[1,7]]"#), ("7", "")], Origin::Unknown),
            (&[("q", "{}"), ("r", "{}")], Origin::Unknown),
        ] {
            assert_eq!(found(polls), expected, "{polls:?}");
        }
    }
}
