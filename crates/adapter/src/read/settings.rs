//! `settings` as written, and as a scenario sets them.

use std::sync::Arc;

use pushbench_toml::kind::{Mismatch, one_of};
use pushbench_toml::{Reader, Value, closest};

use crate::adapter::Adapter;
use crate::read::matches::{complain, value};
use crate::read::scope::Scope;
use crate::read::steps::{may_be_named, named};
use crate::template::Template;
use crate::values::Setting;

/// The most settings: each may use all before it.
const MOST_SETTINGS: usize = 64;

pub(crate) fn settings(root: &mut Reader<'_>, scope: &mut Scope) -> Option<Vec<Setting>> {
    let problems = root.problems();
    let mut all = Some(Vec::new());
    for (place, entry) in named(root, "settings").into_iter().enumerate() {
        let is_free = may_be_named(entry.name, entry.node, &entry.key, scope, problems);
        if place == MOST_SETTINGS {
            let most = Mismatch::new(format!("at most {MOST_SETTINGS} settings"));
            complain(entry.node, &entry.key, problems, most);
        }
        let publishing = scope.publishing();
        let default = value(entry.node, &entry.key, problems, |value| setting(value, &publishing));
        match &default {
            Some(default) if is_free => scope.add_setting(entry.name, default),
            // Refused, so no use of it is a further problem.
            None if is_free => scope.add(entry.name),
            Some(_) | None => {}
        }
        match (default, is_free && place < MOST_SETTINGS, all.as_mut()) {
            (Some(default), true, Some(all)) => {
                all.push(Setting { name: entry.name.to_owned(), default });
            }
            _ => all = None,
        }
    }
    all
}

/// What a setting is: a text with holes, or a number.
fn setting(value: &Value, scope: &Scope) -> Result<Template, Mismatch> {
    match value {
        Value::Whole(number, _) => scope.template()(&Value::Text(number.clone())),
        value => scope.template()(value),
    }
}

impl Adapter {
    /// Sets a value that the adapter lets a scenario set. It may use `${env:NAME}`, the settings before
    /// it, and `${dir}`, `${port}` and any `${port_NAME}` of where the scenario has the server.
    ///
    /// # Errors
    ///
    /// If there is no such setting, or this is no value for it.
    pub fn set(&mut self, name: &str, to: &Value) -> Result<(), Mismatch> {
        let known = || self.settings.iter().map(|setting| setting.name.as_str());
        let Some(at) = known().position(|known| known == name) else {
            if self.settings.is_empty() {
                return Err(Mismatch::new("nothing: the adapter has no settings"));
            }
            let mismatch = one_of(known());
            return Err(match closest(name, known()) {
                Some(close) => mismatch.help(format!("did you mean `{close}`?")),
                None => mismatch,
            });
        };
        let mut scope = Scope::of_a_scenario();
        known().take(at).for_each(|before| scope.add(before));
        let default = setting(to, &scope)?;
        let mut settings = self.settings.to_vec();
        settings[at] = Setting { name: name.to_owned(), default };
        self.settings = Arc::from(settings);
        Ok(())
    }
}
