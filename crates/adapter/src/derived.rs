//! What was made of secrets by filters: encodings, signatures, tokens.
//!
//! A token that is signed anew each time cannot be made again when something is to be shown, so what
//! was made is kept: the newest, in one place for all clients of a server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most of them that are known.
const MOST: usize = 4_096;
/// Shorter ones tell nobody anything, and many a text has them: the length of a password.
const LEAST: usize = 8;

/// The newest of them, with the names of what they were made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derived(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    names: HashMap<Vec<u8>, String>,
    oldest_first: VecDeque<Vec<u8>>,
}

impl Derived {
    /// This was made of a secret.
    pub(crate) fn add(&self, value: &[u8], name: &str) {
        let mut known = self.known();
        if value.len() < LEAST || known.names.contains_key(value) {
            return;
        }
        known.names.insert(value.to_vec(), name.to_owned());
        known.oldest_first.push_back(value.to_vec());
        if known.oldest_first.len() > MOST
            && let Some(oldest) = known.oldest_first.pop_front()
        {
            known.names.remove(&oldest);
        }
    }

    /// All that are known, with their names.
    pub(crate) fn all(&self) -> Vec<(Vec<u8>, String)> {
        self.known().names.iter().map(|(value, name)| (value.clone(), name.clone())).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // What is half done is one that is not looked for.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_known_and_nothing_short() {
        let derived = Derived::default();
        derived.add(b"12", "short");
        for number in 0..=MOST {
            derived.add(format!("token-{number:06}").as_bytes(), "token");
            derived.add(b"token-000001", "token");
        }
        let all = derived.all();
        assert_eq!(all.len(), MOST);
        let has = |value: &[u8]| all.iter().any(|(known, _)| known == value);
        assert!(has(b"token-000001") && !has(b"token-000000") && !has(b"12"));
    }
}
