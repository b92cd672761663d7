//! What a drawing needs to stand alone: names, a title, a description, its own patterns.

use std::fmt::Write as _;

use super::Chart;
use super::ink::{Ink, patterns};
use crate::html::escape::{attribute, text};

/// Gives the library's SVG a text alternative, a size that adapts, and names of its own.
pub(crate) fn dressed(svg: &str, chart: &Chart, id: &str, ink: Ink) -> String {
    let (open, rest) = svg.split_once('>').expect("the library begins with a tag");
    let value = |name: &str| {
        let value = open.split_once(&format!(" {name}=\""))?.1;
        Some(value.split_once('"')?.0)
    };
    let (width, height) = (value("width").unwrap_or("0"), value("height").unwrap_or("0"));
    let mut out = String::with_capacity(svg.len() + 2_000);
    let namespace = match ink {
        Ink::Page => "",
        Ink::Slide => " xmlns=\"http://www.w3.org/2000/svg\"",
    };
    write!(
        out,
        "<svg{namespace} viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" font-family=\"{}\" fill=\"{}\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        value("font-family").unwrap_or("sans-serif"),
        attribute(&ink.frame("ink")),
        text(&chart.title),
        text(&chart.description()),
        id = attribute(id),
    )
    .expect("a string takes every write");
    if ink == Ink::Slide {
        write!(out, "<defs>{}</defs>", patterns(ink)).expect("a string takes every write");
    }
    out.push_str(&without_counter(rest, id));
    out
}

/// The library numbers its clips through the whole process; ours are named for the drawing, so that
/// the same record always gives the same file.
fn without_counter(svg: &str, id: &str) -> String {
    const CLIP: &str = "kuva-clip-";
    let mut pieces = svg.split(CLIP);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    let mut seen: Vec<&str> = Vec::new();
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        let place = seen.iter().position(|found| *found == number).unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        write!(out, "{}-clip-{place}{rest}", attribute(id)).expect("a string takes every write");
    }
    out
}

/// Heights for labels that are wanted at these, in the same order, at least `gap` apart and none
/// below `bottom` as long as there is room above.
pub(crate) fn labels_apart(wanted: &[f64], gap: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&one, &other| wanted[one].total_cmp(&wanted[other]));
    let mut heights = wanted.to_vec();
    let mut above = f64::NEG_INFINITY;
    for &place in &order {
        heights[place] = heights[place].max(above + gap);
        above = heights[place];
    }
    let mut below = bottom + gap;
    for &place in order.iter().rev() {
        heights[place] = heights[place].min(below - gap);
        below = heights[place];
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_touch_are_moved_apart_and_others_stay() {
        assert_eq!(labels_apart(&[50.0, 10.0, 12.0], 10.0, 100.0), [50.0, 10.0, 20.0]);
        assert_eq!(labels_apart(&[], 10.0, 100.0), [0.0; 0]);
    }

    #[test]
    fn labels_at_the_bottom_are_pushed_up() {
        assert_eq!(labels_apart(&[99.0, 98.0, 97.0], 10.0, 100.0), [100.0, 90.0, 80.0]);
    }

    #[test]
    fn clips_are_named_for_the_drawing_whatever_their_number_was() {
        let svg = "<clipPath id=\"kuva-clip-17\"/><g clip-path=\"url(#kuva-clip-17)\"/>";
        let named = "<clipPath id=\"a-clip-0\"/><g clip-path=\"url(#a-clip-0)\"/>";
        assert_eq!(without_counter(svg, "a"), named);
    }
}
