//! What is sent, and what is expected of a status.

use crate::adapter::{Outgoing as Written, Transport};
use crate::dialogue::{DialogueError, Outgoing};
use crate::values::Values;

/// What is said, with its values filled in.
pub(crate) fn outgoing(
    written: Option<&Written>,
    transport: &Transport,
    values: &mut Values,
) -> Result<Option<Outgoing>, DialogueError> {
    Ok(match written {
        None => None,
        Some(Written::Send(template)) => {
            let bytes = values.fill(template)?;
            Some(Outgoing::Message { bytes, is_binary: transport.is_binary })
        }
        Some(Written::Request(request)) => Some(Outgoing::Request(request.fill(values)?)),
    })
}

/// `None` if the status is one of those that are expected; what they are, if not. None are any of
/// 200 to 299.
pub(crate) fn status_is(expected: &[u16], status: u16) -> Option<String> {
    match expected {
        [] => (!(200..300).contains(&status)).then(|| "200 to 299".to_owned()),
        expected if expected.contains(&status) => None,
        expected => {
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            Some(expected.join(" or "))
        }
    }
}
