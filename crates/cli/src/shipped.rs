//! The scenarios that are in the program, with the files that stand beside them.

use std::path::{Path, PathBuf};

/// Every file of `scenarios` by its path from there, as the build script has found them.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
/// The folder of scenarios that need servers of others.
const SERVERS: &str = "servers";
/// The scenario to begin with.
const FIRST: &str = "quickstart";

/// A scenario that is in the program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shipped {
    /// Its name: that of its file, and of its folder where it is in one, as `servers/nchan`.
    pub(crate) name: &'static str,
    /// The file, with its comments.
    pub(crate) text: &'static str,
}

impl Shipped {
    /// All of them by name, the one to begin with first, those that need servers of others last.
    pub(crate) fn all() -> Vec<Self> {
        let mut all: Vec<_> = FILES.iter().filter_map(|&(path, bytes)| of(path, bytes)).collect();
        all.sort_by_key(|shipped| (shipped.is_of_servers(), shipped.name != FIRST, shipped.name));
        all
    }

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|shipped| shipped.name == name)
    }

    /// The name that was probably meant.
    pub(crate) fn closest(name: &str) -> Option<&'static str> {
        let names: Vec<_> = Self::all().into_iter().map(|shipped| shipped.name).collect();
        let without_folder = |of: &&str| of.rsplit('/').next() == Some(name);
        let found = names.iter().copied().find(|of| without_folder(of));
        found.or_else(|| pushbench_adapter::closest(name, names))
    }

    /// Whether it is one of those that need servers of others.
    pub(crate) fn is_of_servers(self) -> bool {
        self.folder() == Path::new(SERVERS)
    }

    /// What its file would be called in the folder that the program runs in: there is the scenario's
    /// folder, since it has none of its own.
    pub(crate) fn path(self) -> PathBuf {
        let name = self.name.rsplit('/').next().unwrap_or(self.name);
        PathBuf::from(format!("{name}.toml"))
    }

    /// A file that stands beside it in the repository, by its path from there.
    pub(crate) fn beside(self, path: &Path) -> Option<&'static [u8]> {
        beside(self.folder(), path)
    }

    fn folder(self) -> &'static Path {
        Path::new(self.name).parent().unwrap_or(Path::new(""))
    }
}

/// The files that stand beside scenarios of the program under this path: one for each folder that
/// scenarios are in.
pub(crate) fn all_beside(path: &Path) -> impl Iterator<Item = &'static [u8]> {
    ["", SERVERS].into_iter().filter_map(move |folder| beside(Path::new(folder), path))
}

fn beside(folder: &Path, path: &Path) -> Option<&'static [u8]> {
    let path = folder.join(path);
    FILES.iter().find(|(name, _)| Path::new(name) == path).map(|&(_, bytes)| bytes)
}

/// The scenario that a file is, unless it belongs to one: what is deeper, or no TOML, does.
fn of(path: &'static str, bytes: &'static [u8]) -> Option<Shipped> {
    let name = path.strip_suffix(".toml")?;
    let folder = Path::new(name).parent()?;
    let text = std::str::from_utf8(bytes).ok()?;
    (folder == Path::new("") || folder == Path::new(SERVERS)).then_some(Shipped { name, text })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_scenario_of_the_repository_is_in_the_program_and_nothing_else_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let mut expected = BTreeSet::new();
        for (folder, prefix) in [(root.clone(), ""), (root.join(SERVERS), "servers/")] {
            for entry in fs::read_dir(folder).expect("a folder of the repository") {
                let path = entry.expect("an entry").path();
                if path.extension().is_some_and(|ending| ending == "toml") {
                    let stem = path.file_stem().expect("a name").display().to_string();
                    let text = fs::read_to_string(&path).expect("a scenario");
                    expected.insert((format!("{prefix}{stem}"), text));
                }
            }
        }
        let all = Shipped::all();
        let found: BTreeSet<_> =
            all.iter().map(|of| (of.name.to_owned(), of.text.to_owned())).collect();
        assert_eq!(found, expected);
        assert_eq!(all[0].name, "quickstart");
        assert!(all.last().is_some_and(|last| last.is_of_servers()));
    }

    #[test]
    fn a_file_is_found_beside_its_scenario_and_not_beside_another() {
        let file = Path::new("nchan/nginx.conf");
        let nchan = Shipped::named("servers/nchan").expect("it ships");
        assert!(nchan.beside(file).is_some_and(|bytes| !bytes.is_empty()));
        assert_eq!(nchan.path(), Path::new("nchan.toml"));
        let quickstart = Shipped::named("quickstart").expect("it ships");
        assert_eq!(quickstart.beside(file), None);
        assert_eq!(all_beside(file).count(), 1);
        assert_eq!(Shipped::closest("quickstrat"), Some("quickstart"));
        assert_eq!(Shipped::closest("nchan"), Some("servers/nchan"));
        assert_eq!(Shipped::named("servers/express/feed"), None);
    }
}
