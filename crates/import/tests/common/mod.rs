//! Files of a folder of tests, and where their snapshots are.

use std::fs;
use std::path::Path;

/// Hands over each file of a folder whose name ends so, with its name as a snapshot has it; how many
/// there are.
pub(crate) fn each(folder: &str, ending: &str, mut with: impl FnMut(&str, &str)) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names: Vec<_> = fs::read_dir(&folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort();
    for name in &names {
        let text = fs::read_to_string(folder.join(name)).expect("a sample is UTF-8");
        with(name, &text);
    }
    names.len()
}

/// Snapshots stand beside the files.
pub(crate) fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
