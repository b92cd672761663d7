//! A client of a third-party server whose one request is answered by a stream that does not end:
//! server-sent events, lines, or whatever the adapter splits it into.
//!
//! Headers and chunks are booked as those of our own server; the data is handed to the dialogue, which
//! says what its bytes are.

use pushbench_adapter::{Edge, Next, Outgoing, Received};
use pushbench_protocol::{Brings, ByteKind, Direction, Phase, Timestamp};
use pushbench_wire::chunk::Piece;

use crate::Fault;
use crate::accounts::Came;
use crate::carrier::DataStream;
use crate::carrier::opening::StreamRequest;
use crate::carrier::stream_body::{CodingOf, Read};
use crate::coded::Shares;
use crate::decoder::Decoder;
use crate::plan::Adapted;
use crate::transport::adapted::client::{Client, Waiting};
use crate::transport::adapted::exchange::Aside;
use crate::transport::adapted::head::Purpose;
use crate::transport::adapted::opening::Begun;
use crate::transport::adapted::{booked, coded, head};
use crate::transport::coded_stream::Asked;
use crate::transport::context::ClientContext;
use crate::transport::pushed::{self, Cause};
use crate::witness::in_part::InPart;

/// Connects, asks, takes every message, and closes the connection when told to.
pub(crate) async fn play(
    context: &ClientContext,
    number: u32,
    subscriber_id: usize,
    adapted: &Adapted,
) -> Result<(), Fault> {
    let mut begun = Begun::new(context, (number, subscriber_id), adapted, "a stream").await?;
    let purpose = match adapted.transport.kind.opening().brings {
        Brings::Events => Purpose::Events,
        Brings::Lines | Brings::Frames | Brings::Responses => Purpose::Data,
    };
    let head = head::of(&context.plan, adapted, &begun.request, purpose);
    let head = head.map_err(|error| begun.client.cannot(&error))?;
    let asked = Asked::by(&context.plan, &head);
    let coding_of: &CodingOf<'_> = &|named| asked.coding_of(named);
    let body = begun.request.body.take().unwrap_or_default();
    let request = StreamRequest { head: &head, body: &body };
    let step = context.carriers.stream(number, request, coding_of);
    let (client, (mut stream, coding)) = begun.open(step).await?;
    let waiting = Some(client.waits());
    let decoder = Decoder::of(coding)?;
    let intake = Intake { client, waiting, unbooked: 0 };
    let in_part = InPart::new(stream.witness());
    let shares = Shares::default();
    let mut ear = Ear { number, intake, in_part, decoder, shares, has_ended: false };
    let ended = ear.play(context, &mut stream).await;
    ear.give_up(context, &stream);
    ended
}

/// What takes the data of a stream.
struct Ear<'c> {
    /// The client's.
    number: u32,
    intake: Intake<'c>,
    /// What is not yet booked, for whoever closes books meanwhile.
    in_part: InPart,
    /// `None` where the data is not coded.
    decoder: Option<Decoder>,
    shares: Shares,
    /// Whether the server has ended its response.
    has_ended: bool,
}

/// What the server says, as it wrote it.
struct Intake<'c> {
    client: Client<'c>,
    /// Until the opening is done.
    waiting: Option<Waiting<'c>>,
    /// Bytes read and not yet booked.
    unbooked: u64,
}

