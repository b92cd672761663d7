//! A client that takes a line for each message.
//!
//! Line ends are `framing`; a line that begins as a notice does is `control`.

use pushbench_protocol::Cursor;
use pushbench_protocol::headers::PollFields;

use crate::transport::item::{Codec, Item, Said};
use crate::transport::lines::LineReader;
use crate::{Fault, Plan};

/// Reads lines.
#[derive(Debug, Default)]
pub(crate) struct Lines(LineReader);

impl Codec for Lines {
    fn request(plan: &Plan, topic: u32, after: Option<Cursor>) -> Vec<u8> {
        let after = after.unwrap_or(plan.start_cursors[topic as usize]);
        let path = plan.topic_name(topic).stream_path(after);
        let target = plan.head_target(&path);
        let compression = plan.transport.content_coding();
        let fields = PollFields { conditional: false, compression };
        plan.scenario.headers.request.poll_with(target, fields).bytes().to_vec()
    }

    fn push(&mut self, data: &[u8], on_item: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault> {
        self.0.push(data, |line| {
            let payload = line.len() as u64;
            on_item(Item { said: Said::Message(line), payload, framing: 1, control: 0 });
            Ok(())
        })
    }
}
