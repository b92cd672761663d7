//! The page and the slides of runs made by hand, of committed records, and of a hostile one.

mod runs;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use pushbench_report::layout::{Block, Document, Row, Span, Table};
use pushbench_report::{document, html, slides, text};
use pushbench_store::RunV2;
use scraper::{ElementRef, Html, Selector};

const RECORD: &str = "results/ticker/20261122T143000Z-7k3mqa/run.json";
const HOSTILE: &str =
    "</title></style><script>alert(1)</script><img src='x' onerror=\"y\"> & $x$ \u{1b}";

fn reference(name: &str) -> RunV2 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference");
    pushbench_store::read(&folder.join(name)).expect("the record is committed and readable")
}

/// A run in which everything that a person or a machine names is an attack.
fn hostile() -> RunV2 {
    let mut run = runs::valid();
    run.scenario.question = HOSTILE.to_owned();
    run.scenario.name = HOSTILE.to_owned();
    run.environment.cpu = Some(HOSTILE.to_owned());
    run.scenario.settings.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
    let label = run.transports[0].label.clone();
    run.transports[0].label = HOSTILE.to_owned();
    run.transports[0].options.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
    for trial in run.trials.iter_mut().filter(|trial| trial.transport == label) {
        trial.transport = HOSTILE.to_owned();
        trial.checks[0].verdict = pushbench_store::Verdict::Warning;
        trial.checks[0].text = HOSTILE.to_owned();
    }
    run
}

/// A run and its page.
struct Shown {
    name: &'static str,
    run: RunV2,
    page: String,
}

/// Every run that must make a good page; drawn once for all tests.
static EVERY: LazyLock<Vec<Shown>> = LazyLock::new(|| {
    let mut all = runs::every();
    all.push(("hostile", hostile()));
    all.extend(["all-transports", "idle-feed"].map(|name| (name, reference(name))));
    all.into_iter().map(|(name, run)| Shown { name, page: page(&run), run }).collect()
});

fn page(run: &RunV2) -> String {
    html(run, Some(RECORD))
}

fn all<'page>(page: &'page Html, selector: &str) -> Vec<ElementRef<'page>> {
    let selector = Selector::parse(selector).expect("the selector is a constant");
    page.select(&selector).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_page_is_well_formed() {
    for Shown { name, page, .. } in &*EVERY {
        let parsed = Html::parse_document(page);
        assert!(parsed.errors.is_empty(), "{name}: {:?}", parsed.errors);
    }
}

#[test]
fn nothing_on_a_page_is_fetched_from_anywhere() {
    const FETCHING: [&str; 10] = [
        "src",
        "srcset",
        "href",
        "xlink:href",
        "data",
        "action",
        "poster",
        "background",
        "formaction",
        "ping",
    ];
    for Shown { name, page, .. } in &*EVERY {
        let parsed = Html::parse_document(page);
        for element in all(&parsed, "*") {
            for (attribute, value) in element.value().attrs() {
                let stays = !FETCHING.contains(&attribute) || value.starts_with('#');
                assert!(stays, "{name}: {attribute}={value}");
                assert!(!attribute.starts_with("on"), "{name}: {attribute}={value}");
                let outside = value.replace("url(#", "");
                assert!(!outside.contains("url("), "{name}: {attribute}={value}");
            }
        }
        for style in all(&parsed, "style") {
            let style: String = style.text().collect();
            assert!(!style.contains("url(") && !style.contains("@import"), "{name}");
        }
        assert!(all(&parsed, "script, link, iframe, object, embed, img, base").is_empty());
        let policy = all(&parsed, "meta[http-equiv='Content-Security-Policy']");
        assert!(policy[0].attr("content").unwrap().starts_with("default-src 'none'"));
    }
}

