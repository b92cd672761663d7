//! The environment of a server that is started: some of the caller's, and what its scenario sets. Pure.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// What a server that others wrote gets of the caller's environment. Where programs, their libraries
/// and modules are found ([`LISTS`], `VIRTUAL_ENV`); whose settings and caches they use (`HOME`, `USER`,
/// `LOGNAME`); where they write (`TMPDIR`); how they read and write text, and tell the time (`LANG`,
/// `LC_ALL`, `LC_CTYPE`, `TZ`). Nothing else, so that what happens to be set in a shell does not move a
/// measurement, and no secret reaches them.
pub(super) const PASSED_ON: [&str; 13] = [
    "PATH",
    "LD_LIBRARY_PATH",
    NODE_PATH,
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
];
/// Where Node.js looks for packages.
pub(super) const NODE_PATH: &str = "NODE_PATH";
/// Lists of folders, with `:` between: the scenario's come before the caller's.
pub(super) const LISTS: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", NODE_PATH, "PYTHONPATH"];
/// Where Debian has daemons: not in the `PATH` of everybody.
const DAEMONS: &str = "/usr/sbin";

/// The environment of a server; `caller` gives the caller's variables.
pub(super) fn environment(
    set: &[(String, String)],
    caller: impl Fn(&str) -> Option<OsString>,
) -> BTreeMap<String, OsString> {
    let passed_on = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), caller(name)?)));
    let mut all: BTreeMap<_, _> = passed_on.collect();
    for (name, value) in set {
        let mut value = OsString::from(value);
        if LISTS.contains(&name.as_str())
            && let Some(behind) = all.get(name)
        {
            value.push(":");
            value.push(behind);
        }
        all.insert(name.clone(), value);
    }
    if let Some(path) = all.get_mut("PATH")
        && !std::env::split_paths(&*path).any(|folder| folder.as_os_str() == DAEMONS)
    {
        path.push(":");
        path.push(DAEMONS);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment_of(set: &[(&str, &str)], caller: &[(&str, &str)]) -> Vec<(String, String)> {
        let set: Vec<_> = set.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let caller = |name: &str| {
            caller.iter().find(|(of, _)| *of == name).map(|(_, value)| OsString::from(value))
        };
        let all = environment(&set, caller).into_iter();
        all.map(|(name, value)| (name, value.into_string().expect("UTF-8"))).collect()
    }

    #[test]
    fn folders_of_the_scenario_come_before_those_of_the_caller_and_other_values_in_their_place() {
        let set = [("NODE_PATH", "/a"), ("PATH", "/b"), ("TZ", "UTC"), ("MODE", "plain")];
        let caller = [("NODE_PATH", "/n"), ("PATH", "/bin"), ("TZ", "CET"), ("SECRET", "x")];
        let expected = [
            ("MODE", "plain"),
            ("NODE_PATH", "/a:/n"),
            ("PATH", "/b:/bin:/usr/sbin"),
            ("TZ", "UTC"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(environment_of(&set, &caller), expected);
        assert_eq!(
            environment_of(&[("NODE_PATH", "/a")], &[]),
            [("NODE_PATH".to_owned(), "/a".to_owned())]
        );
    }

    #[test]
    fn daemons_are_found_once() {
        let path = |path: &str| environment_of(&[], &[("PATH", path)])[0].1.clone();
        assert_eq!(path("/bin"), "/bin:/usr/sbin");
        assert_eq!(path("/usr/sbin:/bin"), "/usr/sbin:/bin");
    }
}
