//! Bars with the model's behind them, and their legend.

use std::sync::Arc;

use kuva::plot::BarPlot;
use kuva::prelude::{Plot, TickFormat};
use kuva::render::layout::ComputedLayout;
use kuva::render::render::{Primitive, Scene, render_multiple};

use super::{Canvas, NARROW, plain, width_of};
use crate::chart::Bars;
use crate::html::escape::printable;
use crate::units::{scaled, tick};

/// Height of a bar with its gap, in letters.
const ROW: f64 = 2.4;
/// Share of its row that the measured bar takes, and the model's behind it.
const MEASURED_WIDTH: f64 = 0.52;
const MODEL_WIDTH: f64 = 0.86;

impl Canvas<'_> {
    pub(super) fn bars(&self, bars: &Bars, title: &str) -> Scene {
        let model = bars.bars.iter().rev().fold(
            BarPlot::new().with_width(MODEL_WIDTH).with_horizontal(true),
            |plot, bar| {
                let length = (bar.model.unwrap_or(0.0), self.ink.frame("model"));
                plot.with_group(self.label(&bar.label), vec![length])
            },
        );
        let measured = bars.bars.iter().rev().fold(
            BarPlot::new().with_width(MEASURED_WIDTH).with_horizontal(true).with_stacked(),
            |plot, bar| {
                let parts = bars.parts.iter().enumerate().map(|(place, part)| {
                    let length = bar.parts.get(place).copied().unwrap_or(0.0);
                    (length, self.ink.fill(part.fill))
                });
                plot.with_group(self.label(&bar.label), parts.collect::<Vec<_>>())
            },
        );
        let tips = bars.bars.iter().rev().flat_map(|bar| {
            bars.parts.iter().enumerate().map(move |(place, part)| {
                let length = bar.parts.get(place).copied().unwrap_or(0.0);
                let length = scaled(bars.unit, length);
                printable(&format!("{}, {}: {length}", bar.label, part.name))
            })
        });
        let measured = measured.with_tooltip_labels(tips.collect::<Vec<_>>());
        let plots = vec![Plot::Bar(model), Plot::Bar(measured)];

        let letters = f64::from(self.letters);
        let totals: Vec<_> = bars
            .bars
            .iter()
            .map(|bar| bar.total.map_or_else(|| "n/a".to_owned(), |total| scaled(bars.unit, total)))
            .collect();
        let room = totals.iter().map(|text| width_of(text, letters)).fold(0.0, f64::max) + letters;
        let unit = bars.unit;
        let labels = bars.bars.iter().map(|bar| width_of(&self.label(&bar.label), letters));
        let left = labels.fold(0.0, f64::max) + 1.5 * letters;
        let layout = |height: f64| {
            let mut layout = self
                .layout(&plots, title, height)
                .with_x_label(self.clipped(&bars.axis))
                .with_ticks(if self.width < NARROW { 4 } else { 7 })
                .with_x_axis_min(0.0)
                .with_x_axis_max(Some(bars.longest()).filter(|most| *most > 0.0).unwrap_or(1.0))
                .with_x_tick_format(TickFormat::Custom(Arc::new(move |value| tick(unit, value))));
            layout.show_legend = false;
            layout.with_force_margins(left, room)
        };
        let margins = ComputedLayout::from_layout(&layout(1_000.0));
        let rows = bars.bars.len() as f64 * ROW * letters;
        let height = margins.margin_top + rows + margins.margin_bottom;
        let computed = ComputedLayout::from_layout(&layout(height));
        let layout = layout(height);
        let mut scene = render_multiple(plots, layout);
        for (place, (bar, total)) in bars.bars.iter().zip(totals).enumerate() {
            let row = (bars.bars.len() - place) as f64;
            let end = bar.total.unwrap_or(0.0).max(bar.model.unwrap_or(0.0));
            scene.add(self.text(
                computed.map_x(end) + letters / 3.0,
                computed.map_y(row) + letters * 0.35,
                total,
                self.ink.frame("ink"),
                true,
            ));
        }
        self.add_legend(&mut scene, &self.legend(bars), left);
        scene
    }

    /// Fill and name of each part and of the model; nothing where there is nothing to tell apart.
    fn legend(&self, bars: &Bars) -> Vec<(String, String)> {
        let has_model = bars.bars.iter().any(|bar| bar.model.is_some());
        let model = has_model.then(|| (self.ink.frame("model"), "model".to_owned()));
        let parts: Vec<_> =
            bars.parts.iter().map(|part| (self.ink.fill(part.fill), part.name.clone())).collect();
        match (bars.is_undivided(), model) {
            (true, None) => Vec::new(),
            (true, Some(model)) => vec![(self.ink.fill(None), "measured".to_owned()), model],
            (false, model) => parts.into_iter().chain(model).collect(),
        }
    }

    /// A legend below everything, in as many lines as it needs.
    fn add_legend(&self, scene: &mut Scene, entries: &[(String, String)], left: f64) {
        let letters = f64::from(self.letters);
        let (mut x, mut y) = (left, scene.height + letters);
        for (fill, name) in entries {
            let width = letters * 1.3 + width_of(name, letters) + letters * 1.2;
            if x + width > self.width && x > left {
                (x, y) = (left, y + letters * 1.5);
            }
            scene.add(Primitive::Rect {
                x,
                y: y - letters * 0.8,
                width: letters * 0.9,
                height: letters * 0.9,
                fill: fill.as_str().into(),
                stroke: None,
                stroke_width: None,
                opacity: None,
            });
            let text = plain(name);
            scene.add(self.text(x + letters * 1.3, y, text, self.ink.frame("ink"), false));
            x += width;
        }
        if !entries.is_empty() {
            scene.height = y + letters * 0.6;
        }
    }
}
