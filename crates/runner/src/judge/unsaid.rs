//! Whether messages of a server that publishes by itself say what its adapter has them say.

use pushbench_protocol::counted;
use pushbench_store::{CheckV1, CountsV1, Verdict};

use super::evidence::check;

/// A warning for each of `id` and `sent_at` that is not where the adapter says it is.
pub(super) fn unsaid(counts: &CountsV1) -> impl Iterator<Item = CheckV1> {
    let of_one = |name: &str, count: Option<u64>, key: &str, consequence: &str| {
        // Without an example the adapter does not say that they have one.
        let first = counts.examples.get(name)?;
        let count = count.unwrap_or(0);
        let text = format!(
            "nothing can be read where the adapter has `{key}` in {}, so {consequence}: correct \
             `{key}`; the first begins with `{first}`",
            counted(count, "message")
        );
        Some(CheckV1 {
            found: Some(count as f64),
            limit: Some(0.0),
            ..check(name, Verdict::Warning, text)
        })
    };
    let id = of_one("without-id", counts.without_id, "id", "whether they came again is not known");
    let time = of_one("without-time", counts.without_time, "sent_at", "they have no latency");
    id.into_iter().chain(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_where_the_adapter_says_is_a_warning_that_shows_the_first() {
        let mut counts =
            CountsV1 { without_id: Some(3), without_time: Some(3), ..CountsV1::default() };
        assert_eq!(unsaid(&counts).count(), 0, "the adapter does not say that they have any");
        counts.examples.insert("without-time".to_owned(), "{\"id\":1}".to_owned());
        let found: Vec<_> = unsaid(&counts).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].verdict, found[0].found), (Verdict::Warning, Some(3.0)));
        assert!(found[0].text.contains("`sent_at`") && found[0].text.contains("{\"id\":1}"));
    }
}
