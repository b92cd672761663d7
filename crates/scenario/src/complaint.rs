//! What is wrong, as it is found: collected first, looked up in the text at the end.

use std::cell::RefCell;

use crate::tree::Place;

/// One problem, its place not yet looked up in the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Complaint {
    pub(crate) place: Place,
    pub(crate) key: String,
    pub(crate) found: String,
    pub(crate) expected: String,
    pub(crate) help: Option<String>,
}

/// Every problem so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(RefCell<Vec<Complaint>>);

impl Problems {
    pub(crate) fn add(&self, complaint: Complaint) {
        self.0.borrow_mut().push(complaint);
    }

    /// Adds those that are not there yet.
    pub(crate) fn add_new(&self, others: Self) {
        for complaint in others.into_inner() {
            if !self.0.borrow().contains(&complaint) {
                self.add(complaint);
            }
        }
    }

    pub(crate) fn into_inner(self) -> Vec<Complaint> {
        self.0.into_inner()
    }
}

/// The name that was probably meant: the most similar one, if it is similar enough.
pub(crate) fn closest<'n>(
    found: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(found, name), name))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}
