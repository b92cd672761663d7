//! What cannot be data: dialogues as code, which an adapter names by `code = "..."`.
//!
//! An adapter still says where its server is, what the upgrade asks for and what values there are;
//! the code says what the bytes are and what is sent.

mod mqtt;
pub(crate) mod name;

use std::sync::Arc;

use crate::adapter::Transport;
use crate::code::mqtt::Mqtt;
use crate::code::name::{Code, Role};
use crate::dialogue::{Dialogue, DialogueError};
use crate::values::Values;

/// The settings that a code uses, which an adapter that names it must have, with what each is.
pub(crate) const fn settings(code: Code) -> &'static [(&'static str, &'static str)] {
    match code {
        Code::Mqtt => mqtt::settings::NAMES,
    }
}

/// Who speaks for a client.
pub(crate) fn dialogue(
    code: Code,
    transport: &Arc<Transport>,
    values: Values,
    role: Role,
) -> Result<Box<dyn Dialogue>, DialogueError> {
    match code {
        Code::Mqtt => Ok(Box::new(Mqtt::new(Arc::clone(transport), values, role)?)),
    }
}
