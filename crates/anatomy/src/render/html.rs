//! An anatomy as one page: no script, no file beside it, no request.

use std::fmt::Write as _;

use pushbench_protocol::{ByteKind, Layer};

use super::words::{self, Shown, number, shown};
use crate::part::{Detail, Part, Passage};
use crate::{Anatomy, Headers, Step};

const STYLE: &str = include_str!("page.css");

/// Renders anatomies as a whole document.
pub fn html(all: &[Anatomy]) -> String {
    let titles: Vec<_> = all.iter().map(|anatomy| anatomy.transport.properties().phrase).collect();
    let title = format!("Anatomy of {}", titles.join(" and "));
    let mut page = Page(String::new());
    page.put(format_args!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escaped(&title)
    ));
    page.put(format_args!("<h1>{}</h1>\n", escaped(&title)));
    page.legend(all);
    if all.len() > 1 {
        page.comparison(all);
    }
    for anatomy in all {
        page.anatomy(anatomy);
    }
    page.0.push_str("</main>\n</body>\n</html>\n");
    page.0
}

struct Page(String);

impl Page {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a string takes every write");
    }

    fn legend(&mut self, all: &[Anatomy]) {
        let seen = |kind: ByteKind| all.iter().any(|anatomy| anatomy.total(kind) > 0);
        self.put(format_args!("<ul class=\"legend\" aria-label=\"Purpose of the bytes\">\n"));
        for &kind in ByteKind::ALL.iter().filter(|&&kind| seen(kind)) {
            let what = words::kind(kind);
            self.put(format_args!("<li><span class=\"kind {kind}\">{kind}</span> {what}</li>\n"));
        }
        self.put(format_args!("</ul>\n"));
    }

    fn comparison(&mut self, all: &[Anatomy]) {
        self.put(format_args!("<section>\n<h2>Side by side</h2>\n"));
        self.put(format_args!("<p>Counted bytes, both directions.</p>\n"));
        for anatomy in all {
            let label = anatomy.transport.label();
            let each: Vec<_> =
                ByteKind::ALL.iter().map(|&kind| (kind, anatomy.each(kind))).collect();
            let most = all.iter().map(|a| wire(|kind| a.each(kind))).max().unwrap_or(1);
            self.put(format_args!("<p class=\"bar-label\">{label}, per message</p>\n"));
            self.bar(&each, most);
        }
        for (heading, rows) in words::comparison(all) {
            self.put(format_args!("<div class=\"scroll\"><table>\n<caption>{heading}</caption>\n<tr><th scope=\"col\">bytes</th>"));
            for anatomy in all {
                self.put(format_args!("<th scope=\"col\">{}</th>", anatomy.transport.label()));
            }
            self.put(format_args!("</tr>\n"));
            for row in rows {
                let class = if row.is_sum { " class=\"sum\"" } else { "" };
                self.put(format_args!("<tr{class}><th scope=\"row\">{}</th>", row.label));
                for value in row.values {
                    self.put(format_args!("<td>{}</td>", number(value)));
                }
                self.put(format_args!("</tr>\n"));
            }
            self.put(format_args!("</table></div>\n"));
        }
        self.put(format_args!("</section>\n"));
    }

    /// A stacked bar, as long as its share of the longest; its text says the same.
    fn bar(&mut self, kinds: &[(ByteKind, u64)], most: u64) {
        let there: Vec<_> = kinds.iter().filter(|(_, bytes)| *bytes > 0).collect();
        let said: Vec<_> =
            there.iter().map(|(kind, bytes)| format!("{kind} {} B", number(*bytes))).collect();
        self.put(format_args!(
            "<div class=\"bar\" role=\"img\" aria-label=\"{}\">",
            said.join(", ")
        ));
        for (kind, bytes) in there {
            let share = 100.0 * *bytes as f64 / most.max(1) as f64;
            self.put(format_args!("<span class=\"{kind}\" style=\"width:{share:.3}%\" title=\"{kind} {bytes} B\"></span>"));
        }
        self.put(format_args!("</div>\n<p class=\"bar-text\">{}</p>\n", said.join(", ")));
    }

    fn anatomy(&mut self, anatomy: &Anatomy) {
        let title = anatomy.transport.properties().phrase;
        self.put(format_args!("<article>\n<h2>Anatomy of {title}</h2>\n"));
        self.put(format_args!(
            "<p>One real exchange with <code>{}</code>, with the headers of the profile {}. Each \
             row is a part of it: the bytes, their number, what they are booked as, and why they \
             are sent.</p>\n",
            escaped(&anatomy.server),
            escaped(&anatomy.request_headers)
        ));
        for (place, step) in anatomy.steps.iter().enumerate() {
            self.step(anatomy, place + 1, step);
        }
        if let Some(connection) = anatomy.connections.first() {
            self.headers(&connection.headers);
        }
        self.totals(anatomy);
        self.put(format_args!("</article>\n"));
    }

    fn step(&mut self, anatomy: &Anatomy, number: usize, step: &Step) {
        let over = match anatomy.connections.len() {
            1 => String::new(),
            _ => format!(", connection {}", step.connection),
        };
        self.put(format_args!(
            "<section>\n<h3>{number}. {} <small>{}{over}</small></h3>\n<p>{}</p>\n",
            step.title,
            words::paid(step),
            escaped(step.story)
        ));
        for passage in &step.passages {
            self.passage(passage);
        }
        self.put(format_args!(
            "<p class=\"segments\">{}</p>\n</section>\n",
            escaped(&words::segments(step))
        ));
    }

    fn passage(&mut self, passage: &Passage) {
        self.put(format_args!(
            "<h4>{}: {}, {} B</h4>\n<div class=\"parts\">\n",
            escaped(words::direction(passage.direction)),
            escaped(&passage.title),
            number(passage.len())
        ));
        for part in &passage.parts {
            self.part(part);
        }
        self.put(format_args!("</div>\n"));
    }

    fn part(&mut self, part: &Part) {
        let kind = part.kind;
        self.put(format_args!("<div class=\"part {kind}\">\n<code class=\"bytes\">"));
        for piece in shown(part) {
            match piece {
                Shown::Plain(text) => self.put(format_args!("{}", escaped(&text))),
                Shown::Escape(text) => self.put(format_args!("<i>{text}</i>")),
                Shown::Left(text) => self.put(format_args!("<i>{}</i>", escaped(&text))),
            }
        }
        let size = number(part.len());
        self.put(format_args!(
            "</code>\n<span class=\"size\">{size} B</span><span class=\"kind {kind}\">{kind}</span>\n"
        ));
        self.put(format_args!("<p class=\"note\">{}", escaped(&words::note(part))));
        if let Some(source) = part.source {
            self.put(format_args!(" <cite>{}</cite>", escaped(source)));
        }
        self.put(format_args!("</p>\n"));
        self.details(&part.details);
        self.put(format_args!("</div>\n"));
    }

    fn details(&mut self, details: &[Detail]) {
        if details.is_empty() {
            return;
        }
        self.put(format_args!("<dl>\n"));
        for Detail { name, value, note } in details {
            self.put(format_args!(
                "<dt>{}</dt><dd><code>{}</code> {}</dd>\n",
                escaped(name),
                escaped(value),
                escaped(note)
            ));
        }
        self.put(format_args!("</dl>\n"));
    }

    fn headers(&mut self, headers: &Headers) {
        self.put(format_args!(
            "<section>\n<h3>The {} bytes in front of every segment <small>{}</small></h3>\n\
             <p>On loopback as across an ocean, every segment has them, and so does every pure \
             acknowledgement. A SYN has {}, since it carries more options. The kernel counted \
             the segments (<code>TCP_INFO</code>); the layout of their headers:</p>\n<div class=\"scroll\"><table class=\"layout\">\n\
             <tr><th scope=\"col\">header</th><th scope=\"col\">bytes</th><th scope=\"col\">field</th>\
             <th scope=\"col\">here</th></tr>\n",
            headers.len,
            escaped(&headers.sum),
            headers.syn_len
        ));
        for field in &headers.fields {
            self.put(format_args!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                field.header,
                field.len,
                field.name,
                escaped(&field.note)
            ));
        }
        self.put(format_args!("</table></div>\n</section>\n"));
    }

    fn totals(&mut self, anatomy: &Anatomy) {
        self.put(format_args!(
            "<section>\n<h3>All bytes by kind</h3>\n<div class=\"scroll\"><table>\n\
             <tr><th scope=\"col\">bytes</th><th scope=\"col\">up</th><th scope=\"col\">down</th>\
             <th scope=\"col\">both</th></tr>\n"
        ));
        for total in &anatomy.totals {
            if total.kind == ByteKind::TcpIp {
                self.sum(anatomy, Layer::Stream);
            }
            self.put(format_args!(
                "<tr><th scope=\"row\"><span class=\"kind {0}\">{0}</span></th><td>{1}</td><td>{2}</td><td>{3}</td></tr>\n",
                total.kind,
                number(total.up),
                number(total.down),
                number(total.both())
            ));
        }
        self.sum(anatomy, Layer::Wire);
        self.put(format_args!("</table></div>\n"));
        for line in words::balance(anatomy) {
            self.put(format_args!("<p class=\"balance\">{}</p>\n", escaped(&line)));
        }
        self.put(format_args!("</section>\n"));
    }

    fn sum(&mut self, anatomy: &Anatomy, layer: Layer) {
        let kinds = || anatomy.totals.iter().filter(|total| total.kind.is_in(layer));
        let up: u64 = kinds().map(|total| total.up).sum();
        let down: u64 = kinds().map(|total| total.down).sum();
        self.put(format_args!(
            "<tr class=\"sum\"><th scope=\"row\">= {layer}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            number(up),
            number(down),
            number(up + down)
        ));
    }
}

/// Everything at layer 3.
fn wire(of: impl Fn(ByteKind) -> u64) -> u64 {
    ByteKind::ALL.iter().map(|&kind| of(kind)).sum()
}

/// Text as it may stand in a document and in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sends_never_becomes_markup() {
        assert_eq!(
            escaped("<script>alert(\"x\" & 'y')</script>"),
            "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;"
        );
    }
}
