//! Response headers by name or from a file.

use std::path::Path;

use anyhow::Context;
use pushbench_protocol::ResponseProfile;

use crate::bounded::read_text;

/// Whether a profile is named by its file.
pub(crate) fn is_file(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "head")
}

/// Text of a profile's file.
pub(crate) fn head_file(name: &str) -> anyhow::Result<String> {
    read_text(Path::new(name)).with_context(|| format!("cannot read the headers in {name}"))
}

/// A built-in profile, or one from a file.
pub(crate) fn response(name: &str) -> anyhow::Result<ResponseProfile> {
    if is_file(name) {
        let text = head_file(name)?;
        return ResponseProfile::parse(name, &text).with_context(|| name.to_owned());
    }
    Ok(ResponseProfile::built_in(name)?)
}
