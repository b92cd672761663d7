//! The code that an adapter may name, and whose connection it speaks for.

/// The code that speaks for a transport.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    /// MQTT 3.1.1, whose lengths have one to four bytes.
    Mqtt,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Subscriber,
    Publisher,
}

impl Code {
    pub(crate) const ALL: &'static [Self] = &[Self::Mqtt];

    /// The name that an adapter writes.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
        }
    }
}
