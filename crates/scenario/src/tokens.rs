//! Chunks of a language model's reply, shaped as services stream them: the same JSON around each token.
//!
//! A chunk is as long as the scenario says: what is not the envelope or the JSON is text, cut from one
//! reply, so that the tokens put together are that reply.

use rand::{Rng, RngExt};

/// How a service writes a chunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenShape {
    /// An object `chat.completion.chunk` with the text in `/choices/0/delta/content`.
    ///
    /// Source: OpenAI API reference, "Chat completion chunk"; vLLM, SGLang and llama.cpp send the same.
    OpenAi,
    /// An event `content_block_delta` with the text in `/delta/text`.
    ///
    /// Source: Anthropic API reference, "Streaming Messages".
    Anthropic,
}

impl TokenShape {
    /// The shortest chunk in bytes: its JSON around a token of one character.
    pub const fn least(self) -> usize {
        match self {
            Self::OpenAi => OPEN_AI.len() + ID_DIGITS + OPEN_AI_TEXT.len() + OPEN_AI_END.len() + 1,
            Self::Anthropic => ANTHROPIC.len() + ANTHROPIC_END.len() + 1,
        }
    }

    /// What stands before the token and behind it; the name of a completion is drawn.
    pub(crate) fn around(self, random: &mut impl Rng) -> (Vec<u8>, &'static [u8]) {
        match self {
            Self::OpenAi => {
                let id = (0..ID_DIGITS).map(|_| {
                    char::from_digit(random.random_range(0..16), 16).expect("a digit in base 16")
                });
                let before = format!("{OPEN_AI}{}{OPEN_AI_TEXT}", id.collect::<String>());
                (before.into_bytes(), OPEN_AI_END.as_bytes())
            }
            Self::Anthropic => (ANTHROPIC.as_bytes().to_vec(), ANTHROPIC_END.as_bytes()),
        }
    }
}

/// Digits of a completion's name.
const ID_DIGITS: usize = 16;
const OPEN_AI: &str = r#"{"id":"chatcmpl-"#;
const OPEN_AI_TEXT: &str = concat!(
    r#"","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":"#,
    r#"[{"index":0,"delta":{"content":""#
);
const OPEN_AI_END: &str = r#""},"finish_reason":null}]}"#;
const ANTHROPIC: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#;
const ANTHROPIC_END: &str = r#""}}"#;
