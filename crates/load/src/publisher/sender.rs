//! The thread that sends messages to a third-party server.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::join_all;
use pushbench_adapter::{Dialogue, Publisher, Values};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::bounds;
use crate::plan::Adapted;
use crate::publish_to::Calendar;
use crate::publisher::connection::Connection;
use crate::publisher::exchange::Server;
use crate::publisher::handed::{Handed, HandedBooks};
use crate::publisher::requests::{self, Taken};

/// What sends the messages of a topic.
pub(super) struct TopicSender {
    pub(super) by: By,
    /// What its templates are filled with.
    pub(super) values: Values,
    pub(super) messages: UnboundedReceiver<Handed>,
}

/// How it does so.
pub(super) enum By {
    /// A request for each.
    Requests(Publisher, Taken),
    /// A connection of their own.
    Connection(Box<dyn Dialogue>),
}

/// The thread.
pub(super) struct SenderThread {
    /// Ends it, whatever is on its way.
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// What the thread works with.
struct Sending {
    server: Server,
    subprotocol: Option<String>,
    calendar: Calendar,
    books: Arc<HandedBooks>,
}

impl SenderThread {
    /// Starts it and waits until every connection is open.
    pub(super) fn start(
        adapted: &Adapted,
        senders: Vec<TopicSender>,
        books: Arc<HandedBooks>,
    ) -> io::Result<Self> {
        let sending = Sending {
            server: Server::new(adapted).map_err(io::Error::other)?,
            subprotocol: adapted.transport.subprotocol.clone(),
            calendar: adapted.publish_to.calendar,
            books,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let (opened, is_open) = sync_channel(1);
        let thread =
            std::thread::Builder::new().name("publisher-sends".to_owned()).spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, async {
                    tokio::select! {
                        () = sending.run(senders, &opened) => {}
                        // The other end is dropped where nobody waits any longer.
                        _ = ended => {}
                    }
                });
            })?;
        // It tells within the bounds of its connections; one that has panicked says nothing.
        match is_open.recv() {
            Ok(Ok(())) => Ok(Self { end, thread }),
            Ok(Err(why)) => Err(io::Error::other(why)),
            Err(_) => Err(io::Error::other("the thread that sends ended")),
        }
    }

    /// Whether it has sent what it has, and whoever it sent to has responded or closed, within `bound`.
    pub(super) fn ends_within(&self, bound: Duration) -> bool {
        bounds::ends_within(&self.thread, bound)
    }

    /// Ends it, whatever is on its way; `None` if it does not end.
    pub(super) fn end(self) -> Option<()> {
        // It may have ended already, with the last message.
        let _ = self.end.send(());
        bounds::joined(self.thread)
    }
}

impl Sending {
    /// Opens what is to be open, and sends until nothing more comes.
    async fn run(self, senders: Vec<TopicSender>, opened: &SyncSender<Result<(), String>>) {
        let Self { server, subprotocol, calendar, books } = self;
        let server = Rc::new(server);
        let mut tasks = Vec::new();
        let mut opening = Vec::new();
        for TopicSender { by, values, messages } in senders {
            match by {
                By::Requests(publisher, taken) => {
                    tasks.push(tokio::task::spawn_local(requests::publish(
                        (publisher, taken),
                        values,
                        messages,
                        Rc::clone(&server),
                        calendar,
                    )));
                }
                By::Connection(dialogue) => {
                    let open =
                        Connection::open(dialogue, Rc::clone(&server), subprotocol.as_deref());
                    opening.push(async { (open.await, values, messages) });
                }
            }
        }
        for (connection, values, messages) in join_all(opening).await {
            match connection {
                Ok(connection) => {
                    let books = Arc::clone(&books);
                    let publishing = connection.publish(values, messages, books);
                    tasks.push(tokio::task::spawn_local(publishing));
                }
                Err(failure) => {
                    let _ = opened.send(Err(failure.text(&values)));
                    return;
                }
            }
        }
        let _ = opened.send(Ok(()));
        join_all(tasks).await;
    }
}
