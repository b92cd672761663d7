//! JUnit's XML, as the systems that build and test read it: suites of cases, each passed, failed or skipped.
//!
//! There is no standard; the elements are those of the schema that Jenkins publishes
//! (<https://github.com/jenkinsci/xunit-plugin>, `junit-10.xsd`), which GitLab, GitHub's actions and others
//! read as well.

use crate::held_to::{Held, Outcome};
use crate::html::escape::{attribute, text};

/// What came of each, as JUnit's XML. Things of one suite must stand together.
pub fn junit(held: &[Held]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!("<testsuites name=\"pushbench\"{}>\n", counts(held)));
    for suite in held.chunk_by(|one, other| one.suite == other.suite) {
        let name = attribute(&suite[0].suite);
        out.push_str(&format!("  <testsuite name=\"{name}\"{}>\n", counts(suite)));
        for Held { suite, name, outcome, text: line } in suite {
            out.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"{}\"",
                attribute(suite),
                attribute(name)
            ));
            let inner = match outcome {
                Outcome::Passed => None,
                Outcome::Warned => Some(format!("<system-out>{}</system-out>", text(line))),
                Outcome::Failed => Some(format!("<failure message=\"{}\"/>", attribute(line))),
                Outcome::Skipped => Some(format!("<skipped message=\"{}\"/>", attribute(line))),
            };
            match inner {
                None => out.push_str("/>\n"),
                Some(inner) => out.push_str(&format!(">{inner}</testcase>\n")),
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(held: &[Held]) -> String {
    let of = |outcome| held.iter().filter(|held| held.outcome == outcome).count();
    format!(
        " tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\"",
        held.len(),
        of(Outcome::Failed),
        of(Outcome::Skipped)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(suite: &str, name: &str, outcome: Outcome) -> Held {
        let text = format!("what was found of {name}");
        Held { suite: suite.to_owned(), name: name.to_owned(), outcome, text }
    }

    #[test]
    fn each_suite_counts_its_own_and_the_whole_counts_all() {
        let all = [
            held("a", "one", Outcome::Passed),
            held("a", "two", Outcome::Failed),
            held("b", "three", Outcome::Skipped),
            held("b", "four", Outcome::Warned),
        ];
        insta::assert_snapshot!(junit(&all), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="pushbench" tests="4" failures="1" skipped="1" errors="0">
          <testsuite name="a" tests="2" failures="1" skipped="0" errors="0">
            <testcase classname="a" name="one"/>
            <testcase classname="a" name="two"><failure message="what was found of two"/></testcase>
          </testsuite>
          <testsuite name="b" tests="2" failures="0" skipped="1" errors="0">
            <testcase classname="b" name="three"><skipped message="what was found of three"/></testcase>
            <testcase classname="b" name="four"><system-out>what was found of four</system-out></testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn what_a_file_says_is_no_markup() {
        let xml = junit(&[held("a\"<b>", "x & y > 1\u{1b}[31m", Outcome::Failed)]);
        for raw in ["<b>", "\u{1b}", " & ", "a\"<"] {
            assert!(!xml.contains(raw), "{raw:?}: {xml}");
        }
        assert!(xml.contains("name=\"a&quot;&lt;b&gt;\""), "{xml}");
    }
}