impl Ear<'_> {
    /// Takes every message, and closes the connection when told to.
    async fn play(
        &mut self,
        context: &ClientContext,
        stream: &mut DataStream,
    ) -> Result<(), Fault> {
        self.intake.open()?;
        stream.receive_early(&context.accounts, |read| self.take(context, read))?;
        tokio::select! {
            biased;
            fault = stream.receive(&context.carriers, |read| self.take(context, read)) => {
                return Err(match (fault, self.has_ended) {
                    (Fault::Closed, true) => self.intake.client.ended("ended its response"),
                    (Fault::Closed, false) => self.intake.client.ended("closed the connection"),
                    (fault, _) => fault,
                });
            }
            () = context.closed() => {}
        }
        if let Some(Outgoing::Request(last)) = self.intake.client.last_words()? {
            let mut aside = Aside::new(self.number);
            aside.send(&self.intake.client, last, Phase::Close).await?;
            aside.end(&self.intake.client, Phase::Close).await?;
        }
        stream.end(&context.carriers, |read| self.take(context, read)).await
    }

    /// Books what came of a unit that did not become whole.
    fn give_up(&mut self, context: &ClientContext, stream: &DataStream) {
        self.intake.client.is_unfinished();
        let phase = context.accounts.phase_on(stream.witness());
        booked::give_up(&context.accounts, phase, std::mem::take(&mut self.intake.unbooked));
        self.in_part.is_now(0);
    }

    /// Books what was read, once it is whole; says whether there was any. The end of the stream is
    /// booked as what it is, and found by the read that follows it.
    fn take(&mut self, context: &ClientContext, read: Read<'_>) -> Result<bool, Fault> {
        let taken = self.take_whole(context, read);
        self.in_part.is_now(self.intake.unbooked);
        taken
    }

    fn take_whole(&mut self, context: &ClientContext, mut read: Read<'_>) -> Result<bool, Fault> {
        let accounts = &context.accounts;
        let Read { received_at: at, witness, passed, len, .. } = read;
        self.intake.unbooked += len;
        let (bytes, mut phase) = (self.intake.unbooked, None);
        let mut phase_of = |cause| {
            let is_update = pushed::is_update(context, cause);
            let came = Came { witness, at, is_update, bytes, passed };
            *phase.get_or_insert_with(|| accounts.phase_of(&came))
        };
        while let Some(piece) = read.next()? {
            match piece {
                Piece::Data(data) => self.decode(data, at, &mut phase_of)?,
                Piece::End => self.has_ended = true,
            }
        }
        if self.has_ended {
            if self.decoder.as_ref().is_some_and(|decoder| !decoder.is_whole()) {
                return Err(Fault::Malformed);
            }
            self.intake.receive(&[], (Edge::Stream, at), None, &mut phase_of)?;
            phase.get_or_insert_with(|| accounts.phase_at(at));
        }
        if let Some(phase) = phase {
            let overhead = read.take_overhead();
            accounts.book(phase, Direction::Down, ByteKind::Framing, overhead);
            self.intake.unbooked -= overhead;
        }
        Ok(phase.is_some())
    }

    /// Takes data, decoded if it is coded.
    fn decode(
        &mut self,
        data: &[u8],
        at: Timestamp,
        phase_of: &mut dyn FnMut(Cause) -> Phase,
    ) -> Result<(), Fault> {
        let Self { intake, decoder, shares, .. } = self;
        let Some(decoder) = decoder else {
            return intake.receive(data, (Edge::Read, at), None, phase_of);
        };
        shares.came(data.len() as u64);
        decoder.push(data, |plain| {
            shares.decoded(plain.len() as u64);
            intake.receive(plain, (Edge::Read, at), Some(shares), phase_of)
        })
    }
}

impl Intake<'_> {
    /// Takes data as the server wrote it.
    fn receive(
        &mut self,
        data: &[u8],
        edge: (Edge, Timestamp),
        mut shares: Option<&mut Shares>,
        phase_of: &mut dyn FnMut(Cause) -> Phase,
    ) -> Result<(), Fault> {
        let accounts = self.client.accounts();
        let mut parts_of = |received: &Received<'_>| match &mut shares {
            Some(shares) => coded::parts(accounts, shares, received),
            None => received.parts,
        };
        let handed = self.client.hand_over(data, edge, &mut parts_of, phase_of);
        self.unbooked = self.unbooked.saturating_sub(handed.bytes);
        handed.result?;
        match self.client.reply()? {
            Some(_) => Err(self.client.cannot(&"a reply to a stream cannot be sent yet")),
            None => self.open(),
        }
    }

    /// Goes on with the opening if it has not come to its end.
    fn open(&mut self) -> Result<(), Fault> {
        let Some(mut waiting) = self.waiting.take() else { return Ok(()) };
        waiting.is_over();
        match self.client.next()? {
            Next::Open => {
                self.client.needs_no_keep_alive()?;
                self.client.is_open();
            }
            Next::Receive => self.waiting = Some(self.client.waits()),
            Next::Send(_) | Next::Request(_) | Next::Connect(_) => {
                let told = "the opening says something over a stream, which only the server can";
                return Err(self.client.cannot(&told));
            }
        }
        Ok(())
    }
}
