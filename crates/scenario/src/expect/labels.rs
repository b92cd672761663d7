//! The transports that `[expect]` and `--only` may name. Pure.

/// Names of the transports of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<'t> {
    /// Those that could be read.
    pub(crate) known: &'t [&'t str],
    /// Whether they are all: a transport whose name or kind was refused may be called anything.
    pub(crate) are_all: bool,
}

impl Labels<'_> {
    /// Whether a transport may have this name.
    pub(crate) fn may_have(&self, label: &str) -> bool {
        !self.are_all || self.known.contains(&label)
    }
}
