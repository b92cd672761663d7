//! Words in their tone.

use super::escape::text;
use crate::layout::{Span, Tone};

/// A text as it stands in a page.
pub(super) fn span(span: &Span) -> String {
    let words = text(&span.text);
    match span.tone {
        Tone::Plain => words,
        Tone::Strong => format!("<strong>{words}</strong>"),
        Tone::Good => format!("<strong class=\"good\">{words}</strong>"),
        Tone::Warning => format!("<strong class=\"warning\">{words}</strong>"),
        Tone::Bad => format!("<strong class=\"bad\">{words}</strong>"),
        Tone::Faint => format!("<span class=\"faint\">{words}</span>"),
    }
}
