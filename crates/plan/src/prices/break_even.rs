//! Where a bill for polls and a bill for pushes are equal.

use pushbench_protocol::TransportKind;
use serde::Serialize;

use crate::flip::nearest_change;
use crate::prices::bill::bill;
use crate::prices::book::PriceBook;
use crate::prices::usage::Usage;

/// Where the cheaper of two transports is the other one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum BreakEven {
    /// At so many seconds between two messages.
    #[serde(rename = "message_every")]
    At(f64),
    /// Nowhere between a message every millisecond and one a day.
    #[serde(rename = "nowhere")]
    Nowhere,
}

/// Between which times between two messages a break-even is looked for, in seconds.
const RANGE: [f64; 2] = [0.001, 86_400.0];

/// Where two transports cost the same at one service, at the least distance from `now`, the present
/// seconds between two messages; `None` if the service does not bill both.
pub fn break_even(
    book: &PriceBook,
    kinds: [TransportKind; 2],
    now: f64,
    usage: &dyn Fn(f64) -> Option<[Usage; 2]>,
) -> Option<BreakEven> {
    let totals = |every: f64| {
        let usages = usage(every)?;
        let total = |which: usize| Some(bill(book, kinds[which], &usages[which]).month()?.total);
        Some([total(0)?, total(1)?])
    };
    let first_is_dearer = |every| totals(every).map(|[first, second]| first > second);
    let is_now = first_is_dearer(now)?;
    let at = nearest_change(now, RANGE, false, |every| {
        first_is_dearer(every).is_none_or(|is| is == is_now)
    });
    Some(at.map_or(BreakEven::Nowhere, BreakEven::At))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::Shipped;

    /// Of the published formulae: pushes are cheaper below 1 / T - 0.0042 messages a second.
    #[test]
    fn at_the_gateway_the_break_even_is_where_the_formulae_have_it() {
        let book = Shipped::named("aws-api-gateway").expect("it ships").book();
        // Few enough clients that all is in the first tier.
        let [clients, interval] = [100.0, 10.0];
        let usage = |every: f64| {
            let push = Usage {
                clients,
                topics: 1.0,
                requests_per_second: 0.0,
                deliveries_per_second: clients / every,
                published_per_second: 1.0 / every,
                message_bytes: 20.0,
                bytes_out_per_second: 0.0,
            };
            Some([Usage { requests_per_second: clients / interval, ..push }, push])
        };
        let kinds = [TransportKind::ShortPoll, TransportKind::WebSocket];
        let found = break_even(&book, kinds, 60.0, &usage);
        let Some(BreakEven::At(every)) = found else { panic!("{found:?}") };
        let rate = 1.0 / interval - 0.25 / 60.0;
        assert!((1.0 / every - rate).abs() < 1e-6, "{every}");
    }
}
