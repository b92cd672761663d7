//! The connections that the library opens, as it opens them.
//!
//! A layer around its connector sees each come and go on to the library; what it takes from it are the
//! two addresses, by which the connection's socket is found.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use pushbench_protocol::clock::Clock;
use pushbench_wire::descriptor::duplicate;
use tower::{Layer, Service};

/// A connection that the library has opened.
#[derive(Debug)]
pub(crate) struct Opened {
    /// How long its TCP handshake took.
    pub(crate) took: Duration,
    /// A second descriptor of it.
    pub(crate) descriptor: io::Result<OwnedFd>,
}

/// Connections that one client's library has opened and that nobody has taken note of, oldest first.
/// Shared with a connector that must be able to go to another thread; it stays on its client's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Openings(Arc<Mutex<Vec<Opened>>>);

impl Openings {
    /// Takes those that there are.
    pub(crate) fn take(&self) -> Vec<Opened> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, opened: Opened) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(opened);
    }
}

/// Notes what a connector opens.
#[derive(Clone)]
pub(super) struct Noting {
    pub(super) openings: Openings,
    pub(super) clock: Clock,
}

impl<S> Layer<S> for Noting {
    type Service = Noted<S>;

    fn layer(&self, connector: S) -> Noted<S> {
        Noted { connector, noting: self.clone() }
    }
}

/// A connector of which is noted what it opens.
#[derive(Clone)]
pub(super) struct Noted<S> {
    connector: S,
    noting: Noting,
}

impl<S, To> Service<To> for Noted<S>
where
    S: Service<To>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, to: To) -> Self::Future {
        let Noting { openings, clock } = self.noting.clone();
        let connecting = self.connector.call(to);
        Box::pin(async move {
            let begin = clock.now();
            let connection = connecting.await?;
            let took = clock.now().since(begin);
            openings.add(Opened { took, descriptor: found(&connection) });
            Ok(connection)
        })
    }
}

/// The connection's second descriptor.
fn found(connection: &impl Connection) -> io::Result<OwnedFd> {
    let mut told = http::Extensions::new();
    connection.connected().get_extras(&mut told);
    let Some(ends) = told.get::<HttpInfo>() else {
        let why = "the library does not say which ends its connection has";
        return Err(io::Error::other(why));
    };
    duplicate(ends.local_addr(), ends.remote_addr())
}
