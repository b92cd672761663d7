//! What is wrong, as it is found: collected first, looked up in the text at the end.

use std::cell::RefCell;

use crate::tree::Place;

/// One problem, its place not yet looked up in the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Complaint {
    /// Where.
    pub place: Place,
    /// The dotted key.
    pub key: String,
    /// What was found there.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// What to do, where that can be guessed.
    pub help: Option<String>,
}

/// Every problem so far.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Complaint>>);

impl Problems {
    /// Notes one more.
    pub fn add(&self, complaint: Complaint) {
        self.0.borrow_mut().push(complaint);
    }

    /// Adds those that are not there yet.
    pub fn add_new(&self, others: Self) {
        for complaint in others.into_inner() {
            if !self.0.borrow().contains(&complaint) {
                self.add(complaint);
            }
        }
    }

    /// All of them, in the order they were noted.
    pub fn into_inner(self) -> Vec<Complaint> {
        self.0.into_inner()
    }
}

/// The name that was probably meant: the most similar one, if it is similar enough.
pub fn closest<'n>(found: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(found, name), name))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}
