//! Sessions: one for each open page, with its settings, its topic and its books. Bounded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use pushbench_protocol::{ConnectionClass, Envelope, Timestamp, TopicName};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::books::Book;
use crate::target::TOPIC_PREFIX;

/// Pages open at once: a class and its teacher.
const MAX_SESSIONS: usize = 64;
/// A page that has no connection open and has not asked for its books for so long is closed.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(90);
/// Who holds a session while none of its connections is open: the table, and its publisher.
const HOLDERS_AT_REST: usize = 2;
const MAX_ID: usize = 16;
/// Largest message in bytes.
pub(crate) const MAX_PAYLOAD: u32 = 16_384;

/// What a page sets for its publisher. How often it polls and what cookie it sends is its own affair.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Mean time between messages.
    pub(crate) message_every_ms: u32,
    /// Whether the times between messages are random (exponential) instead of all the same.
    pub(crate) random: bool,
    /// Bytes of each payload.
    pub(crate) payload_bytes: u32,
}

/// Why a session or its settings were refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("session is `{found}`, expected 1 to {MAX_ID} of a-z and 0-9")]
    Id { found: String },
    #[error("`{setting}` is {found}, expected {least} to {most}")]
    OutOfRange { setting: &'static str, found: u32, least: u32, most: u32 },
    #[error("{MAX_SESSIONS} pages are open already; close one and wait {} s", FORGOTTEN_AFTER.as_secs())]
    Full,
}

/// One open page.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) topic: TopicName,
    pub(crate) settings: watch::Sender<Settings>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    seen_at: Timestamp,
    published: Published,
    books: BTreeMap<ConnectionClass, Book>,
    publisher: Option<AbortHandle>,
}

/// How far the publisher has come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Published {
    /// Messages that the server has taken.
    pub(crate) messages: u64,
    /// Messages that were due while no server would take them.
    pub(crate) refused: u64,
}

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Settings {
    /// Ranges of the sliders.
    const MESSAGE_EVERY_MS: (u32, u32) = (50, 60_000);
    const PAYLOAD_BYTES: (u32, u32) = (Envelope::LEN as u32, MAX_PAYLOAD);

    fn check(self) -> Result<Self, SessionError> {
        for (setting, found, (least, most)) in [
            ("message_every_ms", self.message_every_ms, Self::MESSAGE_EVERY_MS),
            ("payload_bytes", self.payload_bytes, Self::PAYLOAD_BYTES),
        ] {
            if !(least..=most).contains(&found) {
                return Err(SessionError::OutOfRange { setting, found, least, most });
            }
        }
        Ok(self)
    }
}

impl Session {
    /// Books something of a transport.
    pub(crate) fn with_book<T>(
        &self,
        class: ConnectionClass,
        with: impl FnOnce(&mut Book) -> T,
    ) -> T {
        with(self.lock().books.entry(class).or_default())
    }

    /// The books by transport.
    pub(crate) fn books(&self) -> BTreeMap<ConnectionClass, Book> {
        self.lock().books.clone()
    }

    /// How far its publisher has come.
    pub(crate) fn published(&self) -> Published {
        self.lock().published
    }

    /// Counts a message that was taken, or was not.
    pub(crate) fn count_published(&self, taken: bool) {
        let published = &mut self.lock().published;
        if taken {
            published.messages += 1;
        } else {
            published.refused += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds a session")
    }
}

impl Sessions {
    /// Gives a session these settings; `publish` starts the publisher of a new one.
    ///
    /// # Errors
    ///
    /// If the id is none, a setting out of its range, or a new session one too many.
    pub(crate) fn set(
        &self,
        id: &str,
        settings: Settings,
        now: Timestamp,
        publish: impl FnOnce(Arc<Session>, watch::Receiver<Settings>) -> AbortHandle,
    ) -> Result<Arc<Session>, SessionError> {
        let is_id = (1..=MAX_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_id {
            return Err(SessionError::Id { found: id.to_owned() });
        }
        let settings = settings.check()?;
        let mut sessions = self.lock();
        if let Some(session) = sessions.get(id) {
            session.lock().seen_at = now;
            session
                .settings
                .send_if_modified(|known| std::mem::replace(known, settings) != settings);
            return Ok(Arc::clone(session));
        }
        if sessions.len() >= MAX_SESSIONS {
            return Err(SessionError::Full);
        }
        let (sender, receiver) = watch::channel(settings);
        let session = Arc::new(Session {
            topic: TopicName::new(&format!("{TOPIC_PREFIX}{id}"))
                .expect("an id has a topic's letters"),
            settings: sender,
            inner: Mutex::new(Inner { seen_at: now, ..Inner::default() }),
        });
        session.lock().publisher = Some(publish(Arc::clone(&session), receiver));
        sessions.insert(id.to_owned(), Arc::clone(&session));
        Ok(session)
    }

    /// The session of an id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Session>> {
        self.lock().get(id).cloned()
    }

