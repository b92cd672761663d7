//! Circles of files that need each other, in one crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::module::{ItemPath, Module};

/// The files of a crate and what they need of each other.
#[derive(Debug, Default)]
pub(crate) struct Files {
    modules: BTreeMap<ItemPath, (String, Module)>,
}

/// A circle: its files, and its arrows, as `books.rs -> judge.rs (Evidence, check)`.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Circle {
    pub(crate) files: Vec<String>,
    pub(crate) arrows: Vec<String>,
}

/// What needs what, by path of module, with the names.
type Arrows = BTreeMap<ItemPath, BTreeMap<ItemPath, BTreeSet<String>>>;

impl Files {
    /// Reads the `src` of a crate.
    pub(crate) fn read(src: &Path) -> Self {
        Self::of(&source_files(src))
    }

    /// The files of a crate by name, as `judge/books.rs`.
    pub(crate) fn of(texts: &BTreeMap<String, String>) -> Self {
        let paths: BTreeMap<_, _> = texts.keys().map(|name| (module_path(name), name)).collect();
        let mut files = Self::default();
        for (path, &name) in &paths {
            let is_child = |other: &&ItemPath| {
                other.split_last().is_some_and(|(_, parent)| parent == path.as_slice())
            };
            let children = paths.keys().filter(is_child).filter_map(|child| child.last().cloned());
            let module = Module::read(&texts[name], path, &children.collect::<Vec<_>>());
            files.modules.insert(path.clone(), (name.clone(), module));
        }
        files.leave_out_tests();
        files
    }

    fn leave_out_tests(&mut self) {
        let of_tests: Vec<ItemPath> = self
            .modules
            .iter()
            .flat_map(|(path, (_, module))| {
                module
                    .of_tests
                    .iter()
                    .map(|name| [path.as_slice(), std::slice::from_ref(name)].concat())
            })
            .collect();
        self.modules.retain(|path, _| !of_tests.iter().any(|of_test| path.starts_with(of_test)));
    }

    /// Whether a file is one of the program's, and not there for tests alone.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.modules.values().any(|(name, _)| name == file)
    }

    /// Every circle, the first file first.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let arrows = self.arrows();
        let reach: BTreeMap<_, _> =
            arrows.keys().map(|path| (path, reached(path, &arrows))).collect();
        let mut circles = Vec::new();
        let mut seen = BTreeSet::new();
        for path in arrows.keys() {
            if seen.contains(path) || !reach[path].contains(path) {
                continue;
            }
            let members: BTreeSet<_> = reach[path]
                .iter()
                .filter(|other| reach.get(*other).is_some_and(|reach| reach.contains(path)))
                .collect();
            seen.extend(members.iter().map(|&member| member.clone()));
            let name = |path: &ItemPath| self.modules[path].0.clone();
            let within = members.iter().flat_map(|&from| {
                let to = arrows[from].iter().filter(|(to, _)| members.contains(to));
                to.map(move |(to, names)| {
                    let names: Vec<_> = names.iter().map(String::as_str).collect();
                    format!("{} -> {} ({})", name(from), name(to), names.join(", "))
                })
            });
            circles.push(Circle {
                arrows: within.collect(),
                files: members.into_iter().map(name).collect(),
            });
        }
        circles
    }

    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, (_, module)) in &self.modules {
            let of = arrows.entry(from.clone()).or_default();
            for need in &module.needs {
                let (to, item) = self.resolve(need, 0);
                if to != *from {
                    of.entry(to).or_default().insert(item);
                }
            }
        }
        arrows
    }

    /// The module that a path leads to, through re-exports, and what is needed of it.
    fn resolve(&self, path: &[String], depth: usize) -> (ItemPath, String) {
        let mut module: ItemPath = Vec::new();
        for (place, name) in path.iter().enumerate() {
            let deeper = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&deeper) {
                module = deeper;
                continue;
            }
            let stands_for =
                self.modules.get(&module).and_then(|(_, module)| module.names.get(name));
            if let Some(target) = stands_for.filter(|_| depth < 8) {
                let through = [target.as_slice(), &path[place + 1..]].concat();
                return self.resolve(&through, depth + 1);
            }
            return (module, name.clone());
        }
        (module, "itself".to_owned())
    }
}

/// Name and text of every source file of a crate.
pub(crate) fn source_files(src: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}")) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(src).expect("it is in it").to_string_lossy();
                let text = fs::read_to_string(&path).expect("a source file");
                texts.insert(name.into_owned(), text);
            }
        }
    }
    texts
}

/// `["judge", "books"]` of `judge/books.rs`; nothing of a crate's root.
fn module_path(name: &str) -> ItemPath {
    let stem = name.strip_suffix(".rs").expect("a source file");
    let mut path: Vec<_> = stem.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") || ["lib", "main"].contains(&stem) {
        path.pop();
    }
    path
}

/// All that can be reached over one arrow or more.
fn reached(from: &ItemPath, arrows: &Arrows) -> BTreeSet<ItemPath> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(path) = next.pop() {
        for to in arrows.get(path).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.clone()) {
                next.push(to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Circle> {
        let texts = files.iter().map(|&(name, text)| (name.to_owned(), text.to_owned()));
        Files::of(&texts.collect()).circles()
    }

    #[test]
    fn a_made_up_crate_with_a_circle_is_refused() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B; fn f() -> crate::c::C { crate::c::C }"),
            ("c.rs", "use super::a::A; pub struct C;"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].files, ["a.rs", "b.rs", "c.rs"]);
        let arrows = ["a.rs -> b.rs (B)", "b.rs -> c.rs (C)", "c.rs -> a.rs (A)"];
        assert_eq!(found[0].arrows, arrows);
    }

    #[test]
    fn a_parent_that_uses_its_child_is_not_used_by_it() {
        let child = ("a/b.rs", "use super::X; pub fn f(_: X) {}");
        let uses = circles(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; pub struct X; fn g() { b::f(X) }"),
            child,
        ]);
        assert_eq!(uses.len(), 1, "{uses:?}");
        let shows =
            circles(&[("lib.rs", "mod a;"), ("a.rs", "mod b; pub use b::f; pub struct X;"), child]);
        assert_eq!(shows, [], "a re-export is a signpost");
    }

    #[test]
    fn a_circle_over_the_names_of_the_root_is_one() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("a.rs", "use crate::B; pub struct A(B);"),
            ("b.rs", "use crate::A; pub struct B(Box<A>);"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].files, ["a.rs", "b.rs"]);
    }

    #[test]
    fn tests_may_look_wherever_they_like() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; #[cfg(test)] mod tests;"),
            ("a/tests.rs", "use super::A; use crate::b::B;"),
            ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
        ]);
        assert_eq!(found, []);
    }
}
