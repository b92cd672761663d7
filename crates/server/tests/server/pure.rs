//! What decides knows no engine: no socket, no runtime, no framework and no clock.

use std::fs;
use std::path::{Path, PathBuf};

/// Files and folders that decide.
const DECIDING: [&str; 11] = [
    "respond.rs",
    "respond",
    "hub.rs",
    "hub",
    "log.rs",
    "log",
    "deadline.rs",
    "pass.rs",
    "pass",
    "websocket/handshake.rs",
    "websocket/extensions.rs",
];
/// What only an engine and its sessions may name.
const OF_ENGINES: [&str; 9] = [
    "axum",
    "hyper",
    "h2::",
    "tokio",
    "clock::",
    "std::net::Tcp",
    "crate::engine",
    "crate::exchange",
    "crate::books",
];

fn files(at: &Path) -> Vec<PathBuf> {
    if at.is_file() {
        return vec![at.to_owned()];
    }
    let entries = fs::read_dir(at).unwrap_or_else(|error| panic!("{}: {error}", at.display()));
    entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect()
}

/// Lines of code that name what they may not; comments may.
fn wrong(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.filter(|line| OF_ENGINES.iter().any(|name| line.contains(name))).collect()
}

#[test]
fn no_decision_knows_a_socket_a_runtime_a_framework_or_a_clock() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in DECIDING.iter().flat_map(|name| files(&src.join(name))) {
        let text = fs::read_to_string(&path).expect("a source file");
        assert_eq!(wrong(&text), [""; 0], "{}", path.display());
    }
    // The engine is made of nothing else, so the words are the right ones.
    let engine = fs::read_to_string(src.join("engine/axum/http1.rs")).expect("a source file");
    assert!(wrong(&engine).len() > 5);
}
