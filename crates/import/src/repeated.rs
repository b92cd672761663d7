//! Which requests of a recording belong together: one URL asked for again and again, whatever its
//! parameters say.

use std::collections::BTreeMap;

use url::{Host, Url};

use crate::captured::Exchange;
use crate::har::Recorded;
use crate::timing::{Timing, timing};

/// Kinds of resources, as Chrome calls them, that bring data; Firefox names none.
const OF_DATA: [&str; 4] = ["xhr", "fetch", "eventsource", "websocket"];
/// Beginnings of media types of what makes up a page.
const OF_A_PAGE: [&str; 9] = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "image/",
    "font/",
    "video/",
    "audio/",
];

/// How a page is kept up to date.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// A request on a schedule.
    ShortPoll,
    /// A request that stays open until there is a message.
    LongPoll,
    /// Server-sent events.
    Events,
    /// A WebSocket.
    WebSocket,
}

/// Requests of one recording for one thing.
#[derive(Clone, Debug)]
pub struct Candidate<'r> {
    /// How it keeps a page up to date.
    pub way: Way,
    /// The method and the URL, without the values of parameters.
    pub name: String,
    /// The requests, in the order in which they began; never empty.
    pub requests: Vec<&'r Recorded>,
    /// When they were sent; absent of one request.
    pub timing: Option<Timing>,
}

/// Why none was chosen.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChooseError {
    /// The recording has none.
    #[error(
        "the file has no request that is repeated, no WebSocket and no server-sent events, expected \
         one of them: record for longer, with the page open{}",
        listed(", or choose one with --url", .once)
    )]
    None {
        /// Those that were sent once.
        once: Vec<String>,
    },
    /// It has several.
    #[error("the file has several candidates, expected one: choose with --url{}", listed("", .all))]
    Several {
        /// Each with how often it was sent.
        all: Vec<String>,
    },
    /// None has this URL.
    #[error("no request has `{url}` in its URL{}", listed(", expected one of", .all))]
    Unknown {
        /// What was asked for.
        url: String,
        /// Each with how often it was sent.
        all: Vec<String>,
    },
}

/// The one thing of a recording that keeps its page up to date: what is repeated, a WebSocket or
/// server-sent events; with `url` what has this text in its URL.
///
/// # Errors
///
/// If there is none, or there are several; the error lists them.
pub fn choose<'r>(all: &'r [Recorded], url: Option<&str>) -> Result<Candidate<'r>, ChooseError> {
    let candidates = candidates(all);
    let described = |some: &[&Candidate<'_>]| some.iter().map(|one| one.described()).collect();
    let has_url = |url: &str| {
        let named = candidates.iter().filter(|one| one.has_url(url));
        named.collect::<Vec<_>>()
    };
    let found: Vec<_> = match url {
        Some(url) => has_url(url),
        None => candidates.iter().filter(|one| one.is_repeated()).collect(),
    };
    match (found.as_slice(), url) {
        ([one], _) => Ok((*one).clone()),
        ([], Some(url)) => {
            let all = described(&candidates.iter().collect::<Vec<_>>());
            Err(ChooseError::Unknown { url: url.to_owned(), all })
        }
        ([], None) => {
            Err(ChooseError::None { once: described(&candidates.iter().collect::<Vec<_>>()) })
        }
        (several, _) => Err(ChooseError::Several { all: described(several) }),
    }
}

/// Everything that brings data, what is sent most often first.
fn candidates(all: &[Recorded]) -> Vec<Candidate<'_>> {
    let mut groups: BTreeMap<(String, u8), Vec<&Recorded>> = BTreeMap::new();
    for recorded in all.iter().filter(|recorded| is_data(recorded)) {
        let exchange = recorded.captured.exchange();
        groups.entry((name(recorded), exchange as u8)).or_default().push(recorded);
    }
    let mut candidates: Vec<_> = groups
        .into_iter()
        .map(|((name, _), requests)| {
            let timing = timing(&requests);
            let way = match requests[0].captured.exchange() {
                Exchange::WebSocket => Way::WebSocket,
                Exchange::Events => Way::Events,
                Exchange::Poll => match timing {
                    Some(Timing::Held { .. }) => Way::LongPoll,
                    Some(Timing::Every { .. }) | None => Way::ShortPoll,
                },
            };
            Candidate { way, name, requests, timing }
        })
        .collect();
    candidates.sort_by_key(|one| std::cmp::Reverse(one.requests.len()));
    candidates
}

/// What is the same of all requests for one thing.
fn name(recorded: &Recorded) -> String {
    let url = &recorded.captured.url;
    let mut whole = url.clone();
    whole.set_query(None);
    let mut names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort();
    names.dedup();
    let query = if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) };
    format!("{} {whole}{query}", recorded.captured.method)
}

fn is_data(recorded: &Recorded) -> bool {
    if recorded.captured.method == "OPTIONS" {
        return false;
    }
    if recorded.captured.exchange() != Exchange::Poll {
        return true;
    }
    match &recorded.resource {
        Some(resource) => OF_DATA.contains(&resource.as_str()),
        None => {
            let media = recorded.response_header("content-type").unwrap_or_default();
            let media = media.to_ascii_lowercase();
            !OF_A_PAGE.iter().any(|of_a_page| media.starts_with(of_a_page))
        }
    }
}

impl Way {
    /// Its name as a kind of transport.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ShortPoll => "short-poll",
            Self::LongPoll => "long-poll",
            Self::Events => "sse",
            Self::WebSocket => "websocket",
        }
    }

    /// Whether each message needs a request.
    pub const fn is_polled(self) -> bool {
        matches!(self, Self::ShortPoll | Self::LongPoll)
    }
}

impl<'r> Candidate<'r> {
    /// One request alone.
    pub fn of(recorded: &'r Recorded) -> Self {
        let way = match recorded.captured.exchange() {
            Exchange::WebSocket => Way::WebSocket,
            Exchange::Events => Way::Events,
            Exchange::Poll => Way::ShortPoll,
        };
        Self { way, name: name(recorded), requests: vec![recorded], timing: None }
    }

    /// A name for the service: letters, digits and hyphens, from its host.
    pub fn server(&self) -> String {
        server_name(&self.requests[0].captured.url)
    }

    fn is_repeated(&self) -> bool {
        !self.way.is_polled() || self.requests.len() >= 2
    }

    fn has_url(&self, url: &str) -> bool {
        self.requests.iter().any(|one| one.captured.url.as_str().contains(url))
    }

    fn described(&self) -> String {
        let times = match self.requests.len() {
            1 => "once".to_owned(),
            several => format!("{several} times"),
        };
        format!("{}, {times}: {}", self.way.label(), self.name)
    }
}

/// A name for the server: letters, digits and hyphens of its host.
fn server_name(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(host)) => {
            let spelled: String = host
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
                .collect();
            let spelled: String = spelled.trim_matches('-').chars().take(40).collect();
            match spelled.starts_with(|first: char| first.is_ascii_lowercase()) {
                true => spelled.trim_end_matches('-').to_owned(),
                false => "service".to_owned(),
            }
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => "service".to_owned(),
    }
}

/// A list for people, a line each; at most 20, and how many more there are.
fn listed(expected: &str, lines: &[String]) -> String {
    const MOST: usize = 20;
    if lines.is_empty() {
        return String::new();
    }
    let shown = lines.iter().take(MOST).map(|line| format!("\n  {line}"));
    let more = lines.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("\n  and {more} more"));
    [expected.to_owned()].into_iter().chain(shown).chain(more).collect()
}
