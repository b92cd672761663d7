//! Which values a template may use, and the kinds of values that have templates in them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use pushbench_toml::kind::Mismatch;
use pushbench_toml::{Value, closest};

use crate::pattern::Pattern;
use crate::template::{ENVIRONMENT, Hole, PAYLOAD, PLACES, Template, is_place};

/// Values that every template may use: the topic's name at the server, the client's number, letters
/// that no other client has, the server's host and port, and the time in seconds since 1970.
pub(crate) const BUILT_IN: [&str; 5] = ["channel", "client", "random", "host", "now"];

/// The names that are known where a template stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    names: Vec<String>,
    counters: Vec<String>,
    /// Settings that are made of the payload, so known only where something is published.
    published: Vec<String>,
    /// Whether units are events, which have types.
    pub(crate) has_events: bool,
    /// Whether it is of a scenario, which says where its server is.
    has_places: bool,
    /// Names of values from outside that were used: of the environment, and of places.
    outside: Rc<RefCell<BTreeSet<String>>>,
}

impl Scope {
    /// The names that every adapter has.
    pub(crate) fn new() -> Self {
        Self { names: BUILT_IN.map(str::to_owned).to_vec(), ..Self::default() }
    }

    /// Those and the places that a scenario has its server at.
    pub(crate) fn of_a_scenario() -> Self {
        let mut scope = Self { has_places: true, ..Self::new() };
        PLACES.iter().for_each(|place| scope.add(place));
        scope
    }

    /// Names of values from outside that were used since they were last taken.
    pub(crate) fn take_outside(&self) -> BTreeSet<String> {
        self.outside.take()
    }

    pub(crate) fn add(&mut self, name: &str) {
        if !self.has(name) {
            self.names.push(name.to_owned());
        }
    }

    pub(crate) fn add_counter(&mut self, name: &str) {
        self.add(name);
        self.counters.push(name.to_owned());
    }

    /// Adds a setting, which may be made of the payload.
    pub(crate) fn add_setting(&mut self, name: &str, made_of: &Template) {
        let is_published = |name: &str| name == PAYLOAD || self.published.iter().any(|p| p == name);
        match made_of.holes().flat_map(Hole::names).any(is_published) {
            true => self.published.push(name.to_owned()),
            false => self.add(name),
        }
    }

    /// Whether a value has the name, wherever it is known.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        self.has(name) || self.published.iter().any(|published| published == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// All of them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.names.iter().map(String::as_str)
    }

    /// This and the payload, for what is published.
    pub(crate) fn publishing(&self) -> Self {
        let mut scope = self.clone();
        scope.add(PAYLOAD);
        self.published.iter().for_each(|name| scope.add(name));
        scope
    }

    fn check<'h>(&self, holes: impl Iterator<Item = &'h Hole>) -> Result<(), Mismatch> {
        for hole in holes {
            if hole.counts && !self.counters.contains(&hole.name) {
                let known = self.counters.iter().map(String::as_str);
                return Err(unknown(&format!("{}++", hole.name), "a counter", known));
            }
            for name in hole.names() {
                let is_outside = name.starts_with(ENVIRONMENT) || self.has_places && is_place(name);
                if is_outside {
                    self.outside.borrow_mut().insert(name.to_owned());
                } else if !self.has(name) {
                    let mismatch = unknown(name, "a value that is known here", self.names());
                    return Err(match self.is_taken(name) {
                        true => mismatch.help(format!(
                            "`${{{name}}}` is made of the payload: only `publish` may use it"
                        )),
                        false => mismatch,
                    });
                }
            }
        }
        Ok(())
    }

    /// A template that uses no other values.
    pub(crate) fn template(&self) -> impl Fn(&Value) -> Result<Template, Mismatch> {
        move |value| {
            let Value::Text(text) = value else {
                return Err(Mismatch::new("a text, which may have holes as `${channel}`"));
            };
            let template = Template::parse(text)?;
            self.check(template.holes())?;
            Ok(template)
        }
    }

    /// A pattern that uses no other values.
    pub(crate) fn pattern(
        &self,
        takes: &'static str,
    ) -> impl Fn(&Value) -> Result<Pattern, Mismatch> {
        move |value| {
            let Value::Text(text) = value else {
                return Err(Mismatch::new("a text, which may have `${any}` for any bytes"));
            };
            let pattern = Pattern::parse(text, takes)?;
            self.check(pattern.holes())?;
            Ok(pattern)
        }
    }
}

fn unknown<'n>(name: &str, what: &str, known: impl Iterator<Item = &'n str> + Clone) -> Mismatch {
    let holes: Vec<_> = known.clone().map(|name| format!("${{{name}}}")).collect();
    let mismatch = match holes.is_empty() {
        true => Mismatch::new(format!("{what}; there is none, and no `${{{name}}}`")),
        false => Mismatch::new(format!("{what} in place of `${{{name}}}`: {}", holes.join(", "))),
    };
    match closest(name, known) {
        Some(close) => mismatch.help(format!("did you mean `${{{close}}}`?")),
        None => mismatch,
    }
}
