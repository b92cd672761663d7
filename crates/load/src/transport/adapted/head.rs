//! The heads of requests to a third-party server: what the scenario's header profile sends, with what
//! the server's adapter says in its place.

use http::uri::PathAndQuery;
use pushbench_adapter::Request;
use pushbench_protocol::headers::{EXTENSIONS_FIELD, PollFields};

use crate::Plan;
use crate::carrier::opening::UpgradeRequest;
use crate::plan::Adapted;

/// Why a request cannot be sent to the server of the plan.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum HeadError {
    /// It is for somebody else.
    #[error("the request is for {found}, expected a path, or a URL at {expected}")]
    Elsewhere {
        /// The URL.
        found: String,
        /// Host and port of the server.
        expected: String,
    },
    /// A path that is none.
    #[error("the path of the request is {found:?}, expected one as RFC 3986 allows it")]
    Path {
        /// The path.
        found: String,
    },
}

/// What a request is for, as far as its head depends on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// A response that ends, or data that is none of events.
    Data,
    /// Server-sent events.
    Events,
}

/// The head of a request, its empty line included.
///
/// # Errors
///
/// If the request is not for this server.
pub(crate) fn of(
    plan: &Plan,
    adapted: &Adapted,
    request: &Request,
    purpose: Purpose,
) -> Result<Vec<u8>, HeadError> {
    let path = path(plan, adapted, &request.url)?;
    let target = plan.head_target(&path);
    let (profile, coding) = (&plan.scenario.headers.request, plan.transport.content_coding());
    let head = match purpose {
        Purpose::Data => {
            let fields = PollFields { conditional: false, compression: coding };
            profile.poll_with(target, fields).bytes().to_vec()
        }
        Purpose::Events => profile.events(target, coding),
    };
    let mut head = Head::of(&head, &request.method, &path);
    head.set_all(&request.headers);
    if let Some(body) = &request.body {
        head.set("Content-Length", &body.len().to_string());
    }
    Ok(head.bytes())
}

/// The request that opens a WebSocket. It offers no compression: what a profile offers by itself a
/// third-party server might take, and the transport says that there is none.
///
/// # Errors
///
/// If the request is not for this server.
pub(crate) fn upgrade(
    plan: &Plan,
    adapted: &Adapted,
    request: &Request,
) -> Result<UpgradeRequest, HeadError> {
    let path = path(plan, adapted, &request.url)?;
    let UpgradeRequest { head, key, terms } = UpgradeRequest::of(plan, &path, None);
    let mut head = Head::of(&head, &request.method, &path);
    head.remove(EXTENSIONS_FIELD);
    head.set_all(&request.headers);
    if let Some(subprotocol) = &adapted.transport.subprotocol {
        head.set("Sec-WebSocket-Protocol", subprotocol);
    }
    Ok(UpgradeRequest { head: head.bytes(), key, terms })
}

/// The path that is asked for: below the server's URL, or that of a whole URL of the server.
fn path(plan: &Plan, adapted: &Adapted, url: &str) -> Result<String, HeadError> {
    let path = match url.split_once("://") {
        Some((scheme, rest)) if ["http", "https", "ws", "wss"].contains(&scheme) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let expected = plan.head_target("/").host;
            if authority != expected {
                let (found, expected) = (url.to_owned(), expected.to_owned());
                return Err(HeadError::Elsewhere { found, expected });
            }
            path.to_owned()
        }
        Some(_) | None => format!("{}{url}", adapted.base),
    };
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    match PathAndQuery::try_from(path.as_str()) {
        // A fragment is not sent, and no name of anything at a server.
        Ok(read) if read.as_str() == path => Ok(path),
        Ok(_) | Err(_) => Err(HeadError::Path { found: path }),
    }
}

/// A head's lines.
struct Head(Vec<String>);

impl Head {
    /// A profile's, with this request line.
    fn of(head: &[u8], method: &str, path: &str) -> Self {
        let text = String::from_utf8_lossy(head);
        let fields = text.split("\r\n").skip(1).filter(|line| !line.is_empty());
        let line = format!("{method} {path} HTTP/1.1");
        Self(std::iter::once(line).chain(fields.map(str::to_owned)).collect())
    }

    /// Puts each field in the place of the profile's own of that name, or at the end. Of several of one
    /// name each is sent.
    fn set_all(&mut self, fields: &[(String, String)]) {
        for (place, (name, value)) in fields.iter().enumerate() {
            let is_another =
                fields[..place].iter().any(|(before, _)| before.eq_ignore_ascii_case(name));
            match is_another {
                true => self.0.push(format!("{name}: {value}")),
                false => self.set(name, value),
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let line = format!("{name}: {value}");
        match self.place(name) {
            Some(at) => self.0[at] = line,
            None => self.0.push(line),
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(at) = self.place(name) {
            self.0.remove(at);
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        let is_it = |line: &String| {
            line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
        };
        self.0.iter().skip(1).position(is_it).map(|at| at + 1)
    }

    fn bytes(&self) -> Vec<u8> {
        let lines = self.0.iter().map(|line| format!("{line}\r\n"));
        lines.chain(["\r\n".to_owned()]).collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(fields: &[(&str, &str)]) -> String {
        let head = b"GET /old HTTP/1.1\r\nHost: h:1\r\naccept: */*\r\nUser-Agent: x\r\n\r\n";
        let mut head = Head::of(head, "POST", "/new");
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        head.set_all(&fields);
        String::from_utf8(head.bytes()).expect("text")
    }

    #[test]
    fn an_adapters_header_takes_the_place_of_the_profiles_or_comes_at_the_end() {
        let expected = "POST /new HTTP/1.1\r\nHost: h:1\r\nAccept: text/event-stream\r\n\
                        User-Agent: x\r\nCookie: a=1\r\ncookie: b=2\r\n\r\n";
        let fields = [("Accept", "text/event-stream"), ("Cookie", "a=1"), ("cookie", "b=2")];
        assert_eq!(filled(&fields), expected);
    }

    #[test]
    fn what_is_removed_is_gone_and_the_request_line_is_no_header() {
        let mut head = Head::of(b"GET / HTTP/1.1\r\nA: b\r\n\r\n", "GET", "/http://a:1/");
        head.remove("a");
        head.remove("GET /http");
        assert_eq!(head.bytes(), b"GET /http://a:1/ HTTP/1.1\r\n\r\n");
    }
}
