//! Colours, hatches and dashes, in one place for pages in both themes and for slides.
//!
//! A page says them as CSS variables, so that one drawing serves light, dark and print; a slide has
//! them written out. Neighbours in a bar differ in lightness and hatch, lines in dash, so that
//! nothing is told by colour alone.

use std::fmt::Write as _;

/// How colours are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ink {
    /// As variables of [`page_css`] and patterns of [`patterns`] in the same document.
    Page,
    /// Written out, on white.
    Slide,
}

/// A named colour in both themes.
struct Tint {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
}

const fn tint(name: &'static str, light: &'static str, dark: &'static str) -> Tint {
    Tint { name, light, dark }
}

/// What is not a part or a line.
const FRAME: [Tint; 7] = [
    tint("paper", "#ffffff", "#14171c"),
    tint("ink", "#1c2128", "#e4e7eb"),
    tint("soft", "#565e6a", "#a3acb9"),
    tint("grid", "#e1e5ea", "#2c323b"),
    tint("model", "#c3c9d3", "#3d4551"),
    tint("bar", "#2f6ca8", "#6ba4dc"),
    tint("hatch", "#1c2128", "#0a0c10"),
];

/// Fills of parts with the strokes that hatch them.
const FILLS: [(Tint, &str); 10] = [
    (tint("fill-0", "#064d36", "#3ecf9a"), ""),
    (tint("fill-1", "#a8dcc6", "#1f6b51"), "M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2"),
    (tint("fill-2", "#e8853b", "#d9722a"), "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2"),
    (tint("fill-3", "#f6c445", "#ffd75e"), "M3,0 v6 M0,3 h6"),
    (tint("fill-4", "#5b4fc7", "#9d8df1"), "M0,3 h6"),
    (tint("fill-5", "#d46a9f", "#e38ab5"), "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2 M0,0 l6,6"),
    (tint("fill-6", "#8ecae6", "#6fc3ea"), "M3,0 v6"),
    (tint("fill-7", "#5a6880", "#7386a3"), ""),
    (tint("fill-8", "#c9a37c", "#a8825a"), "M0,3 h6 M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2"),
    (tint("fill-9", "#c62828", "#ef6a6a"), "M3,0 v6 M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2"),
];

/// Lines with their dashes.
const LINES: [(Tint, &str); 8] = [
    (tint("line-0", "#b5400b", "#ff9a56"), ""),
    (tint("line-1", "#6d28a8", "#c79bff"), "9 4"),
    (tint("line-2", "#0b6e4f", "#3ecf9a"), "2 3"),
    (tint("line-3", "#0b62a5", "#63b3f2"), "10 3 2 3"),
    (tint("line-4", "#a11d5a", "#ff8fbf"), "5 2"),
    (tint("line-5", "#5c6b00", "#cfdc5a"), "12 3 2 3 2 3"),
    (tint("line-6", "#334155", "#cbd5e1"), "16 5"),
    (tint("line-7", "#8a5a00", "#f2c14e"), "1 4"),
];

impl Ink {
    /// A colour of the frame by its name.
    pub(crate) fn frame(self, name: &str) -> String {
        let tint = FRAME.iter().find(|tint| tint.name == name);
        self.write(tint.expect("only names of the table are asked for"))
    }

    /// Fill of a part, or of a bar without parts. Parts beyond the table begin anew.
    pub(crate) fn fill(self, place: Option<usize>) -> String {
        let Some(place) = place else { return self.frame("bar") };
        let (tint, hatch) = &FILLS[place % FILLS.len()];
        if hatch.is_empty() { self.write(tint) } else { format!("url(#pb-{})", tint.name) }
    }

    /// Colour and dashes of a line; no dashes is a whole line.
    pub(crate) fn line(self, place: usize) -> (String, &'static str) {
        let (tint, dashes) = &LINES[place % LINES.len()];
        (self.write(tint), dashes)
    }

    fn write(self, tint: &Tint) -> String {
        match self {
            Self::Page => format!("var(--pb-{})", tint.name),
            Self::Slide => tint.light.to_owned(),
        }
    }
}

/// The hatched fills as SVG patterns, to stand in a `<defs>`.
pub(crate) fn patterns(ink: Ink) -> String {
    let mut out = String::new();
    for (tint, hatch) in FILLS.iter().filter(|(_, hatch)| !hatch.is_empty()) {
        let (fill, stroke) = (ink.write(tint), ink.frame("hatch"));
        write!(
            out,
            "<pattern id=\"pb-{}\" patternUnits=\"userSpaceOnUse\" width=\"6\" height=\"6\">\
             <rect width=\"6\" height=\"6\" fill=\"{fill}\"/>\
             <path d=\"{hatch}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"0.9\" \
             stroke-opacity=\"0.55\"/></pattern>",
            tint.name
        )
        .expect("a string takes every write");
    }
    out
}

/// The variables, light; and dark where a screen asks for it. Paper is always light.
pub(crate) fn page_css() -> String {
    let tints = || {
        let parts = FILLS.iter().map(|(tint, _)| tint);
        FRAME.iter().chain(parts).chain(LINES.iter().map(|(tint, _)| tint))
    };
    let block = |colour: fn(&Tint) -> &'static str| {
        tints().map(|tint| format!("--pb-{}:{};", tint.name, colour(tint))).collect::<String>()
    };
    format!(
        ":root{{{}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{}}}}}\n",
        block(|tint| tint.light),
        block(|tint| tint.dark)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness of a colour as the eye sees it, CIE L*, 0 to 100.
    fn lightness(colour: &str) -> f64 {
        let channel = |place: usize| {
            let value = u8::from_str_radix(&colour[place..place + 2], 16).unwrap();
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let y = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
        if y <= 0.008_856 { y * 903.3 } else { 116.0 * y.cbrt() - 16.0 }
    }

    #[test]
    fn two_fills_that_differ_little_in_lightness_differ_in_hatch() {
        for theme in [|tint: &Tint| tint.light, |tint: &Tint| tint.dark] {
            for (place, (one, one_hatch)) in FILLS.iter().enumerate() {
                for (other, other_hatch) in &FILLS[place + 1..] {
                    let apart = (lightness(theme(one)) - lightness(theme(other))).abs();
                    let differ = apart >= 10.0 || one_hatch != other_hatch;
                    assert!(differ, "{} and {}: {apart}", one.name, other.name);
                }
            }
        }
    }

    #[test]
    fn lines_and_words_stand_out_from_the_paper_in_both_themes() {
        let words = FRAME.iter().filter(|tint| ["ink", "soft"].contains(&tint.name));
        for tint in words.chain(LINES.iter().map(|(tint, _)| tint)) {
            for (colour, paper) in [(tint.light, FRAME[0].light), (tint.dark, FRAME[0].dark)] {
                let apart = (lightness(colour) - lightness(paper)).abs();
                assert!(apart >= 45.0, "{} {colour}: {apart}", tint.name);
            }
        }
    }

    #[test]
    fn no_two_lines_have_the_same_dashes() {
        for (place, (one, dashes)) in LINES.iter().enumerate() {
            let same = LINES[place + 1..].iter().find(|(_, other)| other == dashes);
            assert!(same.is_none(), "{}", one.name);
        }
    }
}
