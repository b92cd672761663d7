//! Names that whoever runs something gives it: `commit=abc`.

use std::collections::BTreeMap;

use pushbench_store::RunV2;

/// One name with its value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tag {
    name: String,
    value: String,
}

impl Tag {
    /// From `NAME=VALUE`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        match text.split_once('=') {
            Some((name, value))
                if !name.is_empty() && name.chars().all(is_name) && !value.is_empty() =>
            {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("expected a name of letters, digits, `_`, `.` or `-` and a value, as in `commit=abc`"
                .to_owned()),
        }
    }

    /// Whether a run has it.
    pub(crate) fn is_on(&self, run: &RunV2) -> bool {
        run.tags.get(&self.name) == Some(&self.value)
    }
}

/// All of them by name; the name that was given two values otherwise.
pub(crate) fn by_name(tags: &[Tag]) -> Result<BTreeMap<String, String>, &str> {
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for Tag { name, value } in tags {
        match named.insert(name.clone(), value.clone()) {
            Some(other) if other != *value => return Err(name),
            _ => {}
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_name_and_a_value() {
        for (text, is_tag) in [
            ("commit=abc", true),
            ("a.b-c_1=x=y z", true),
            ("commit", false),
            ("=abc", false),
            ("commit=", false),
            ("two words=x", false),
        ] {
            assert_eq!(Tag::read(text).is_ok(), is_tag, "{text}");
        }
    }

    #[test]
    fn a_name_has_one_value() {
        let tags = |texts: &[&str]| -> Vec<Tag> {
            texts.iter().map(|text| Tag::read(text).expect("a tag")).collect()
        };
        assert_eq!(by_name(&tags(&["a=1", "a=2"])), Err("a"));
        assert_eq!(by_name(&tags(&["a=1", "a=1", "b=2"])).map(|named| named.len()), Ok(2));
    }
}
