//! One connection, played exchange by exchange.

use pushbench_protocol::{ByteKind, Layer};
use pushbench_wire::Kinds;
use pushbench_wire::hpack::{Encoder, Indexing};

use crate::burst::{Burst, Pause};
use crate::exchange::Exchange;
use crate::headers::FieldBlock;
use crate::http2::frames::{block_frames, data_frames, data_in};
use crate::link::Link;

/// What an answer's body is made of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Content {
    /// Payload that is new to the client.
    pub payload: u64,
    /// Payload that it had.
    pub repeat: u64,
    /// What stands between messages.
    pub separators: u64,
}

/// One connection as it is played.
#[derive(Clone, Debug)]
pub struct Player {
    up: Encoder,
    down: Encoder,
    link: Link,
}

impl Player {
    /// A connection whose both sides index alike.
    pub fn new(indexing: Indexing, link: Link) -> Self {
        Self { up: Encoder::new(indexing), down: Encoder::new(indexing), link }
    }

    /// A request without a body, its segments left out.
    pub fn request(&mut self, fields: &FieldBlock, kind: ByteKind) -> Exchange {
        let block = self.up.encode(fields.iter());
        let mut exchange = Exchange::default();
        exchange.up[kind] = block;
        exchange.up[ByteKind::Framing] = block_frames(block);
        exchange
    }

    /// An answer, its segments left out.
    pub fn answer(&mut self, fields: &FieldBlock, kind: ByteKind, content: Content) -> Exchange {
        let block = self.down.encode(fields.iter());
        let Content { payload, repeat, separators } = content;
        let mut exchange = Exchange::default();
        exchange.down[kind] = block;
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Repeat] = repeat;
        exchange.down[ByteKind::Framing] =
            separators + block_frames(block) + data_frames(payload + repeat + separators);
        exchange
    }

    /// A poll: a request and its answer, acknowledged as on HTTP/1.1.
    pub fn poll(
        &mut self,
        request: &FieldBlock,
        answer: &FieldBlock,
        content: Content,
    ) -> Exchange {
        let mut exchange = self.request(request, ByteKind::Header);
        let answer = self.answer(answer, ByteKind::Header, content);
        exchange += answer;
        let answered = self.carry(&mut exchange, &[answer.down]);
        let headers = self.link.headers.len();
        let is_acknowledged_before = exchange.up[ByteKind::TcpIp] > headers;
        exchange.up[ByteKind::TcpIp] += answered.acknowledgements(Pause::Long) * headers;
        exchange.down[ByteKind::TcpIp] += u64::from(is_acknowledged_before) * headers;
        exchange
    }

    /// A request and an answer that begins and does not end, on a connection that has just opened:
    /// either side acknowledges with a segment of its own.
    pub fn begin(&mut self, request: &FieldBlock, answer: &FieldBlock, kind: ByteKind) -> Exchange {
        let mut exchange = self.request(request, kind);
        let answer = self.answer(answer, kind, Content::default());
        exchange += answer;
        self.carry(&mut exchange, &[answer.down]);
        exchange.up[ByteKind::TcpIp] += self.link.headers.len();
        exchange.down[ByteKind::TcpIp] += self.link.headers.len();
        exchange
    }

    /// Answers to held polls and the requests after them, all of one moment: the answers leave in
    /// one write but for long data, and so do the requests, which acknowledge them and are
    /// acknowledged by a segment of their own.
    pub fn held(&self, exchanges: &[Exchange]) -> Exchange {
        let mut all = Exchange::default();
        exchanges.iter().for_each(|exchange| all += *exchange);
        let answers: Vec<_> = exchanges.iter().map(|exchange| exchange.down).collect();
        let answered = self.carry(&mut all, &answers);
        let headers = self.link.headers.len();
        all.up[ByteKind::TcpIp] += answered.acknowledged_before() * headers;
        all.down[ByteKind::TcpIp] += headers;
        all
    }

    /// Books what is below the stream of answers and requests of one moment: the requests leave in
    /// one write, of the answers the fields together with the first data. Gives how the answers
    /// leave.
    pub(super) fn carry(&self, exchange: &mut Exchange, answers: &[Kinds]) -> Burst {
        let (mut fields, mut data) = (0, Vec::new());
        for answer in answers {
            let block = answer[ByteKind::Header] + answer[ByteKind::Handshake];
            let block = if block > 0 { block + block_frames(block) } else { 0 };
            fields += block;
            data.push(data_in(answer.layer(Layer::Stream) - block));
        }
        let down = Burst::of_frames(fields, data, self.link);
        down.book(&mut exchange.down);
        Burst::of_write(exchange.up.layer(Layer::Stream), self.link).book(&mut exchange.up);
        down
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{Compression, RequestProfile, ResponseProfile};
    use pushbench_wire::segments::SegmentHeaders;

    use super::*;
    use crate::headers::{Client, Coding, Mark, Server, Status};

    const LINK: Link =
        Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460, tls: None };

    /// The published poll with a payload of 21 bytes, first and a second later.
    fn sample(indexing: Indexing) -> [u64; 2] {
        let file = &RequestProfile::built_in("kaazing-2009").expect("built in");
        let client = Client { file, host: "", secure: false, cookie_bytes: 0 };
        let request = client.poll("", false, Compression::None).block(false);
        let file = &ResponseProfile::built_in("kaazing-2009").expect("built in");
        let server = Server { file, offered: Compression::None };
        let mut player = Player::new(indexing, LINK);
        ["46", "47"].map(|second| {
            let date = format!("Sat, 07 Nov 2009 00:32:{second} GMT");
            let (mark, coding) = (Mark::default(), Coding::Plain);
            let answer = server.response_block(Status::Ok, 21, &date, mark, coding);
            let content = Content { payload: 21, ..Content::default() };
            let poll = player.poll(&request, &answer, content);
            poll.up.layer(Layer::Wire) + poll.down.layer(Layer::Wire)
        })
    }

    /// Source: `published-figures.md`, section 4.2: 468 with the `h2` crate, 244 with an ideal
    /// encoder, both with a payload of 20 bytes and a body of 21.
    #[test]
    fn the_published_poll_takes_468_bytes_warm_and_244_where_everything_is_indexed() {
        assert_eq!(sample(Indexing::LikeH2), [427 + 101 + 48 + 156, 231 + 33 + 48 + 156]);
        assert_eq!(sample(Indexing::LikeH2)[1], 468);
        assert_eq!(sample(Indexing::Everything)[1], 244);
    }
}
