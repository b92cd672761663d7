//! Curves with the model's points, each named where it ends.

use std::sync::Arc;

use kuva::plot::{LinePlot, LineStyle};
use kuva::prelude::{Layout, Plot, TickFormat};
use kuva::render::annotations::ReferenceLine;
use kuva::render::layout::ComputedLayout;
use kuva::render::render::{Primitive, Scene, render_multiple};

use super::{Canvas, NARROW, width_of};
use crate::chart::frame::labels_apart;
use crate::chart::{Axis, Curve, Curves, Scale, percentile};
use crate::units::tick;

/// Height of a picture of curves, in letters.
const HEIGHT: f64 = 27.0;

/// A line that is drawn: its place in the order of the report, so that it looks the same in every
/// chart, and its points as they lie on the drawing's axes.
struct Drawn<'a> {
    index: usize,
    line: &'a Curve,
    points: Vec<(f64, f64)>,
}

impl Drawn<'_> {
    fn end(&self) -> (f64, f64) {
        *self.points.last().expect("a line without points is not drawn")
    }
}

impl Canvas<'_> {
    pub(super) fn curves(&self, curves: &Curves, title: &str) -> Scene {
        let letters = f64::from(self.letters);
        let lines = curves.lines.iter().enumerate().map(|(index, line)| {
            let points = line.measured.iter().map(|&(x, y)| (curves.x.place(x), y)).collect();
            Drawn { index, line, points }
        });
        let lines: Vec<_> = lines.filter(|line| !line.points.is_empty()).collect();
        let plots: Vec<_> = lines.iter().map(|line| Plot::Line(self.plot(line))).collect();
        let names = lines.iter().map(|drawn| width_of(&self.label(&drawn.line.label), letters));
        let room = names.fold(0.0, f64::max) + 1.5 * letters;
        let layout = || {
            let layout = self.axes(curves, self.layout(&plots, title, HEIGHT * letters));
            let left = ComputedLayout::from_layout(&layout).margin_left;
            layout.with_force_margins(left, room)
        };
        let computed = ComputedLayout::from_layout(&layout());
        let layout = layout();
        let mut scene = render_multiple(plots, layout);
        for line in &lines {
            self.add_points(&mut scene, &computed, line, curves);
        }
        self.add_names(&mut scene, &computed, &lines, room);
        scene
    }

    fn plot(&self, drawn: &Drawn<'_>) -> LinePlot {
        let (colour, dashes) = self.ink.line(drawn.index);
        let style = match dashes {
            "" => LineStyle::Solid,
            dashes => LineStyle::Custom(dashes.to_owned()),
        };
        LinePlot::new()
            .with_data(drawn.points.clone())
            .with_color(colour)
            .with_line_style(style)
            .with_stroke_width(2.0)
    }

    fn axes(&self, curves: &Curves, layout: Layout) -> Layout {
        let is_narrow = self.width < NARROW;
        let layout = layout
            .with_x_label(self.clipped(&curves.x.title))
            .with_ticks(if is_narrow { 4 } else { 6 })
            .with_x_tick_format(ticks(&curves.x, is_narrow))
            .with_y_tick_format(ticks(&curves.y, false));
        let layout = match &curves.y.scale {
            Scale::Log => layout.with_log_y(),
            Scale::Linear | Scale::Percentile | Scale::Names(_) => layout.with_y_axis_min(0.0),
        };
        match &curves.x.scale {
            Scale::Log => layout.with_log_x(),
            Scale::Linear => layout,
            Scale::Names(names) => layout
                .with_x_tick_step(1.0)
                .with_x_axis_min(0.0)
                .with_x_axis_max((names.len() as f64 - 1.0).max(1.0)),
            // Half of all lie below: the one place on this axis that no whole step marks.
            Scale::Percentile => {
                layout.with_x_tick_step(1.0).with_x_axis_min(0.0).with_reference_line(
                    ReferenceLine::vertical(curves.x.place(0.5))
                        .with_color(self.ink.frame("soft"))
                        .with_dasharray("2 3")
                        .with_label(percentile(0.5)),
                )
            }
        }
    }

    /// Circles for the model, and dots for what was measured where the line only joins them.
    fn add_points(
        &self,
        scene: &mut Scene,
        computed: &ComputedLayout,
        drawn: &Drawn<'_>,
        curves: &Curves,
    ) {
        let (colour, _) = self.ink.line(drawn.index);
        let dot = |x: f64, y: f64, size: f64, fill: &str| Primitive::Circle {
            cx: computed.map_x(x),
            cy: computed.map_y(y),
            r: f64::from(self.letters) * size,
            fill: fill.into(),
            fill_opacity: None,
            stroke: Some(colour.as_str().into()),
            stroke_width: Some(1.5),
        };
        let (right, (low, high)) = (computed.x_range.1, computed.y_range);
        for &(x, y) in &drawn.line.model {
            let x = curves.x.place(x);
            if x <= right && (low..=high).contains(&y) {
                scene.add(dot(x, y, 0.42, &self.ink.frame("paper")));
            }
        }
        if curves.x.scale != Scale::Percentile {
            drawn.points.iter().for_each(|&(x, y)| scene.add(dot(x, y, 0.24, &colour)));
        }
    }

    /// Each line's name at its end, in its colour, clear of the others.
    fn add_names(
        &self,
        scene: &mut Scene,
        computed: &ComputedLayout,
        lines: &[Drawn<'_>],
        room: f64,
    ) {
        let letters = f64::from(self.letters);
        let edge = computed.width - room;
        let wanted: Vec<_> = lines.iter().map(|line| computed.map_y(line.end().1)).collect();
        let bottom = computed.height - computed.margin_bottom;
        let heights = labels_apart(&wanted, letters * 1.15, bottom);
        for ((drawn, wanted), height) in lines.iter().zip(wanted).zip(heights) {
            let (colour, _) = self.ink.line(drawn.index);
            scene.add(Primitive::Line {
                x1: computed.map_x(drawn.end().0),
                y1: wanted,
                x2: edge + letters * 0.8,
                y2: height,
                stroke: colour.as_str().into(),
                stroke_width: 0.8,
                stroke_dasharray: Some("1 2".to_owned()),
            });
            let label = self.label(&drawn.line.label);
            scene.add(self.text(edge + letters, height + letters * 0.35, label, colour, true));
        }
    }
}

impl Axis {
    /// Where a value lies, in what the drawing counts in.
    fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Percentile => -(1.0 - value).log10(),
            Scale::Linear | Scale::Log | Scale::Names(_) => value,
        }
    }
}

/// How marks are written; sparsely, only whole powers of ten have room on an axis of logarithms.
fn ticks(axis: &Axis, sparse: bool) -> TickFormat {
    let axis = axis.clone();
    let is_power = |value: f64| (value.log10() - value.log10().round()).abs() < 1e-9;
    TickFormat::Custom(Arc::new(move |value| match &axis.scale {
        Scale::Log if sparse && !is_power(value) => String::new(),
        Scale::Percentile => percentile(1.0 - 10_f64.powf(-value)),
        Scale::Names(_) => axis.shown(value.round()),
        Scale::Linear | Scale::Log => tick(axis.unit, value),
    }))
}
