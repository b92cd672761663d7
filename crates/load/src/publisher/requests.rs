//! A request for each message, however many are without a response.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use pushbench_adapter::{Publisher, Values};
use pushbench_protocol::{Envelope, clock};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::accounts::published::Published;
use crate::publish_to::{Calendar, of_now};
use crate::publisher::exchange::Server;
use crate::publisher::failure::Failure;
use crate::publisher::handed::Handed;

/// Where it is told which messages of a topic the server has taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    published: Arc<Published>,
    topic: u32,
}

impl Taken {
    /// Of a topic.
    pub(super) fn new(published: Arc<Published>, topic: u32) -> Self {
        Self { published, topic }
    }

    fn tell(&self, payload: &[u8]) {
        if let Some(Envelope { number, .. }) = Envelope::decode(payload) {
            self.published.is_taken(self.topic, number, clock::now());
        }
    }
}

/// Sends each message of a topic as it comes, and ends when all that ever come have a response. No
/// secret of `values` is kept.
pub(super) async fn publish(
    (publisher, taken): (Publisher, Taken),
    values: Values,
    mut messages: UnboundedReceiver<Handed>,
    server: Rc<Server>,
    calendar: Calendar,
) {
    let publisher = Rc::new(RefCell::new(publisher));
    let values = Rc::new(values);
    let mut sending = JoinSet::new();
    loop {
        tokio::select! {
            handed = messages.recv() => match handed {
                Some(handed) => {
                    let (publisher, server) = (Rc::clone(&publisher), Rc::clone(&server));
                    let (values, taken) = (Rc::clone(&values), taken.clone());
                    sending.spawn_local(async move {
                        let sends = (&*publisher, &*values);
                        send(sends, &server, calendar, (handed, &taken)).await;
                    });
                }
                None => break,
            },
            // One that panics drops its message, which is counted.
            Some(_) = sending.join_next() => {}
        }
    }
    while sending.join_next().await.is_some() {}
}

async fn send(
    (publisher, values): (&RefCell<Publisher>, &Values),
    server: &Server,
    calendar: Calendar,
    (mut handed, taken): (Handed, &Taken),
) {
    match ask(publisher, server, calendar, &mut handed).await {
        Ok(()) => {
            taken.tell(handed.payload());
            handed.sent();
        }
        Err(failure) => {
            let (fault, unexpected) = failure.kept(values);
            handed.failed(fault, Some(unexpected));
        }
    }
}

async fn ask(
    publisher: &RefCell<Publisher>,
    server: &Server,
    calendar: Calendar,
    handed: &mut Handed,
) -> Result<(), Failure> {
    let request = {
        let mut publisher = publisher.borrow_mut();
        for (name, value) in of_now(calendar, clock::now()) {
            publisher.set(name, value);
        }
        publisher.publish(handed.payload())?
    };
    handed.begins(clock::now());
    let came = server.ask(&request).await?;
    let taken = came.with(|response| publisher.borrow_mut().on_response(response));
    taken.map_err(|error| Failure::of_publish(&error, came.status, came.body))
}
