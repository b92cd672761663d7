//! Engines: each reads requests off sockets, asks [`crate::respond`] what becomes of them, and obeys.
//!
//! An engine is a folder. Both serve the same, byte for byte; they differ in what it costs.

pub(crate) mod axum;
pub(crate) mod date;
pub(crate) mod lean;

use std::sync::Arc;

use pushbench_protocol::{Compression, ResponseProfile, ServerEngine};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::books::Opened;
use axum::app::App;
use axum::connection::Beginning;

/// What connections are served with.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Axum(Arc<axum::connection::Serving>),
    Lean(lean::connection::Serving),
}

impl Engine {
    /// That responds to polls under the headers of a profile, compressed so if at all.
    pub(crate) fn new(
        engine: ServerEngine,
        app: &Arc<App>,
        polls: (ResponseProfile, Compression),
    ) -> Self {
        let serving = Arc::new(axum::connection::Serving::new(Arc::clone(app)));
        match engine {
            ServerEngine::Axum => Self::Axum(serving),
            ServerEngine::Lean => {
                Self::Lean(lean::connection::Serving::new(Arc::clone(app), polls, serving))
            }
        }
    }

    /// Serves one connection, as a task, until it is closed.
    pub(crate) fn spawn<S>(
        &self,
        tasks: &mut JoinSet<()>,
        stream: S,
        beginning: Beginning,
        opened: Opened,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self {
            Self::Axum(serving) => {
                tasks.spawn(Arc::clone(serving).serve(stream, beginning, opened));
            }
            Self::Lean(serving) => serving.spawn(tasks, stream, beginning, opened),
        }
    }
}
