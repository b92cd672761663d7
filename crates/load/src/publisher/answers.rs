//! The responses to the publisher, as their bytes come. Pure.

use std::collections::BTreeMap;

use crate::carrier::answer::Answer;
use crate::carrier::http1::reader::AnswerReader;
use crate::{Fault, PublisherOutcome, Unexpected};

/// What the reading half saw.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) bytes: u64,
    pub(crate) count: u64,
    pub(crate) faults: BTreeMap<Fault, u64>,
    /// The first response of each fault, as far as it is kept.
    pub(crate) unexpected: BTreeMap<Fault, Unexpected>,
}

/// The responses of one connection.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    reader: AnswerReader,
    pub(crate) answers: Answers,
}

impl Hearing {
    /// Takes what has come, while `asked` requests have been begun; `false` if it is no HTTP, or
    /// behind the response to the last of them, so that the rest means nothing.
    pub(crate) fn take(&mut self, mut bytes: &[u8], asked: u64) -> bool {
        let Self { reader, answers } = self;
        answers.bytes += bytes.len() as u64;
        loop {
            // As with a poll: nothing was asked that they could belong to. Taken for the next
            // response, they would hide that its own does not come.
            if answers.count >= asked && !bytes.is_empty() {
                answers.fail(Fault::Malformed);
                answers.unexpected.entry(Fault::Malformed).or_insert_with(|| Unexpected::of(bytes));
                return false;
            }
            match reader.take(&mut bytes, |answer| answers.take(&answer)) {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(fault) => {
                    answers.fail(fault);
                    let beginning = reader.give_up().beginning;
                    answers.unexpected.entry(fault).or_insert_with(|| Unexpected::of(&beginning));
                    return false;
                }
            }
        }
    }

    /// The server has ended its side.
    pub(crate) fn end(&mut self) {
        let Self { reader, answers } = self;
        if let Err(fault) = reader.end(|answer| answers.take(&answer)) {
            answers.fail(fault);
        }
    }

    /// The connection was reset: a server, or a balancer before it, may end an idle one so. Responses
    /// of which nothing has come are missed by their number.
    pub(crate) fn reset(&mut self) {
        if !self.reader.is_empty() {
            self.answers.fail(Fault::Closed);
        }
    }
}

impl Answers {
    /// Counts a response.
    fn take(&mut self, answer: &Answer<'_>) {
        self.count += 1;
        if !(200..300).contains(&answer.status) {
            let fault = Fault::Status(answer.status);
            self.fail(fault);
            self.unexpected.entry(fault).or_insert_with(|| Unexpected::of_answer(answer));
        }
    }

    /// The same of a connection that the server ended, to which so many messages had been written:
    /// those without a response were on their way.
    pub(crate) fn closed_under(mut self, sent: u64) -> Self {
        let unanswered = sent.saturating_sub(self.count);
        if unanswered > 0 {
            // A response that came in part is one of them, and told already.
            let closed = self.faults.entry(Fault::Closed).or_default();
            *closed = unanswered.max(*closed);
        }
        self
    }

    pub(crate) fn fail(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.count += other.count;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (fault, unexpected) in other.unexpected {
            self.unexpected.entry(fault).or_insert(unexpected);
        }
    }
}

impl PublisherOutcome {
    /// Adds what was received. `has_ended`: whether the server ended its side once we had ended ours.
    pub(crate) fn receive(&mut self, answers: Answers, has_ended: bool) {
        self.bytes_down = Some(answers.bytes);
        for (fault, count) in answers.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.unexpected = answers.unexpected;
        if answers.count < self.published {
            if self.faults.is_empty() {
                self.faults.insert(Fault::AnswerTimeout, self.published - answers.count);
            }
        } else {
            self.close_unanswered = !has_ended;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_the_server_closed_under_are_told_as_that_and_not_as_late() {
        let faults = |sent: u64| {
            let answers = Answers { count: 3, ..Answers::default() }.closed_under(sent);
            let mut outcome = PublisherOutcome { published: sent, ..PublisherOutcome::default() };
            outcome.receive(answers, true);
            outcome.faults
        };
        assert_eq!(faults(3), BTreeMap::new());
        assert_eq!(faults(5), BTreeMap::from([(Fault::Closed, 2)]));
        let mut in_part = Hearing::default();
        assert!(in_part.take(b"HTTP/1.1 200 OK\r\nContent-Le", 1));
        in_part.end();
        assert_eq!(in_part.answers.closed_under(2).faults, BTreeMap::from([(Fault::Closed, 2)]));
    }

    #[test]
    fn responses_are_counted_however_they_come_and_those_before_them_are_not() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                    2\r\nok\r\n0\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
        for step in 1..text.len() {
            let mut hearing = Hearing::default();
            for bytes in text.as_bytes().chunks(step) {
                assert!(hearing.take(bytes, 2), "HTTP");
            }
            let answers = hearing.answers;
            assert_eq!(answers.count, 2, "in steps of {step}");
            assert_eq!(answers.faults, BTreeMap::from([(Fault::Status(503), 1)]));
            let kept = answers.unexpected.get(&Fault::Status(503)).map(|kept| &*kept.first_bytes);
            assert_eq!(kept, Some("busy"));
        }
    }

    #[test]
    fn what_comes_behind_the_response_to_the_last_request_is_none_to_the_next() {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        for surplus in [response, "HTTP/1.1 100 Continue\r\n\r\n", "\r\n", "more"] {
            let text = [response, response, surplus].concat();
            for step in 1..=text.len() {
                let mut hearing = Hearing::default();
                let mut pieces = text.as_bytes().chunks(step);
                let is_all = pieces.all(|bytes| hearing.take(bytes, 2));
                let answers = hearing.answers;
                assert!(!is_all, "{surplus} in steps of {step}");
                assert_eq!(answers.count, 2, "{surplus} in steps of {step}");
                assert_eq!(answers.faults, BTreeMap::from([(Fault::Malformed, 1)]));
                assert!(answers.unexpected.contains_key(&Fault::Malformed), "what came is kept");
            }
            let mut hearing = Hearing::default();
            assert!(hearing.take(text.as_bytes(), 3) == (surplus != "more"), "it was asked for");
        }
    }
}
