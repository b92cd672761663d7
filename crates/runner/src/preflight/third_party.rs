//! What trying a third-party server found, in words: what was sent, what was expected, and where its
//! adapter says so. Pure.

use pushbench_adapter::{Next, Publishing, Request, Values};
use pushbench_load::{Adapted, Fault, Plan};

use super::adapter_file::AdapterFile;
use super::step::Step;

/// What the first publish would carry; only its URL is shown.
const PAYLOAD: &[u8] = b"";

/// A third-party server that is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    pub(super) adapted: &'a Adapted,
    pub(super) file: &'a AdapterFile,
}

impl Tried<'_> {
    /// What was expected in a step, of what was sent.
    pub(super) fn expected(&self, step: Step, key: Option<&str>, plan: &Plan) -> String {
        let place = |keys: &[&str]| self.place(key, keys);
        match step {
            Step::Publish => {
                let sent = self.publish(plan).map(|sent| format!(" to `{sent}`"));
                let sent = sent.unwrap_or_default();
                format!("a response{sent} that {} takes for a success", place(&["publish"]))
            }
            Step::Connect => match plan.tls.as_ref() {
                Some(tls) => format!("a connection in TLS to {}", tls.host),
                None => format!("a connection to {}", plan.host),
            },
            Step::Subscribe => format!(
                "the opening{} as {} has it",
                self.opens(plan),
                place(&["steps", "subprotocol", "url"])
            ),
            Step::Poll => format!(
                "a response{} with the message that was published, as {} has it",
                self.opens(plan),
                place(&["message", "each", "split", "url"])
            ),
            Step::Message => format!(
                "the message that was published, as {} has it",
                place(&["message", "each", "split", "url"])
            ),
        }
    }

    /// What to do about a failure, where it is not the same as at a target.
    pub(super) fn remedy(&self, step: Step, fault: Option<Fault>, key: Option<&str>) -> String {
        let place = |keys: &[&str]| self.place(key, keys);
        if let Some(key) = key {
            return format!("check {}", self.place(Some(key), &["message", "url"]));
        }
        match (step, fault) {
            (_, Some(Fault::Status(401 | 403))) => {
                let keys: &[&str] = if step == Step::Publish { &["publish"] } else { &["headers"] };
                format!(
                    "send what the server admits, as in headers = {{ Authorization = \"Bearer \
                     ${{env:TOKEN}}\" }}: see {}",
                    place(keys)
                )
            }
            (Step::Publish, _) => format!("check {}", place(&["publish"])),
            (_, Some(Fault::Status(404 | 405 | 410))) => {
                format!("check the path of the server's `url` and {}", place(&["url"]))
            }
            (Step::Connect, Some(Fault::Tls)) => {
                "check the server's `url` and its `trust`, which is \"system\", \"insecure\" or the path \
                 of a PEM file"
                    .to_owned()
            }
            (Step::Connect, _) => "check the server's `url` and whether it runs".to_owned(),
            (Step::Subscribe, _) => {
                format!("check {}, and the server's log", place(&["steps", "subprotocol", "url"]))
            }
            (Step::Poll | Step::Message, None) => format!(
                "check whether the client subscribes to what is published to ({}), whether a step is \
                 missing ({}), and the server's log",
                place(&["publish"]),
                place(&["steps", "url"])
            ),
            (Step::Poll | Step::Message, Some(_)) => {
                let (message, others) =
                    (place(&["message", "url"]), place(&["heartbeat", "split", "url"]));
                match message == others {
                    true => format!("check {message}"),
                    false => format!("check {message} and {others}"),
                }
            }
        }
    }

    /// Where the adapter says what came does not agree with, if that is known; else the first of these
    /// keys that it has.
    fn place(&self, key: Option<&str>, keys: &[&str]) -> String {
        let keys: Vec<_> = key.into_iter().chain(keys.iter().copied()).collect();
        self.file.place(self.adapted.transport.kind, &keys)
    }

    /// Where the client's place is carried on.
    pub(super) fn carry(&self) -> String {
        self.file.place(self.adapted.transport.kind, &["carry", "url"])
    }

    /// The first request, as a part of a sentence.
    pub(super) fn opens(&self, plan: &Plan) -> String {
        let first = || {
            let mut dialogue = self.adapted.transport.dialogue(self.values(plan)?).ok()?;
            let request = match dialogue.next().ok()? {
                Next::Request(request) | Next::Connect(request) => request,
                Next::Open => dialogue.poll().ok()?,
                Next::Send(_) | Next::Receive => return None,
            };
            Some(format!(" to `{}`", self.shown(&request)))
        };
        first().unwrap_or_default()
    }

    fn publish(&self, plan: &Plan) -> Option<String> {
        match self.adapted.transport.publishing(self.values(plan)?).ok()? {
            Publishing::Requests(mut publisher) => {
                publisher.publish(PAYLOAD).ok().map(|request| self.shown(&request))
            }
            Publishing::Connection(_) | Publishing::Subscriber | Publishing::Theirs => None,
        }
    }

    fn shown(&self, Request { method, url, .. }: &Request) -> String {
        let base = if url.contains("://") { "" } else { &self.adapted.base };
        let sent = format!("{method} {base}{url}");
        // A token may stand in a query.
        self.adapted.values.first().map_or(sent.clone(), |values| values.hide(sent.as_bytes()))
    }

    /// What each client sets by itself, for the one that tries.
    fn values(&self, plan: &Plan) -> Option<Values> {
        let mut values = self.adapted.values.first()?.clone();
        for (name, value) in
            [("client", "0"), ("random", "random"), ("now", "0"), ("host", &plan.host)]
        {
            values.set(name, value);
        }
        Some(values)
    }
}
