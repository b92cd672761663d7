//! What has come of a response and is on no books yet.

use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use pushbench_protocol::{ByteKind, Phase};

use crate::Fault;
use crate::accounts::{Accounts, Unfinished};
use crate::carrier::answer::Answer;
use crate::carrier::http1::reader::AnswerReader;
use crate::witness::Witness;
use crate::witness::in_part::InPart;

/// A part of a response, which is booked when it is dropped: whoever waits for the rest may be cut off
/// at any moment, and the sockets have counted what has come.
pub(crate) struct Pending<R: Begun> {
    accounts: Rc<Accounts>,
    place: Place,
    /// What has failed if this is cut off; absent where that is no failure.
    cut: Option<Fault>,
    /// How much of it there is, for whoever closes books meanwhile; of polls only.
    in_part: Option<InPart>,
    begun: R,
}

/// In whose books it goes, and as what its headers.
pub(crate) enum Place {
    /// In those of the phase in which this connection is.
    Poll(Rc<Witness>),
    /// In those of a phase that is known.
    Opening(Phase, ByteKind),
}

/// Something that puts a response together.
pub(crate) trait Begun {
    /// Gives up on what has come in part, and says what it was.
    fn give_up(&mut self) -> Unfinished;
}

impl Begun for AnswerReader {
    fn give_up(&mut self) -> Unfinished {
        Self::give_up(self)
    }
}

/// Bytes that nobody has read a header in.
impl Begun for Vec<u8> {
    fn give_up(&mut self) -> Unfinished {
        let beginning = std::mem::take(self);
        Unfinished { header: 0, framing: 0, rest: beginning.len() as u64, beginning }
    }
}

impl<R: Begun> Pending<R> {
    /// Nothing has come yet.
    pub(crate) fn new(accounts: &Rc<Accounts>, place: Place, cut: Option<Fault>, begun: R) -> Self {
        let in_part = match &place {
            Place::Poll(witness) => Some(InPart::new(witness)),
            Place::Opening(..) => None,
        };
        Self { accounts: Rc::clone(accounts), place, cut, in_part, begun }
    }

    /// Books what has come of a response that will not become whole, and keeps its beginning on record
    /// if that is a fault; gives how many bytes.
    pub(crate) fn give_up(&mut self, fault: Option<Fault>) -> u64 {
        let unfinished = self.begun.give_up();
        if let Some(in_part) = &mut self.in_part {
            in_part.is_now(0);
        }
        let (phase, headers) = match &self.place {
            Place::Poll(witness) => (self.accounts.phase_on(witness), ByteKind::Header),
            Place::Opening(phase, headers) => (*phase, *headers),
        };
        self.accounts.book_unfinished(phase, headers, fault, &unfinished);
        unfinished.header + unfinished.framing + unfinished.rest
    }
}

impl Pending<AnswerReader> {
    /// Takes the next bytes, or the end where there are none, and gives `with` the response once it is
    /// complete.
    ///
    /// # Errors
    ///
    /// As [`AnswerReader::push`] and [`AnswerReader::end`].
    pub(crate) fn receive<T>(
        &mut self,
        bytes: &[u8],
        with: impl FnOnce(Answer<'_>) -> T,
    ) -> Result<Option<T>, Fault> {
        let answered = match bytes.is_empty() {
            true => self.begun.end(with),
            false => self.begun.push(bytes, with),
        };
        if let Some(in_part) = &mut self.in_part {
            in_part.is_now(self.begun.len());
        }
        answered
    }
}

impl Pending<Vec<u8>> {
    /// Gives up because of a fault, which it gives back.
    pub(crate) fn fail(mut self, fault: Fault) -> Fault {
        self.give_up(Some(fault));
        fault
    }
}

impl<R: Begun> Deref for Pending<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.begun
    }
}

impl<R: Begun> DerefMut for Pending<R> {
    fn deref_mut(&mut self) -> &mut R {
        &mut self.begun
    }
}

impl<R: Begun> Drop for Pending<R> {
    fn drop(&mut self) {
        self.give_up(self.cut);
    }
}
