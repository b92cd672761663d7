//! A client of a third-party server: its dialogue, and how far it has come.

use std::time::Duration;

use pushbench_adapter::{Dialogue, DialogueError, Edge, Next, Outgoing, Parts, Received, Request};
use pushbench_protocol::{Phase, Timestamp};

use crate::accounts::Accounts;
use crate::accounts::receipt::Arrival;
use crate::plan::Adapted;
use crate::transport::adapted::booked::{self, Receiver, When};
use crate::transport::adapted::hidden::first_bytes;
use crate::transport::context::ClientContext;
use crate::transport::pushed::Cause;
use crate::{Fault, Unexpected, bounds};

/// One client, whatever carries what it says and is told.
pub(crate) struct Client<'c> {
    pub(crate) context: &'c ClientContext,
    pub(crate) adapted: &'c Adapted,
    pub(crate) dialogue: Box<dyn Dialogue>,
    pub(crate) receiver: Receiver,
    /// What was said last in the opening, for people.
    said: Said,
    last: Last,
}

/// The last bytes that came over a connection, for people.
#[derive(Clone, Debug, Default)]
struct Last {
    /// At most [`LAST`].
    bytes: Vec<u8>,
    /// How many have come.
    all: u64,
}

/// Most bytes that are kept of what came last.
const LAST: usize = 64;

impl Last {
    fn came(&mut self, data: &[u8]) {
        self.all += data.len() as u64;
        let data = &data[data.len().saturating_sub(LAST)..];
        let kept = (LAST - data.len()).min(self.bytes.len());
        self.bytes.drain(..self.bytes.len() - kept);
        self.bytes.extend_from_slice(data);
    }
}

/// What was sent last, and what came since.
#[derive(Clone, Debug, Default)]
struct Said {
    sent: Option<Vec<u8>>,
    came: Option<Vec<u8>>,
}

/// What came of data that was handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handed {
    /// The phase of what was said; `None` if nothing was.
    pub(crate) phase: Option<Phase>,
    /// Bytes that were booked.
    pub(crate) bytes: u64,
    pub(crate) result: Result<(), Fault>,
}

impl<'c> Client<'c> {
    /// A client that has said nothing yet.
    pub(crate) fn new(
        context: &'c ClientContext,
        adapted: &'c Adapted,
        number: u32,
        subscriber_id: usize,
    ) -> Result<Self, Fault> {
        let topic = context.plan.topic_of(number);
        let now = context.accounts.now();
        let values = adapted.values_of(&context.plan, topic, number.into(), now);
        let dialogue = adapted.transport.dialogue(values);
        let dialogue = dialogue.map_err(|error| booked::fault(&context.accounts, &error))?;
        let arrival = match adapted.transport.is_polled {
            true => Arrival::Polled,
            false => Arrival::Pushed,
        };
        let receiver = Receiver { subscriber_id, arrival, is_open: false };
        let (said, last) = (Said::default(), Last::default());
        Ok(Self { context, adapted, dialogue, receiver, said, last })
    }