    /// The session of an id, whose page has just sent a request.
    pub(crate) fn visit(&self, id: &str, now: Timestamp) -> Option<Arc<Session>> {
        let session = self.find(id)?;
        session.lock().seen_at = now;
        Some(session)
    }

    /// Ends the sessions whose pages are gone.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.lock().retain(|_, session| {
            let mut inner = session.lock();
            // Besides this table and the publisher only relays hold a session.
            let is_connected = Arc::strong_count(session) > HOLDERS_AT_REST;
            let stays = is_connected || now.since(inner.seen_at) < FORGOTTEN_AFTER;
            if !stays && let Some(publisher) = inner.publisher.take() {
                publisher.abort();
            }
            stays
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().expect("nothing panics while it holds the sessions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Settings = Settings { message_every_ms: 1_000, random: false, payload_bytes: 20 };
    const START: Timestamp = Timestamp::from_nanos(0);

    /// A publisher that does nothing.
    fn idle(session: Arc<Session>, settings: watch::Receiver<Settings>) -> AbortHandle {
        let publisher = async move {
            std::future::pending::<()>().await;
            drop((session, settings));
        };
        tokio::spawn(publisher).abort_handle()
    }

    #[tokio::test]
    async fn a_session_keeps_its_books_when_its_settings_change() {
        let sessions = Sessions::default();
        let session = sessions.set("abc", USUAL, START, idle).expect("room");
        session.with_book(ConnectionClass::Sse, |book| book.requests += 1);
        let changed = Settings { payload_bytes: 16, ..USUAL };
        let again = sessions
            .set("abc", changed, START, |_, _| panic!("it has a publisher"))
            .expect("known");
        assert_eq!(again.books()[&ConnectionClass::Sse].requests, 1);
        assert_eq!(*again.settings.borrow(), changed);
    }

    #[tokio::test]
    async fn what_is_out_of_range_or_one_too_many_is_refused() {
        let sessions = Sessions::default();
        for (id, settings) in [
            ("", USUAL),
            ("Abc", USUAL),
            ("a/b", USUAL),
            ("aaaaaaaaaaaaaaaaa", USUAL),
            ("a", Settings { message_every_ms: 49, ..USUAL }),
            ("a", Settings { message_every_ms: 60_001, ..USUAL }),
            ("a", Settings { payload_bytes: 15, ..USUAL }),
            ("a", Settings { payload_bytes: 16_385, ..USUAL }),
        ] {
            assert!(sessions.set(id, settings, START, idle).is_err(), "{id} {settings:?}");
        }
        for n in 0..MAX_SESSIONS {
            sessions.set(&format!("s{n}"), USUAL, START, idle).expect("room");
        }
        assert_eq!(sessions.set("more", USUAL, START, idle).err(), Some(SessionError::Full));
    }

    #[tokio::test]
    async fn a_page_that_is_gone_frees_its_place_and_stops_its_publisher() {
        let sessions = Sessions::default();
        let mut publisher = None;
        sessions
            .set("gone", USUAL, START, |session, settings| {
                publisher.insert(idle(session, settings)).clone()
            })
            .expect("room");
        sessions.set("here", USUAL, START, idle).expect("room");
        let relay = sessions.set("connected", USUAL, START, idle).expect("room");
        let later = START.plus(FORGOTTEN_AFTER);
        sessions.visit("here", later).expect("known");
        sessions.sweep(later);
        assert!(sessions.find("gone").is_none());
        assert!(sessions.find("here").is_some());
        assert!(sessions.find("connected").is_some());
        drop(relay);
        sessions.sweep(later);
        assert!(sessions.find("connected").is_none());
        tokio::task::yield_now().await;
        assert!(publisher.expect("started").is_finished());
    }
}
