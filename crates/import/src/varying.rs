//! What changes from one poll to the next, and where it comes from: a place that the server hands
//! out, a counter, the time.

use jiff::Timestamp;
use serde_json::Value;

use crate::har::Recorded;

/// A poll's own time may be this far from what it says.
const CLOCKS_APART_SECONDS: i64 = 24 * 3_600;
/// How deep a value is looked for in a response.
const MOST_STEPS: usize = 8;

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
    let at = |json: &Option<Value>, pointer: &str| {
        json.as_ref().and_then(|json| json.pointer(pointer)).and_then(plain)
    };
    found.into_iter().find(|pointer| {
        let steps = parsed.iter().zip(values.windows(2));
        steps.into_iter().all(|(json, pair)| match at(json, pointer) {
            Some(brought) => brought == pair[1],
            None => pair[0] == pair[1],
        })
    })
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
        // A list grows and shrinks: nothing has a fixed place in it.
        Value::Array(_) => {}
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
