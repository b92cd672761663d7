//! On which cores the server and the load generator run.

use std::fmt::{self, Display};

/// On which cores the server and the load generator run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pin {
    /// As the work and the machine have it: apart where that gives the truer latency.
    #[default]
    Auto,
    /// Each on cores of its own: half of them for the servers that the run starts, the rest for the
    /// load generator.
    Halves,
    /// Wherever the kernel's scheduler puts them.
    None,
}

impl Pin {
    /// Every choice, in the order messages show them.
    pub const ALL: &'static [Self] = &[Self::Auto, Self::Halves, Self::None];

    /// The name used in scenario files and records.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Halves => "halves",
            Self::None => "none",
        }
    }

    /// The choice of that name.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|pin| pin.label() == label)
    }
}

impl Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
