//! What is wrong, as it is found: collected first, looked up in the text at the end.

use std::cell::RefCell;

use crate::problem::{Problem, Refused};
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
pub struct Problems {
    own: RefCell<Vec<Complaint>>,
    /// Of other files, which say by themselves where they are.
    of_others: RefCell<Vec<Problem>>,
}

impl Problems {
    /// Notes one more.
    pub fn add(&self, complaint: Complaint) {
        self.own.borrow_mut().push(complaint);
    }

    /// Notes everything that is wrong with another file that this one refers to, each problem once.
    pub fn add_of_another(&self, refused: Refused) {
        let mut of_others = self.of_others.borrow_mut();
        for problem in refused.problems {
            if !of_others.contains(&problem) {
                of_others.push(problem);
            }
        }
    }

    /// Adds those that are not there yet.
    pub fn add_new(&self, others: Self) {
        let (complaints, problems) = others.into_inner();
        for complaint in complaints {
            if !self.own.borrow().contains(&complaint) {
                self.add(complaint);
            }
        }
        self.add_of_another(Refused { problems });
    }

    /// All of them, in the order they were noted: those of this file, then those of others.
    pub fn into_inner(self) -> (Vec<Complaint>, Vec<Problem>) {
        (self.own.into_inner(), self.of_others.into_inner())
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
