//! Which messages a client has had of late, where only the newest matters.

/// Which of the last 64 numbers have come, the newest first. Of those before it is not known: to tell
/// a version that is sent again from one that is late takes so many bits and not a list that grows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recent(u64);

impl Recent {
    /// Whether the number `age` before the newest has come; `false` where that is not known.
    pub(super) fn has(self, age: u32) -> bool {
        self.0.checked_shr(age).is_some_and(|recent| recent & 1 == 1)
    }

    /// That number has come.
    pub(super) fn has_come(&mut self, age: u32) {
        self.0 |= 1_u64.checked_shl(age).unwrap_or(0);
    }

    /// The newest is a number that many further on, and has come.
    pub(super) fn move_on(&mut self, by: u32) {
        self.0 = self.0.checked_shl(by).unwrap_or(0) | 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_is_known_of_the_last_sixty_four() {
        let mut recent = Recent::default();
        recent.move_on(1);
        recent.move_on(63);
        assert!(recent.has(0) && recent.has(63) && !recent.has(1) && !recent.has(64));
        recent.move_on(1);
        assert!(recent.has(1) && !recent.has(64));
        recent.has_come(40);
        recent.has_come(4_000);
        assert!(recent.has(40) && !recent.has(4_000));
        recent.move_on(u32::MAX);
        assert!(recent.has(0) && !recent.has(40));
    }
}
