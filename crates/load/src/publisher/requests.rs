//! A request for each message, however many are without a response.

use std::cell::RefCell;
use std::rc::Rc;

use pushbench_adapter::{Publisher, Values};
use pushbench_protocol::clock;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::publish_to::{Calendar, of_now};
use crate::publisher::exchange::Server;
use crate::publisher::failure::Failure;
use crate::publisher::handed::Handed;

/// Sends each message of a topic as it comes, and ends when all that ever come have a response. No
/// secret of `values` is kept.
pub(super) async fn publish(
    publisher: Publisher,
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
                    let values = Rc::clone(&values);
                    sending.spawn_local(async move {
                        send(&publisher, &values, &server, calendar, handed).await;
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
    publisher: &RefCell<Publisher>,
    values: &Values,
    server: &Server,
    calendar: Calendar,
    mut handed: Handed,
) {
    match ask(publisher, server, calendar, &mut handed).await {
        Ok(()) => handed.sent(),
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
