//! `start`, `files` and `env` of `[server.NAME]` as written.

use std::path::Path;

use pushbench_toml::kind::Mismatch;
use pushbench_toml::{Node, Reader, Value};

use crate::beside::Beside;
use crate::environment_file::environment;
use crate::named_server::Start;
use crate::start_holes::holes_are_known;

/// The most arguments, and the most files.
const MOST: usize = 256;

/// What to do where a hole is unknown and close to none.
const HELP: &str = "a variable for a shell to read is written `$NAME`";

/// What starts the server, if it is started.
pub(crate) fn start(table: &mut Reader<'_>, beside: Beside<'_>) -> Option<Option<Start>> {
    let command = table.optional("start", |value| command(value, beside));
    if table.node("start").is_none() {
        table.refuse_key("files", "nothing: only a server with `start` has a folder for them");
        table.refuse_key("env", "nothing: only a server with `start` gets its environment here");
        return Some(None);
    }
    let files = files(table, beside);
    let environment = environment(table, beside);
    Some(Some(Start {
        command: command?.value?,
        files: files?,
        environment: environment?,
        here: beside.folder().map(Path::to_owned),
    }))
}

fn command(value: &Value, beside: Beside<'_>) -> Result<Vec<String>, Mismatch> {
    let example = "[\"nginx\", \"-p\", \"${dir}\", \"-c\", \"nginx.conf\"]";
    let expected =
        || Mismatch::new(format!("a list of the program and its arguments, as in {example}"));
    let list = match value {
        Value::List(list) if (1..=MOST).contains(&list.len()) => list,
        Value::Text(text) if !text.trim().is_empty() => {
            let words: Vec<_> = text.split_whitespace().map(|word| format!("{word:?}")).collect();
            return Err(expected().help(format!("no shell reads it; write [{}]", words.join(", "))));
        }
        _ => return Err(expected()),
    };
    let argument = |node: &Node| match &node.value {
        Value::Text(text) if !text.contains('\0') => {
            holes_are_known(text, beside, &|_| false, HELP)?;
            Ok(text.clone())
        }
        _ => Err(expected()),
    };
    let command = list.iter().map(argument).collect::<Result<Vec<_>, _>>()?;
    match command[0].trim().is_empty() {
        true => Err(expected().help("the first of them names no program")),
        false => Ok(command),
    }
}

/// Files beside the scenario, each written into the server's folder under its own name.
fn files(table: &mut Reader<'_>, beside: Beside<'_>) -> Option<Vec<(String, Vec<u8>)>> {
    let expected = "a list of paths, from the scenario's folder, as in [\"nginx.conf\"]";
    let written = table.node("files");
    let refuse = |node: &Node, key: &str, Mismatch { expected, help }: Mismatch| {
        table.complain(key, node.place, &node.value.show(), expected, help);
    };
    let list = match written {
        None => return Some(Vec::new()),
        Some(Node { value: Value::List(list), .. }) if list.len() <= MOST => list,
        Some(node) => {
            refuse(node, "files", Mismatch::new(expected));
            return None;
        }
    };
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut is_right = true;
    for (place, node) in list.iter().enumerate() {
        let file = match &node.value {
            Value::Text(path) => named(path).and_then(|name| Ok((name, beside.bytes(path)?))),
            _ => Err(Mismatch::new(expected)),
        };
        let file =
            file.and_then(|(name, bytes)| match all.iter().any(|(known, _)| *known == name) {
                true => Err(Mismatch::new(format!("one file of the name {name:?}"))
                    .help("each is written into the server's folder under its own name")),
                false => Ok((name, bytes)),
            });
        match file {
            Ok(file) => all.push(file),
            Err(mismatch) => {
                refuse(node, &format!("files[{}]", place + 1), mismatch);
                is_right = false;
            }
        }
    }
    is_right.then_some(all)
}

/// The last part of a path.
fn named(path: &str) -> Result<String, Mismatch> {
    match path.rsplit('/').next() {
        Some(name) if !matches!(name, "" | "." | "..") && !name.contains('\0') => {
            Ok(name.to_owned())
        }
        _ => Err(Mismatch::new("the path of a file")),
    }
}
