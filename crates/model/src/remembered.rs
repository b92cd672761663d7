//! What was compressed once is not compressed again: a plan asks about hundreds of settings that
//! change nothing of the messages. What is remembered is what would be found again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread::LocalKey;

/// Answers by what they were found for.
pub(crate) type Remembered<T> = RefCell<BTreeMap<Vec<u8>, Rc<T>>>;

/// Answers at most, and then all are forgotten.
const MOST: usize = 1_024;

/// The answer to a question, found if it is not known.
pub(crate) fn remembered<T>(
    known: &'static LocalKey<Remembered<T>>,
    question: Vec<u8>,
    find: impl FnOnce() -> T,
) -> Rc<T> {
    known.with(|known| {
        if let Some(answer) = known.borrow().get(&question) {
            return Rc::clone(answer);
        }
        let answer = Rc::new(find());
        let mut known = known.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(question, Rc::clone(&answer));
        answer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static LENGTHS: Remembered<usize> = const { RefCell::new(BTreeMap::new()) };
    }

    #[test]
    fn a_question_is_answered_once_until_there_are_too_many() {
        let ask = |question: usize| {
            let mut is_new = false;
            let answer = remembered(&LENGTHS, question.to_be_bytes().to_vec(), || {
                is_new = true;
                question + 1
            });
            assert_eq!(*answer, question + 1);
            is_new
        };
        assert!((0..MOST).all(ask), "each is new");
        assert!(!(0..MOST).any(ask), "each is known");
        assert!(ask(MOST), "one too many");
        assert!(ask(0), "forgotten");
        assert!(!ask(MOST), "this one came after");
    }
}