    pub(crate) fn accounts(&self) -> &'c Accounts {
        &self.context.accounts
    }

    /// Keeps what went wrong in the dialogue on record.
    pub(crate) fn fault(&self, error: &DialogueError) -> Fault {
        booked::fault(self.accounts(), error)
    }

    /// The same of something that its adapter asks for and that cannot be done.
    pub(crate) fn cannot(&self, why: &impl std::fmt::Display) -> Fault {
        self.accounts().keep_unexpected(Fault::Adapter, || Unexpected::of_dialogue(why));
        Fault::Adapter
    }

    /// The server has ended a connection that was to go on, in this way; what came last is kept on
    /// record.
    pub(crate) fn ended(&self, how: &str) -> Fault {
        self.accounts().keep_unexpected(Fault::Closed, || {
            let last = match self.last.all {
                0 => "nothing had come over it".to_owned(),
                all => format!("the last of {all} bytes over it were \"{}\"", self.last_bytes()),
            };
            Unexpected::of_dialogue(&format!(
                "the server {how}, expected it to go on until the client ends it; {last}"
            ))
        });
        Fault::Closed
    }

    /// Keeps what is not whole on record at the end of the connection.
    pub(crate) fn is_unfinished(&self) {
        let pending = self.dialogue.pending();
        if pending > 0 {
            let first = &mut self.accounts().recorder.borrow_mut().counts.first_unfinished;
            first.get_or_insert_with(|| {
                format!("{pending} bytes, of which the last are \"{}\"", self.last_bytes())
            });
        }
    }

    fn last_bytes(&self) -> String {
        first_bytes(&self.context.plan, &self.last.bytes)
    }

    /// The next step of the opening.
    pub(crate) fn next(&mut self) -> Result<Next, Fault> {
        self.dialogue.next().map_err(|error| self.fault(&error))
    }

    /// The connection that the opening asked for is open.
    pub(crate) fn has_connected(&mut self) -> Result<(), Fault> {
        self.dialogue.on_connected().map_err(|error| self.fault(&error))
    }

    /// The opening is done: messages may come, or be polled for.
    pub(crate) fn has_opened(&mut self) {
        self.receiver.is_open = true;
        self.said = Said::default();
    }

    /// The same, and the client is ready for messages.
    pub(crate) fn is_open(&mut self) {
        self.has_opened();
        self.accounts().is_connected(self.receiver.subscriber_id);
    }

    /// The next poll.
    pub(crate) fn poll(&mut self) -> Result<Request, Fault> {
        self.dialogue.poll().map_err(|error| self.fault(&error))
    }

    /// The next reply that is due, if any.
    pub(crate) fn reply(&mut self) -> Result<Option<Outgoing>, Fault> {
        self.dialogue.reply().map_err(|error| self.fault(&error))
    }

    /// How often what is to be sent so that the server does not close; `None` for never.
    pub(crate) fn keep_alive(&mut self) -> Result<Option<(Duration, Outgoing)>, Fault> {
        self.dialogue.keep_alive().map_err(|error| self.fault(&error))
    }

    /// How this client publishes over its connection; `None` where publishers do so by themselves.
    pub(crate) fn publish(&mut self, payload: &[u8]) -> Result<Option<Outgoing>, Fault> {
        self.dialogue.publish(payload).map_err(|error| self.fault(&error))
    }

    /// Refuses keep-alives where nothing sends them, rather than to leave them out.
    pub(crate) fn needs_no_keep_alive(&mut self) -> Result<(), Fault> {
        match self.keep_alive()? {
            None => Ok(()),
            Some(_) => {
                let told = "`keep_alive` is sent over a WebSocket alone, expected none here";
                Err(self.cannot(&told))
            }
        }
    }

    /// What to send before the connection is closed, if anything.
    pub(crate) fn last_words(&mut self) -> Result<Option<Outgoing>, Fault> {
        self.dialogue.close().map_err(|error| self.fault(&error))
    }

    /// Takes note of what is sent, as long as the opening lasts.
    pub(crate) fn sends(&mut self, bytes: &[u8]) {
        if !self.receiver.is_open {
            self.said = Said { sent: Some(bytes.to_vec()), came: None };
        }
    }

    /// The same of a request.
    pub(crate) fn asks(&mut self, request: &Request) {
        self.sends(format!("{} {}", request.method, request.url).as_bytes());
    }

    /// Hands data over, books what of it is whole as `parts_of` says, and records what was said.
    /// `phase_of` says to which phase it belongs, by what made the server say the first of it; it is
    /// asked once, if anything was said.
    pub(crate) fn hand_over(
        &mut self,
        data: &[u8],
        (edge, at): (Edge, Timestamp),
        parts_of: &mut dyn FnMut(&Received<'_>) -> Parts,
        phase_of: &mut dyn FnMut(Cause) -> Phase,
    ) -> Handed {
        if !self.receiver.is_open {
            self.said.came = Some(data.to_vec());
        }
        self.last.came(data);
        let (context, receiver) = (self.context, self.receiver);
        let (mut phase, mut bytes) = (None, 0);
        let handed = self.dialogue.on_bytes(data, edge, &mut |mut received| {
            let cause = booked::cause(&received.said);
            let phase = *phase.get_or_insert_with(|| phase_of(cause));
            received.parts = parts_of(&received);
            bytes += received.parts.total();
            booked::receive(context, receiver, When { phase, at }, &received);
        });
        let result = handed.map_err(|error| self.fault(&error));
        Handed { phase, bytes, result }
    }

    /// A wait for a step of the opening.
    pub(crate) fn waits(&self) -> Waiting<'c> {
        Waiting { context: self.context, said: self.said.clone(), is_over: false }
    }
}

/// A step of the opening that is waited for, for as long as a server may leave one unanswered. Whoever
/// waits may be cut off at any moment; what was waited for is on record then, too.
pub(crate) struct Waiting<'a> {
    context: &'a ClientContext,
    said: Said,
    is_over: bool,
}

impl Waiting<'_> {
    /// The step is done.
    pub(crate) fn is_over(&mut self) {
        self.is_over = true;
    }

    /// Until the step is done.
    pub(crate) async fn until<T>(mut self, step: impl Future<Output = T>) -> Result<T, Fault> {
        let done = tokio::time::timeout(bounds::OPEN, step).await;
        self.is_over = done.is_ok();
        done.map_err(|_| Fault::OpenTimeout)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let ClientContext { plan, accounts, .. } = self.context;
            let quoted = |said: &Option<Vec<u8>>| match said {
                None => "nothing".to_owned(),
                Some(bytes) => format!("\"{}\"", first_bytes(plan, bytes)),
            };
            let (sent, came) = (quoted(&self.said.sent), quoted(&self.said.came));
            let told = format!(
                "the opening has not come to its end: {sent} was the last to be sent, and {came} came \
                 since"
            );
            accounts.keep_unexpected(Fault::OpenTimeout, || Unexpected::of_dialogue(&told));
        }
    }
}
