//! From a chart to SVG, by the `kuva` library.

mod bars;
mod curves;

use kuva::backend::svg::SvgBackend;
use kuva::prelude::{Layout, Plot, Theme};
use kuva::render::render::{Primitive, TextAnchor};

use super::frame::dressed;
use super::ink::Ink;
use super::{Chart, Picture};
use crate::html::escape::printable;

/// What a chart is drawn on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canvas<'a> {
    /// Stands before every name within the drawing, so that two can share a page.
    pub(crate) id: &'a str,
    pub(crate) ink: Ink,
    /// In pixels; the height follows from what is shown.
    pub(crate) width: f64,
    /// Size of letters.
    pub(crate) letters: u32,
    /// Whether the title is part of the picture.
    pub(crate) has_title: bool,
}

/// Width of a letter, in its size: generous, so that bold ones of any font fit.
const LETTER: f64 = 0.64;
/// Canvases below this width are for small screens.
const NARROW: f64 = 500.0;

/// Draws a chart: an `<svg>` element with its title and description.
pub(crate) fn draw(chart: &Chart, canvas: &Canvas<'_>) -> String {
    let scene = match &chart.picture {
        Picture::Bars(bars) => canvas.bars(bars, &chart.title),
        Picture::Curves(curves) => canvas.curves(curves, &chart.title),
    };
    dressed(&SvgBackend::new().render_scene(&scene), chart, canvas.id, canvas.ink)
}

impl Canvas<'_> {
    fn layout(&self, plots: &[Plot], title: &str, height: f64) -> Layout {
        let ink = |name| self.ink.frame(name);
        let theme = Theme {
            background: match self.ink {
                Ink::Page => "none".to_owned(),
                Ink::Slide => ink("paper"),
            },
            axis_color: ink("soft"),
            grid_color: ink("grid"),
            tick_color: ink("soft"),
            text_color: ink("ink"),
            legend_bg: "none".to_owned(),
            legend_border: "none".to_owned(),
            font_family: Some("system-ui, 'Helvetica Neue', Arial, sans-serif".to_owned()),
            ..Theme::light()
        };
        let layout = Layout::auto_from_plots(plots)
            .with_theme(theme)
            .with_width(self.width)
            .with_height(height)
            .with_body_size(self.letters)
            .with_tick_size(self.letters)
            .with_label_size(self.letters)
            .with_legend_box(false);
        match self.has_title {
            true => layout.with_title(plain(title)).with_title_size(self.letters + 3),
            false => layout,
        }
    }

    fn text(&self, x: f64, y: f64, content: String, colour: String, bold: bool) -> Primitive {
        Primitive::Text {
            x,
            y,
            content,
            size: self.letters,
            anchor: TextAnchor::Start,
            rotate: None,
            bold,
            color: Some(colour.into()),
        }
    }

    /// A name that leaves room for the picture.
    fn label(&self, text: &str) -> String {
        let most = (self.width * 0.25 / (LETTER * f64::from(self.letters))) as usize;
        plain(&shortened(text, most))
    }

    /// An axis' title that fits beside the picture.
    fn clipped(&self, text: &str) -> String {
        let most = (self.width * 0.8 / (LETTER * f64::from(self.letters))) as usize;
        plain(&shortened(text, most))
    }
}

/// The library takes what stands between two dollar signs for mathematics.
fn plain(text: &str) -> String {
    printable(text).replace('$', "\\$")
}

fn width_of(text: &str, letters: f64) -> f64 {
    text.chars().count() as f64 * LETTER * letters
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['\u{2026}']).collect()
}
