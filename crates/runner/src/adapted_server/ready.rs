//! Waiting until a server is ready, or it is known that it will not be.

use std::error::Error;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use pushbench_load::stock_client;
use pushbench_protocol::{HttpVersion, clock};
use pushbench_scenario::{NamedServer, Ready};

/// Longest wait for a server that has been started.
pub(super) const STARTED_BOUND: Duration = Duration::from_secs(15);
/// Longest wait for one that is said to run.
pub(super) const RUNNING_BOUND: Duration = Duration::from_secs(1);
/// Longest wait for one attempt.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Time between two attempts.
const BETWEEN: Duration = Duration::from_millis(20);
/// Most bytes that are shown of a response.
const SHOWN: usize = 200;

/// Why a server did not become ready.
pub(super) enum NotReady {
    /// It has ended, and so.
    Ended(String),
    /// It may still run, and this came from it in place of what was expected.
    Late(String),
}

/// Waits until the server is ready at one of these addresses, and gives that one.
///
/// # Errors
///
/// What came instead until the bound, or until `ended` says that the server will not come.
pub(super) fn wait(
    server: &NamedServer,
    port: u16,
    addresses: &[SocketAddr],
    bound: Duration,
    mut ended: impl FnMut() -> Option<String>,
) -> Result<SocketAddr, NotReady> {
    let begin = clock::now();
    let mut asking = None;
    loop {
        if let Some(how) = ended() {
            return Err(NotReady::Ended(how));
        }
        let attempt = match (open(addresses), &server.ready) {
            (Ok(address), Ready::Port) => Ok(address),
            (Ok(address), Ready::Path(path)) => {
                if asking.is_none() {
                    asking = Some(Asking::new(server).map_err(NotReady::Late)?);
                }
                let asking = asking.as_ref().expect("made above");
                asking
                    .get(&format!("{}{}{path}", server.url.origin(port), server.url.path))
                    .map(|()| address)
            }
            (Err(refused), _) => Err(refused),
        };
        match attempt {
            // What listens there may be another's, if ours has ended meanwhile.
            Ok(address) => return ended().map_or(Ok(address), |how| Err(NotReady::Ended(how))),
            Err(reason) if clock::now().since(begin) >= bound => {
                let late = format!("it was not ready within {bound:?}: {reason}");
                return Err(NotReady::Late(late));
            }
            Err(_) => std::thread::sleep(BETWEEN),
        }
    }
}

/// The first of these addresses that takes a connection.
fn open(addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
    let mut refusals = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(address, ATTEMPT) {
            Ok(_) => return Ok(*address),
            Err(error) => refusals.push(format!("{address}: {error}")),
        }
    }
    Err(refusals.join("; "))
}

/// Asks a server for a path, as an application would.
struct Asking {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Asking {
    fn new(server: &NamedServer) -> Result<Self, String> {
        let client = stock_client(&server.trust, &[HttpVersion::Http11], ATTEMPT);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(|error| error.to_string())?,
            client: client.map_err(|error| error.to_string())?,
        })
    }

    fn get(&self, url: &str) -> Result<(), String> {
        let failed = |error: reqwest::Error| format!("GET {url}: {}", innermost(&error));
        self.runtime.block_on(async {
            let response = self.client.get(url).timeout(ATTEMPT).send().await;
            let mut response = response.map_err(failed)?;
            let status = response.status();
            if status.is_success() {
                return Ok(());
            }
            let mut body = Vec::new();
            // One that does not end is told as far as it came.
            while body.len() < SHOWN
                && let Ok(Some(chunk)) = response.chunk().await
            {
                body.extend_from_slice(&chunk);
            }
            let begins = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
            Err(format!(
                "GET {url} got the status {}, expected 200 to 299; the body begins {begins:?}",
                status.as_u16()
            ))
        })
    }
}

/// What an error comes from: reqwest's own texts say that a request failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
