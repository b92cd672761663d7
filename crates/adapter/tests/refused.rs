//! Every file in `refused/` is refused, with the message beside it.

use std::fs;
use std::path::Path;

use pushbench_adapter::read;

#[test]
fn each_refused_adapter_gets_the_message_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    assert!(names.len() >= 40, "{} files", names.len());

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for name in names {
        let text = fs::read_to_string(folder.join(&name)).expect("an adapter is UTF-8");
        let refused = read(Path::new(&name), &text).expect_err(&name);
        assert!(!refused.problems.is_empty(), "{name}");
        insta::assert_snapshot!(name.trim_end_matches(".toml"), refused);
    }
}
