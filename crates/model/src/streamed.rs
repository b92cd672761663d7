//! How long the flushes of a compressed stream are, by compressing some like them; see `sizes`. Pure.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use pushbench_protocol::{Cursor, HeadForm, StreamCoding};
use pushbench_scenario::{Scenario, TransportSettings};
use pushbench_wire::stream_coder::StreamCoder;

use crate::remembered::{Remembered, remembered};
use crate::sizes::{Lens, Messages, Span};

/// A comment of a stream of events, and the line that ends it.
const COMMENT: &[u8] = b":\n\n";
/// Comments compressed at most: where messages are rare there are many between two.
const MOST_SIGNS: usize = 256;
/// A log's epoch like any other; it is the same in every cursor of a trial.
const EPOCH: u16 = 24_101;

thread_local! {
    static STREAMED: Remembered<StreamLens> = const { RefCell::new(BTreeMap::new()) };
}

/// A stream that is compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streamed {
    coding: StreamCoding,
    /// Whether each message is an event; otherwise it is a line.
    is_events: bool,
    heartbeat: Option<Duration>,
    conflate: Option<Duration>,
}

/// Bytes of the flushes of a stream.
#[derive(Debug)]
pub(crate) struct StreamLens {
    /// Of messages of the measure phase, and how many there are of each length.
    pub(crate) messages: Lens,
    /// Of a sign of life, in the mean; absent where there is none.
    pub(crate) sign: Option<u64>,
}

impl Streamed {
    /// The stream of a transport, if it has one that is compressed.
    pub(crate) fn of(settings: TransportSettings) -> Option<Self> {
        let openings = settings.kind().properties().openings;
        Some(Self {
            coding: settings.stream_compression()?,
            is_events: openings.iter().any(|opening| opening.form == HeadForm::Events),
            heartbeat: settings.heartbeat(),
            conflate: settings.conflate(),
        })
    }

    /// The lengths of what is sent to a client, each message and each sign of life in its turn.
    pub(crate) fn lens(self, scenario: &Scenario, span: Span) -> Rc<StreamLens> {
        let messages = match (self.heartbeat, self.conflate) {
            (None, None) => Messages::of(scenario, span),
            _ => Messages::paced(scenario, span),
        };
        remembered(&STREAMED, messages.question(&self), || self.find(&messages))
    }

    fn find(self, messages: &Messages<'_>) -> StreamLens {
        let mut coder = StreamCoder::new(self.coding);
        let (mut lens, mut signs) = (Vec::new(), Vec::new());
        // The server's clock beats from before the first message on.
        let mut tick = Duration::ZERO;
        let mut has_spoken = true;
        for (at, number) in messages.sent(self.conflate) {
            while let Some(every) = self.heartbeat
                && tick <= at
                && signs.len() < MOST_SIGNS
            {
                if !std::mem::take(&mut has_spoken) {
                    signs.push(coder.message(COMMENT).len() as u64);
                }
                tick += every;
            }
            lens.push((number, coder.message(&self.text(messages, number)).len() as u64));
            has_spoken = true;
        }
        if self.heartbeat.is_some() && signs.is_empty() {
            // None comes among so many messages; of one that came it would be the first.
            signs.push(coder.message(COMMENT).len() as u64);
        }
        let sum: u64 = signs.iter().sum();
        let sign = (!signs.is_empty()).then(|| (sum as f64 / signs.len() as f64).round() as u64);
        StreamLens { messages: messages.measured(lens), sign }
    }

    /// A message as it is before it is compressed.
    fn text(self, messages: &Messages<'_>, number: u64) -> Vec<u8> {
        let payload = messages.payload(number);
        if !self.is_events {
            return [&payload[..], b"\n"].concat();
        }
        let id = Cursor { epoch: EPOCH, position: number + 1 }.encode();
        [b"id: ", &id[..], b"\ndata: ", &payload, b"\n\n"].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_scenario::{Source, read};

    use super::*;

    /// The lengths of a stream with these options, and how many messages have one.
    fn lens(workload: &str, options: &str) -> (Rc<StreamLens>, u64) {
        let text = format!(
            "question = \"What?\"\n[workload]\nclients = 1\nwarm_up = \"1s\"\nmeasure = \"10s\"\n\
             payload = {{ bytes = 300, content = \"json\" }}\n{workload}\n[[transport]]\n{options}"
        );
        let path = Path::new("streamed.toml");
        let read_file = |_: &Path| Err(std::io::Error::other("no file"));
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
        let scenario = read(&source).expect("a scenario");
        let streamed = Streamed::of(scenario.transports[0].settings).expect("it is compressed");
        let lens = streamed.lens(&scenario, Span::Trial);
        let count = lens.messages.values().sum();
        (lens, count)
    }

    const OFTEN: &str = "publish = { every = \"100ms\" }";
    const RARELY: &str = "publish = { every = \"2s\" }";

    #[test]
    fn a_conflated_message_that_may_go_only_once_the_trial_is_over_counts_for_nothing() {
        // At 0, 0.7, ..., 10.5 s, of which the measure phase has 1.4 to 10.5; then not before 11.2.
        let (_, count) =
            lens(OFTEN, "kind = \"stream\"\ncompression = \"gzip\"\nconflate = \"700ms\"");
        assert_eq!(count, 14);
    }

    #[test]
    fn messages_of_the_measure_phase_count_and_of_conflated_ones_those_that_are_sent() {
        let gzip = "kind = \"stream\"\ncompression = \"gzip\"\n";
        let (all, count) = lens(OFTEN, gzip);
        assert_eq!((count, all.sign), (100, None));
        let (conflated, count) = lens(OFTEN, &format!("{gzip}conflate = \"1s\"\n"));
        // One a second.
        assert_eq!(count, 10);
        // What is dropped is in no window: less of what comes was there before.
        let mean = |lens: &Lens| {
            let sum: u64 = lens.iter().map(|(len, count)| len * count).sum();
            sum as f64 / lens.values().sum::<u64>() as f64
        };
        assert!(mean(&conflated.messages) > mean(&all.messages));
    }

    #[test]
    fn a_comment_takes_what_a_coder_makes_of_it_and_lines_have_none() {
        for (coding, least, most) in [("gzip", 7, 10), ("br", 4, 9)] {
            for workload in [OFTEN, RARELY] {
                let options =
                    format!("kind = \"sse\"\nheartbeat = \"500ms\"\ncompression = \"{coding}\"\n");
                let sign = lens(workload, &options).0.sign.expect("it has a heartbeat");
                assert!((least..=most).contains(&sign), "{coding} {workload}: {sign}");
            }
        }
    }
}