#[test]
fn every_name_on_a_page_is_there_once_and_whatever_is_referred_to_exists() {
    for Shown { name, page, .. } in &*EVERY {
        let parsed = Html::parse_document(page);
        let mut ids = BTreeSet::new();
        for element in all(&parsed, "[id]") {
            let id = element.attr("id").unwrap();
            assert!(ids.insert(id.to_owned()), "{name}: {id} twice");
        }
        let links =
            all(&parsed, "a[href]").into_iter().map(|a| a.attr("href").unwrap()[1..].to_owned());
        let labels = all(&parsed, "[aria-labelledby]").into_iter().flat_map(|element| {
            let names = element.attr("aria-labelledby").unwrap().split(' ');
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        let fills = page.split("url(#").skip(1);
        let fills = fills.map(|rest| rest.split_once(')').unwrap().0.to_owned());
        for wanted in links.chain(labels).chain(fills) {
            assert!(ids.contains(&wanted), "{name}: {wanted} is not there");
        }
    }
}

#[test]
fn every_chart_has_its_text_alternative_and_its_numbers() {
    for Shown { name, run, page } in &*EVERY {
        let document = document(run, None);
        let parsed = Html::parse_document(page);
        let figures = all(&parsed, "figure");
        assert_eq!(figures.len(), document.charts().count(), "{name}");
        let of = |figure: &ElementRef<'_>, selector: &str| {
            figure.select(&Selector::parse(selector).unwrap()).count()
        };
        for (figure, chart) in figures.iter().zip(document.charts()) {
            assert_eq!(of(figure, "svg[role=img][aria-labelledby]"), 2, "{name}");
            assert_eq!(of(figure, "svg"), 2, "{name}");
            assert!(of(figure, "details table") >= 1, "{name}: {}", chart.name);
            for svg in figure.select(&Selector::parse("svg").unwrap()) {
                let child = |selector: &str| {
                    let found = svg.select(&Selector::parse(selector).unwrap()).next();
                    words(&found.expect("it is there").text().collect::<String>())
                };
                let clean = |text: &str| words(&text.replace('\u{1b}', "\u{fffd}"));
                assert_eq!(child("svg > title"), clean(&chart.title), "{name}");
                assert_eq!(child("svg > desc"), clean(&chart.description()), "{name}");
            }
        }
    }
}

#[test]
fn the_pages_of_committed_records_are_below_a_megabyte_and_have_every_chart() {
    for name in ["all-transports", "kaazing-a", "quickstart", "busy-feed", "latency-law"] {
        let run = reference(name);
        let page = page(&run);
        assert!(page.len() < 1_000_000, "{name}: {} bytes", page.len());
        let names: Vec<_> = document(&run, None).charts().map(|chart| chart.name.clone()).collect();
        let has_tls = run.trials.iter().any(|trial| trial.tls.is_some());
        let socket: &[_] = if has_tls { &["bytes-socket"] } else { &[] };
        let expected = [
            "bytes-wire",
            "bytes-stream",
            "bytes-up",
            "bytes-down",
            "latency",
            "age",
            "server-cpu",
            "server-memory",
        ];
        let expected = [&expected[..1], socket, &expected[1..]].concat();
        assert_eq!(names, expected, "{name}");
    }
}

#[test]
fn what_people_and_machines_name_never_becomes_markup() {
    let run = hostile();
    let parsed = Html::parse_document(&page(&run));
    let heading: String = all(&parsed, "h1")[0].text().collect();
    assert_eq!(words(&heading), words(&HOSTILE.replace('\u{1b}', "\u{fffd}")));
    let title: String = all(&parsed, "head > title")[0].text().collect();
    assert_eq!(title, heading);
    assert!(all(&parsed, "script, img, [onerror]").is_empty());
    assert_eq!(all(&parsed, "body > section").len(), document(&run, None).sections.len());
}

#[test]
fn the_page_says_all_that_the_text_says() {
    for Shown { name, run, page } in &*EVERY {
        let parsed = Html::parse_document(page);
        let said = words(&all(&parsed, "body")[0].text().collect::<Vec<_>>().join(" "));
        let squeezed = |text: &str| text.replace([' ', '\u{1b}', '\u{fffd}'], "");
        let said = squeezed(&said);
        for line in lines(&document(run, Some(RECORD))) {
            let line = squeezed(&words(&line));
            assert!(said.contains(&line), "{name}: {line}");
        }
    }
}

/// Every row of a table, its cells without gaps.
fn rows(table: &Table) -> impl Iterator<Item = String> {
    table.rows.iter().map(|row| match row {
        Row::Heading(heading) => heading.clone(),
        Row::Values { label, cells } => {
            let cells = cells.iter().map(|cell| cell.text.as_str());
            format!("{}{}", label.text, cells.collect::<String>())
        }
    })
}

/// Every paragraph, item, cell and heading of a document.
fn lines(document: &Document) -> Vec<String> {
    let whole = |line: &[Span]| line.iter().map(|span| span.text.as_str()).collect::<String>();
    let mut lines = Vec::new();
    for section in &document.sections {
        lines.push(section.heading.clone());
        for block in &section.blocks {
            match block {
                Block::Paragraph(line) => lines.push(whole(line)),
                Block::Items(items) => lines.extend(items.iter().map(|item| whole(item))),
                Block::Table(table) => lines.extend(rows(table)),
                Block::Chart(chart) => lines.extend(chart.notes.iter().map(|note| whole(note))),
                Block::Folded(folded) => {
                    lines.push(folded.summary.clone());
                    lines.extend(folded.tables.iter().flat_map(|(_, table)| rows(table)));
                }
            }
        }
    }
    lines
}

#[test]
fn a_record_always_gives_the_same_page_and_the_same_slides() {
    let run = reference("all-transports");
    assert_eq!(page(&run), page(&run));
    assert_eq!(slides(&run), slides(&run));
}

#[test]
fn a_slide_is_whole_xml_with_its_own_colours_and_patterns() {
    for Shown { name, run, .. } in &*EVERY {
        let mut files = BTreeSet::new();
        for slide in slides(run) {
            assert!(files.insert(slide.file.clone()), "{name}: {} twice", slide.file);
            let parsed = roxmltree::Document::parse(&slide.svg)
                .unwrap_or_else(|error| panic!("{name}, {}: {error}", slide.file));
            let root = parsed.root_element();
            assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
            assert_eq!(root.attribute("role"), Some("img"));
            assert!(!slide.svg.contains("var("), "{name}: {}", slide.file);
            let ids: BTreeSet<_> =
                parsed.descendants().filter_map(|node| node.attribute("id")).collect();
            for fill in slide.svg.split("url(#").skip(1) {
                let wanted = fill.split_once(')').unwrap().0;
                assert!(ids.contains(wanted), "{name}, {}: {wanted}", slide.file);
            }
        }
    }
}

#[test]
fn the_text_passes_pictures_over() {
    for Shown { name, run, .. } in &*EVERY {
        let text = text(run, &pushbench_report::TextOptions::default());
        assert!(!text.contains("\nUp and down\n") && !text.contains("<svg"), "{name}");
    }
}

#[test]
fn the_words_of_each_chart_are_as_reviewed() {
    for (name, run) in [
        ("valid", runs::valid()),
        ("absent_figures", runs::absent_figures()),
        ("sweep", runs::sweep()),
        ("all-transports", reference("all-transports")),
    ] {
        let charts = document(&run, None);
        let told = charts
            .charts()
            .map(|chart| format!("{}: {}\n  {}\n", chart.name, chart.title, chart.description()));
        insta::assert_snapshot!(format!("charts_{name}"), told.collect::<String>());
    }
}

/// A sweep of 2 payloads, 3 numbers of clients and these heads; two transports.
fn sweep_over(headers: &[&str]) -> RunV2 {
    let mut run = runs::sweep();
    let (cells, trials) =
        (std::mem::take(&mut run.scenario.cells), std::mem::take(&mut run.trials));
    for headers in headers {
        for clients in ["10", "20", "30"] {
            let settings = [("headers.request", *headers), ("workload.clients", clients)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            run.scenario.cells.extend(cells.iter().cloned().map(|mut cell| {
                cell.extend(settings.clone());
                cell
            }));
            run.trials.extend(trials.iter().cloned().map(|mut trial| {
                trial.cell.extend(settings.clone());
                trial
            }));
        }
    }
    run
}

#[test]
fn a_sweep_of_more_lines_than_an_sampler_can_follow_has_a_picture_for_each_pair() {
    let run = sweep_over(&["minimal", "chrome", "firefox", "curl", "kaazing-2009"]);
    let document = document(&run, None);
    let charts: Vec<_> = document.charts().collect();
    let names: Vec<_> = charts.iter().map(|chart| chart.name.as_str()).collect();
    assert_eq!(names, ["sweep-short-poll-websocket"]);
    let told = charts[0].description();
    for line in ["minimal, 20: 8.55 at 10,", "kaazing-2009, 200: 4.12 at 10,"] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

#[test]
fn a_sweep_of_too_many_combinations_for_one_picture_has_one_for_each() {
    let headers: Vec<_> = (1..=9).map(|number| format!("head-{number}")).collect();
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    let document = document(&sweep_over(&headers), None);
    let charts: Vec<_> = document.charts().collect();
    let names: BTreeSet<_> = charts.iter().map(|chart| chart.name.as_str()).collect();
    assert_eq!((charts.len(), names.len()), (18, 18), "{names:?}");
    // Along the axis go three values of clients; what a picture is of stands in its title.
    let titles: Vec<_> = charts.iter().map(|chart| chart.title.as_str()).collect();
    for headers in headers {
        for bytes in ["20", "200"] {
            let what = format!("headers.request {headers}, payload.bytes {bytes}");
            let found = titles.iter().filter(|title| title.ends_with(&what)).count();
            assert_eq!(found, 1, "{titles:?}");
        }
    }
}
