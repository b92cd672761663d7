//! As whom a client of MQTT is connected, and to what, by the settings of its adapter.

use crate::code::mqtt::packet::Login;
use crate::code::name::Role;
use crate::values::{FillError, Values};

/// The settings that an adapter with this code has, and what each is.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("topic", "the topic of a channel, as in \"${channel}\""),
    ("client_id", "what each client calls itself, as in \"pb${random}\""),
    ("user", "the user name; empty for none"),
    ("password", "the password; empty for none"),
    ("qos", "the quality of service of subscriptions and publishes, 0 or 1"),
    ("keep_alive", "seconds between two pings; 0 for none"),
];

/// Those settings, checked.
pub(crate) struct Settings {
    pub(crate) topic: Vec<u8>,
    pub(crate) login: Login,
    /// Whether messages have quality of service 1, and not 0.
    pub(crate) is_acknowledged: bool,
}

impl Settings {
    pub(crate) fn read(values: &Values, role: Role) -> Result<Self, FillError> {
        let any = "at most 65,535 bytes of UTF-8 without NUL";
        let login = Login {
            client_id: text(values, "client_id", any, |_| true)?,
            user: text(values, "user", any, |_| true)?,
            password: text(values, "password", any, |_| true).map_err(|error| match error {
                // What it is, nobody needs to know.
                FillError::Unfit { .. } => unfit("password", "one that does not fit".into(), any),
                error => error,
            })?,
            keep_alive: number(values, "keep_alive", "a number of seconds up to 65,535", u16::MAX)?,
        };
        if login.user.is_empty() && !login.password.is_empty() {
            let expected = "no password where there is no `user` (section 3.1.2.9)";
            return Err(unfit("password", "one without a user".to_owned(), expected));
        }
        let topic = match role {
            Role::Subscriber => {
                text(values, "topic", "a topic filter, not empty", |topic| !topic.is_empty())
            }
            Role::Publisher => {
                text(values, "topic", "a topic without + and #, not empty", |topic| {
                    !topic.is_empty() && !topic.contains(['+', '#'])
                })
            }
        }?;
        let is_acknowledged = number(values, "qos", "0 or 1", 1)? == 1;
        Ok(Self { topic, login, is_acknowledged })
    }
}

fn text(
    values: &Values,
    name: &str,
    expected: &'static str,
    may_be: fn(&str) -> bool,
) -> Result<Vec<u8>, FillError> {
    let value = values.value_of(name)?;
    match std::str::from_utf8(&value) {
        // A text has at most 65,535 bytes and no NUL (1.5.3).
        Ok(text) if value.len() <= 65_535 && !text.contains('\0') && may_be(text) => Ok(value),
        _ => Err(unfit(name, values.excerpt(&value), expected)),
    }
}

fn number(
    values: &Values,
    name: &str,
    expected: &'static str,
    most: u16,
) -> Result<u16, FillError> {
    let value = values.value_of(name)?;
    let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
    let number = number.filter(|number| *number <= most);
    number.ok_or_else(|| unfit(name, values.excerpt(&value), expected))
}

fn unfit(name: &str, found: String, expected: &'static str) -> FillError {
    FillError::Unfit { what: format!("`{name}`"), found, expected }
}
