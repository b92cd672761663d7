//! Figures of trials whose sums are written by hand.

use pushbench_store::CountsV1;

use super::*;

/// The figures of a measure phase of 2 s with a client that has received this.
fn figures_of(counts: CountsV1, down: KindsV1) -> Figures {
    let sums = Sums {
        clients: 1,
        connections: 1,
        counts,
        phase_seconds: [(Phase::Measure, 2.0)].into(),
        ..Sums::default()
    };
    let measure = PhaseBooksV1 { down, ..PhaseBooksV1::default() };
    let books = BooksV1 { phases: [(Phase::Measure, measure)].into(), ..BooksV1::default() };
    figures(&Source {
        sums: &sums,
        books: &books,
        machines: &[],
        headers: SegmentHeaders { ipv6: false, timestamps: true },
        payload_bytes: 20,
        scheduled_seconds: 2.0,
        time_scale: 1.0,
        is_poll: false,
        is_compressed: false,
    })
}

#[test]
fn what_stands_around_a_message_is_not_known_where_messages_came_compressed() {
    let down = KindsV1 { payload: 60, wrapping: 0, ..KindsV1::default() };
    let came = CountsV1 { deliveries_in_measure: 4, ..CountsV1::default() };
    let known = KindsV1 { wrapping: 52, ..down.clone() };
    let wrapping = |figures: &Figures, way: &str| {
        figures.get(&format!("wrapping_bytes{way}_per_delivery")).copied()
    };
    let plain = figures_of(came.clone(), known.clone());
    assert_eq!([wrapping(&plain, ""), wrapping(&plain, "_down")], [Some(13.0); 2]);
    let coded = CountsV1 { coded_messages: Some(1), ..came };
    for down in [down, known] {
        let figures = figures_of(coded.clone(), down);
        assert_eq!([wrapping(&figures, ""), wrapping(&figures, "_down")], [None; 2]);
        assert_eq!(figures["payload_bytes_down_per_delivery"], 15.0, "all of it is payload");
    }
}

#[test]
fn payload_per_second_is_of_what_came_and_not_of_what_the_scenario_would_publish() {
    let came = CountsV1 { deliveries_in_measure: 4, ..CountsV1::default() };
    let counted = CountsV1 { uncompressed_payload_bytes_in_measure: Some(200), ..came.clone() };
    for (counts, bits_per_second) in [(counted, 800.0), (came, 320.0)] {
        assert_eq!(figures_of(counts, KindsV1::default())["goodput"], bits_per_second);
    }
}
