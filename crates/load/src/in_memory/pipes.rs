//! What a trial over pipes is played against.

use std::rc::Rc;
use std::sync::Arc;

use tokio::io::DuplexStream;

use crate::ServerSums;

/// One end of a connection.
pub type Pipe = DuplexStream;

/// A server in this process, as the load generator meets it.
#[derive(Clone)]
pub struct Pipes {
    /// Opens a client's connection and gives its end; the server has the other.
    pub client: Rc<dyn Fn() -> Pipe>,
    /// The same for the publisher, in clear text.
    pub publisher: Rc<dyn Fn() -> Pipe>,
    /// What the server has carried for the clients so far; `None` if it has no books. Called while
    /// every client stands still.
    pub books: Arc<dyn Fn() -> Option<ServerSums> + Send + Sync>,
}

impl std::fmt::Debug for Pipes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipes").finish_non_exhaustive()
    }
}
