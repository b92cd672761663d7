//! How a session comes by its messages: its topic's pass writes them, or it asks for each itself.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::exchange::{Exchange, Reader};
use crate::heartbeat::Heartbeat;
use crate::hub::{Format, Next, SubscriberPlace, TopicId};
use crate::member::Member;
use crate::shared_stream::SharedStream;
use crate::stream::Outlet;
use crate::wake_ups::Pause;

/// Where a session's messages come from.
#[derive(Debug)]
pub(crate) struct Feed {
    way: Way,
    /// What wakes the session, if anything beside its socket does.
    told: Option<Told>,
    topic: TopicId,
    /// Last, so that the topic is there as long as anything of it.
    reader: Reader,
}

#[derive(Debug)]
enum Way {
    /// The pass of its topic writes them, the same bytes for all that are alike.
    Pass(Member),
    /// It asks for each: what is written differs from one subscriber to the next.
    Own {
        place: SubscriberPlace,
        /// Until when it is sent no message.
        pause: Pause,
    },
}

#[derive(Debug)]
struct Told {
    notify: Arc<Notify>,
    next: Pin<Box<OwnedNotified>>,
}

impl Told {
    fn new(notify: &Arc<Notify>) -> Self {
        let next = Box::pin(Arc::clone(notify).notified_owned());
        Self { notify: Arc::clone(notify), next }
    }
}

impl Feed {
    /// The messages of a subscriber from its place on. `is_alike`: it adds nothing of its own to what
    /// the hub gives.
    pub(crate) fn new<S: Outlet + Send + 'static>(
        stream: &Arc<SharedStream<S>>,
        reader: Reader,
        place: SubscriberPlace,
        is_alike: bool,
    ) -> Self {
        let topic = place.topic();
        let is_alike = is_alike && place.format() != Format::Payload && stream.takes_runs();
        let (way, told) = if is_alike {
            let port = Arc::clone(stream);
            let member = Member::join(&reader.exchange, place, port);
            let has_heartbeat = stream.heartbeat(|_| ()).is_some();
            (Way::Pass(member), has_heartbeat.then(|| Told::new(reader.exchange.ticked())))
        } else {
            let told = Told::new(&reader.published);
            (Way::Own { place, pause: Pause::default() }, Some(told))
        };
        Self { way, told, topic, reader }
    }

    /// The exchange that its topic is of.
    pub(crate) fn exchange(&self) -> &Arc<Exchange> {
        &self.reader.exchange
    }

    /// Its topic.
    pub(crate) fn topic(&self) -> TopicId {
        self.topic
    }

    /// Has the session woken when there may be something for it. To be called before looking for it,
    /// so that no publish slips in between.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) {
        // Who may not be told yet need not know of more.
        if let Way::Own { pause, .. } = &mut self.way
            && self.reader.exchange.is_paused(pause)
        {
            return;
        }
        if let Some(Told { notify, next }) = &mut self.told {
            while next.as_mut().poll(cx).is_ready() {
                next.set(Arc::clone(notify).notified_owned());
            }
        }
    }

    /// What the session is to write next. `task` is what wakes it at a later moment.
    pub(crate) fn next(&mut self, task: impl FnOnce() -> Option<Waker>) -> Next {
        let exchange = &self.reader.exchange;
        match &mut self.way {
            Way::Pass(member) if member.is_over() => Next::Disconnect,
            Way::Pass(_) => Next::Wait,
            Way::Own { place, pause } => {
                let next = exchange.next(place);
                if let Next::Later(until) = next {
                    exchange.pause(pause, until, task);
                }
                next
            }
        }
    }

    /// Takes the sign of life that is due to a subscriber to whom nothing else is written, if one is.
    pub(crate) fn takes_sign<S: Outlet>(&self, stream: &SharedStream<S>) -> bool {
        // A message that the pass is going to write is a sign.
        let is_due = stream.heartbeat(|heartbeat| heartbeat.is_due()) == Some(true);
        let is_behind = || matches!(&self.way, Way::Pass(member) if member.is_behind());
        is_due && !is_behind() && stream.heartbeat(Heartbeat::take_due) == Some(true)
    }

    /// Judges how far a subscriber lags whose socket takes nothing; `false` ends it.
    pub(crate) fn keeps(&mut self) -> bool {
        match &mut self.way {
            Way::Pass(member) => !member.is_over(),
            Way::Own { place, .. } => self.reader.exchange.keeps(place),
        }
    }

    /// Says that everything is written, where the pass was told that there was no room.
    pub(crate) fn has_room(&self) {
        if let Way::Pass(member) = &self.way {
            member.has_room();
        }
    }

    /// Ends it: the pass writes nothing more.
    pub(crate) fn end(&mut self) {
        if let Way::Pass(member) = &mut self.way {
            member.leave();
        }
    }
}
