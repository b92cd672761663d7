//! An anatomy as text and as a page. Both walk over the same [`Anatomy`](crate::Anatomy)s and use the same words.

mod html;
mod text;
mod words;

pub use html::html;
pub use text::{TextOptions, text};
