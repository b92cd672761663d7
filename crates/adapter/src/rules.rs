//! What arrived, by the rules of a transport: one unit, or each element of its list.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::adapter::Transport;
use crate::identity::FilledIdentity;
use crate::matching::{FilledMatch, FilledPlace, Match};
use crate::parts::Parts;
use crate::pointer::{Pointer, elements};
use crate::split::unit::Unit;
use crate::values::{FillError, Values};

/// The rules of a transport with their values filled in.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    each: Option<(Vec<u8>, Pointer)>,
    heartbeats: Vec<Option<FilledMatch>>,
    errors: Vec<FilledMatch>,
    acknowledgements: Vec<FilledMatch>,
    ignored: Vec<FilledMatch>,
    message: Option<(FilledMatch, FilledPlace)>,
    identity: FilledIdentity,
}

/// What a unit, or an element of it, is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Said<'a> {
    /// A message; its payload.
    Message(Cow<'a, [u8]>),
    /// A heartbeat, by its place in the adapter's list. What to reply, if anything, waits in
    /// [`Dialogue::reply`](crate::Dialogue::reply).
    Heartbeat(usize),
    /// What the server says to a publish that it took.
    Acknowledgement,
    /// What the adapter says means nothing.
    Ignored,
    /// Part of the opening.
    Opening,
    /// Nothing: an empty line, a comment.
    Blank,
    /// What the adapter says is an error of the server's.
    Error(&'a [u8]),
    /// What no rule explains, and a unit that the stream ended in.
    Unexplained(&'a [u8]),
}

/// What a unit, or an element of it, is, and what its bytes are for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received<'a> {
    /// What it is.
    pub said: Said<'a>,
    /// Its bytes; over all that is received, each byte is in one.
    pub parts: Parts,
    /// Which message it is, as the server says; `None` of what is no message, and where the adapter
    /// does not say where that stands or it does not stand there.
    pub id: Option<Cow<'a, [u8]>>,
    /// When the server says that the message was sent, since the beginning of 1970; `None` in the
    /// same cases.
    pub sent_at: Option<Duration>,
}

impl<'a> Received<'a> {
    /// What has no identity.
    pub(crate) fn of(said: Said<'a>, parts: Parts) -> Self {
        Self { said, parts, id: None, sent_at: None }
    }
}

impl Rules {
    /// The rules that can be filled with what is known. With `all`, the others are an error; until
    /// the opening is done, values that it gets may be missing.
    pub(crate) fn fill(
        transport: &Transport,
        values: &mut Values,
        all: bool,
    ) -> Result<Self, FillError> {
        fn known<T>(filled: Result<T, FillError>, all: bool) -> Result<Option<T>, FillError> {
            match filled {
                Ok(filled) => Ok(Some(filled)),
                Err(FillError::Unset { .. }) if !all => Ok(None),
                Err(error) => Err(error),
            }
        }
        let each = transport.each.as_ref().map(|each| {
            let after = known(values.fill(&each.after), all)?;
            Ok(after.map(|after| (after, each.at.clone())))
        });
        let heartbeats = transport.heartbeats.iter().map(|(when, _)| known(when.fill(values), all));
        let heartbeats = heartbeats.collect::<Result<_, _>>()?;
        let mut several = |rules: &[Match]| {
            let filled = rules.iter().map(|rule| known(rule.fill(values), all));
            filled.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()
        };
        let (errors, acknowledgements) =
            (several(&transport.errors)?, several(&transport.acknowledgements)?);
        let ignored = several(&transport.ignored)?;
        let rule = &transport.message;
        let when = known(rule.when.fill(values), all)?;
        let payload = known(rule.payload.fill(values), all)?;
        let identity = known(transport.identity.fill(values), all)?;
        Ok(Self {
            each: each.transpose()?.flatten(),
            heartbeats,
            errors,
            acknowledgements,
            ignored,
            message: when.zip(payload),
            identity: identity.unwrap_or_default(),
        })
    }

    /// Says what the unit is; of a list, what each element is. `expected` is asked first.
    pub(crate) fn receive(
        &self,
        unit: Unit<'_>,
        expected: &mut dyn FnMut(&[u8], &[u8]) -> bool,
        receive: &mut dyn FnMut(Received<'_>),
    ) {
        let around = Parts {
            framing: unit.framing,
            control: unit.comments,
            wrapping: unit.ignored,
            ..Parts::default()
        };
        if unit.is_torn {
            let unexplained = unit.bytes.len() as u64;
            let said = Said::Unexplained(unit.bytes);
            return receive(Received::of(said, Parts { unexplained, ..around }));
        }
        if unit.bytes.is_empty() && unit.event.is_empty() {
            let parts = Parts { control: unit.len(), ..Parts::default() };
            let said = if unit.has_fields { Said::Ignored } else { Said::Blank };
            return receive(Received::of(said, parts));
        }
        if expected(unit.bytes, unit.event) {
            let parts = Parts { handshake: unit.len(), ..Parts::default() };
            return receive(Received::of(Said::Opening, parts));
        }
        let Some(elements) = self.elements(unit.bytes) else {
            return receive(self.classify(unit.bytes, unit.event, around));
        };
        let mut received: Vec<_> = elements
            .iter()
            .map(|element| {
                let element = element.get().as_bytes();
                match expected(element, unit.event) {
                    true => {
                        let parts = Parts { handshake: element.len() as u64, ..Parts::default() };
                        Received::of(Said::Opening, parts)
                    }
                    false => self.classify(element, unit.event, Parts::default()),
                }
            })
            .collect();
        // What is around the elements is around the messages among them, if there are any.
        let within: u64 = received.iter().map(|received| received.parts.total()).sum();
        let between = unit.bytes.len() as u64 - within;
        match received.iter_mut().find(|received| matches!(received.said, Said::Message(_))) {
            Some(message) => {
                message.parts += Parts { wrapping: between + unit.ignored, ..around };
            }
            None => {
                let control = between + around.total();
                let parts = Parts { control, ..Parts::default() };
                received.push(Received::of(Said::Blank, parts));
            }
        }
        received.into_iter().for_each(receive);
    }

    /// The elements of the unit's list; `None` if it has none and is looked at as it is.
    fn elements<'u>(&self, unit: &'u [u8]) -> Option<Vec<&'u RawValue>> {
        let (after, at) = self.each.as_ref()?;
        let json = unit.strip_prefix(&after[..])?;
        elements(at.find(json)?)
    }

    /// Why the text is no JSON, where rules look for some in it.
    pub(crate) fn not_json(&self, text: &[u8]) -> Option<serde_json::Error> {
        let after = match (&self.each, &self.message) {
            (Some((after, _)), _) => after.as_slice(),
            (None, Some((when, place))) => place.json_behind().or_else(|| when.json_behind())?,
            (None, None) => return None,
        };
        // What is not behind that is something else, which other rules are for.
        let json = text.strip_prefix(after)?;
        serde_json::from_slice::<&RawValue>(json).err()
    }

    /// What an item is, with the bytes `around` it.
    fn classify<'u>(&self, item: &'u [u8], event: &[u8], around: Parts) -> Received<'u> {
        let said = self.said(item, event);
        let parts = parts(&said, item.len() as u64, around);
        let (id, sent_at) = match said {
            Said::Message(_) => self.identity.of(item),
            _ => (None, None),
        };
        Received { said, parts, id, sent_at }
    }

    fn said<'u>(&self, item: &'u [u8], event: &[u8]) -> Said<'u> {
        let any = |rules: &[FilledMatch]| rules.iter().any(|rule| rule.holds(item, event));
        let is =
            |rule: &Option<FilledMatch>| rule.as_ref().is_some_and(|rule| rule.holds(item, event));
        if let Some(place) = self.heartbeats.iter().position(is) {
            return Said::Heartbeat(place);
        }
        if any(&self.errors) {
            return Said::Error(item);
        }
        if any(&self.acknowledgements) {
            return Said::Acknowledgement;
        }
        if any(&self.ignored) {
            return Said::Ignored;
        }
        let payload = self.message.as_ref().and_then(|(when, place)| {
            let holds = when.holds(item, event);
            holds.then(|| place.find(item)).flatten()
        });
        payload.map_or(Said::Unexplained(item), Said::Message)
    }
}

/// What the `len` bytes of an item are for, beside those `around` it.
fn parts(said: &Said<'_>, len: u64, around: Parts) -> Parts {
    let all = Parts::default();
    match said {
        Said::Message(payload) => {
            let payload = payload.len() as u64;
            let wrapping = around.wrapping + len.saturating_sub(payload);
            Parts { payload, wrapping, ..around }
        }
        Said::Heartbeat(_)
        | Said::Acknowledgement
        | Said::Ignored
        | Said::Blank
        | Said::Error(_) => Parts { control: len + around.total(), ..all },
        Said::Opening => Parts { handshake: len + around.total(), ..all },
        Said::Unexplained(_) => Parts { unexplained: len, ..around },
    }
}
