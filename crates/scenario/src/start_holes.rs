//! Holes of `start` and `env` of `[server.NAME]` as written.

use pushbench_toml::closest;
use pushbench_toml::kind::Mismatch;

use crate::beside::Beside;
use crate::holes::{HERE, is_hole, names};

/// In a command and in the environment every hole is one of ours, or one that is known beside them: no
/// shell reads it.
pub(crate) fn holes_are_known(
    text: &str,
    beside: Beside<'_>,
    is_known: &dyn Fn(&str) -> bool,
    otherwise: &str,
) -> Result<(), Mismatch> {
    let is_ours = |name: &str| is_hole(name) || name == HERE || is_known(name);
    if let Some(name) = names(text.as_bytes()).find(|name| !is_ours(name)) {
        let known = "`${port}`, `${dir}`, `${here}` and `${port_NAME}` for a further free port";
        let mismatch = Mismatch::new(format!("{known}, in place of `${{{name}}}`"));
        return Err(match closest(name, ["port", "dir", HERE]) {
            Some(close) => mismatch.help(format!("did you mean `${{{close}}}`?")),
            None => mismatch.help(otherwise),
        });
    }
    let needs_folder = names(text.as_bytes()).any(|name| name == HERE);
    match needs_folder && beside.folder().is_none() {
        true => Err(Mismatch::new("a path in place of `${here}`")
            .help("it is the folder of the scenario's file, and this scenario has none")),
        false => Ok(()),
    }
}
