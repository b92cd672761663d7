//! The figures of polls that were played.

use pushbench_protocol::{ByteKind, Deliver, Direction, Layer};
use pushbench_wire::hpack::Indexing;

use crate::exchange::Exchange;
use crate::finds::Finds;
use crate::flow::{Figures, Flow};
use crate::http2::frames::data_frames;
use crate::http2::played::Played;
use crate::http2::player::{Content, Player};
use crate::situation::Situation;

impl Situation {
    /// The figures of polls of a timer that were played, and find this. `ideal` is the same play with
    /// encoders that index everything.
    pub fn http2_polls(&self, played: &Played, ideal: &Played, finds: &Finds) -> Figures {
        let Some(per_poll) = played.per_poll(finds, &|found| self.poll_content(found)) else {
            return self.polled_figures(Flow::default(), finds);
        };
        let mut figures = self.polled_figures(per_poll, finds);
        self.head_figures(&mut figures, played, ideal, finds);
        figures
    }

    /// The same of polls that are held.
    pub fn http2_held(&self, played: &Played, ideal: &Played, finds: &Finds) -> Figures {
        let Some(per_poll) = played.per_poll(finds, &|found| self.poll_content(found)) else {
            return self.held_figures(Flow::default(), finds);
        };
        let mut figures = self.held_figures(per_poll, finds);
        self.head_figures(&mut figures, played, ideal, finds);
        figures
    }

    /// What the messages of an answer are on the wire, without the fields before them.
    fn poll_content(&self, found: u64) -> Flow {
        let (messages, separators) = match self.deliver {
            Deliver::Latest => (found.min(1), 0),
            Deliver::Every => (found, found),
        };
        let payload = messages.saturating_mul(self.payload);
        let content = Content { payload, repeat: 0, separators };
        let mut exchange = Exchange::default();
        exchange.down[ByteKind::Payload] = content.payload;
        exchange.down[ByteKind::Framing] = separators + data_frames(payload + separators);
        let answer = exchange.down;
        Player::new(Indexing::LikeH2, self.link).carry(&mut exchange, &[answer]);
        Flow::of(&exchange)
    }

    /// What polls' heads take: first, warm, and with another encoder.
    fn head_figures(&self, figures: &mut Figures, played: &Played, ideal: &Played, finds: &Finds) {
        let polls = played.polls() as f64;
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        for (name, [up, down]) in [
            ("first_poll", played.first_headers()),
            ("warm_poll", played.warm_headers()),
            ("uncompressed_poll", played.uncompressed.map(|sum| Some(sum as f64 / polls))),
            ("indexed_first_poll", ideal.first_headers()),
            ("indexed_warm_poll", ideal.warm_headers()),
        ] {
            if let (Some(up), Some(down)) = (up, down) {
                put(&format!("header_bytes_{name}"), up + down);
                put(&format!("header_bytes_up_{name}"), up);
                put(&format!("header_bytes_down_{name}"), down);
            }
        }
        let deliveries = finds.deliveries(self.deliver == Deliver::Latest);
        let per_poll = ideal.per_poll(finds, &|found| self.poll_content(found));
        if let Some(flow) = per_poll.filter(|_| deliveries > 0.0) {
            let both =
                flow.layer(Direction::Up, Layer::Wire) + flow.layer(Direction::Down, Layer::Wire);
            put("wire_bytes_indexed_per_delivery", both * finds.per_second() / deliveries);
        }
    }
}
