//! Which message a response has and when it was sent, as far as its JSON says by names that services
//! use.

use serde_json::{Map, Value};

const IDS: [&str; 9] =
    ["id", "_id", "uuid", "message_id", "messageId", "event_id", "eventId", "seq", "sequence"];
const TIMES: [&str; 12] = [
    "sent_at",
    "sentAt",
    "published_at",
    "publishedAt",
    "created_at",
    "createdAt",
    "timestamp",
    "ts",
    "time",
    "date",
    "updated_at",
    "updatedAt",
];
const MOST_STEPS: usize = 6;

/// Where a message says which it is, and when it was sent in what unit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Identity {
    pub(crate) id: Option<String>,
    pub(crate) sent_at: Option<(String, &'static str)>,
}

/// What a body or a message says, if it is JSON: of the elements of its first list of objects with an
/// id, else of itself.
pub(crate) fn identity(text: &str) -> Identity {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return Identity::default() };
    let mut list = None;
    find(&json, &mut String::new(), 0, &mut list);
    match (list, &json) {
        (Some((at, element)), _) => of(element, &format!("{at}/*")),
        (None, Value::Object(members)) => of(members, ""),
        _ => Identity::default(),
    }
}

fn find<'j>(
    json: &'j Value,
    at: &mut String,
    depth: usize,
    found: &mut Option<(String, &'j Map<String, Value>)>,
) {
    if found.is_some() || depth > MOST_STEPS {
        return;
    }
    match json {
        Value::Array(elements) => {
            if let Some(Value::Object(members)) = elements.first()
                && IDS.iter().any(|id| members.contains_key(*id))
            {
                *found = Some((at.clone(), members));
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let len = at.len();
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                find(member, at, depth + 1, found);
                at.truncate(len);
            }
        }
        _ => {}
    }
}

fn of(members: &Map<String, Value>, at: &str) -> Identity {
    let id =
        IDS.iter().find(|id| members.get(**id).is_some_and(|id| id.is_string() || id.is_number()));
    let sent_at =
        TIMES.iter().find_map(|time| Some((format!("{at}/{time}"), unit(members.get(*time)?)?)));
    Identity { id: id.map(|id| format!("{at}/{id}")), sent_at }
}

/// The unit of a point in time of these decades.
fn unit(time: &Value) -> Option<&'static str> {
    match time {
        Value::String(text) => text.parse::<jiff::Timestamp>().is_ok().then_some("rfc3339"),
        Value::Number(number) => match number.as_f64()? {
            1e9..1e10 => Some("s"),
            1e12..1e13 => Some("ms"),
            1e15..1e16 => Some("us"),
            1e18..1e19 => Some("ns"),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_times_are_found_where_services_put_them() {
        for (text, id, sent_at) in [
            (
                r#"{"items":[{"id":1,"created_at":1700000000000}]}"#,
                Some("/items/*/id"),
                Some(("/items/*/created_at", "ms")),
            ),
            (
                r#"[{"_id":"a","ts":"2026-11-30T10:00:00Z"}]"#,
                Some("/*/_id"),
                Some(("/*/ts", "rfc3339")),
            ),
            (r#"{"seq":7,"time":1700000000.25,"price":1}"#, Some("/seq"), Some(("/time", "s"))),
            (r#"{"data":{"a/b":[{"id":{}}]}}"#, None, None),
            (r#"{"id":true,"time":"noon"}"#, None, None),
            ("[]", None, None),
            ("hello", None, None),
        ] {
            let found = identity(text);
            assert_eq!(found.id.as_deref(), id, "{text}");
            let sent = found.sent_at.as_ref().map(|(at, unit)| (at.as_str(), *unit));
            assert_eq!(sent, sent_at, "{text}");
        }
    }
}
