//! What must hold of the figures.

pub(crate) mod has;
pub(crate) mod labels;
pub(crate) mod parse;

/// One line of `[expect]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Label of the transport whose figure is judged.
    pub transport: String,
    /// Name of the figure, as in `pushbench_protocol::figure`.
    pub figure: String,
    /// What must hold of it.
    pub condition: Condition,
    /// The left side as written.
    pub written_figure: String,
    /// The right side as written.
    pub written_condition: String,
}

/// What must hold of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Compared with a bound.
    Compare {
        /// How.
        relation: Relation,
        /// With what.
        bound: Operand,
    },
    /// At most a share of the bound away from it.
    Within {
        /// The share, so 0.02 for `2%`.
        share: f64,
        /// Away from what.
        of: Operand,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// The right side of a condition: `base * times / over`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// A number or a figure.
    pub base: Base,
    /// Multiplied by this; 1 unless written.
    pub times: f64,
    /// Divided by this; 1 unless written.
    pub over: f64,
}

/// A number or a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// A number in the unit of the figure that is judged.
    Number(f64),
    /// The measured figure of a transport.
    Measured {
        /// Label of the transport.
        transport: String,
        /// Name of the figure.
        figure: String,
    },
    /// The modelled figure of a transport.
    Modelled {
        /// Label of the transport.
        transport: String,
        /// Name of the figure.
        figure: String,
    },
}

/// What came of an expectation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The figure as measured; absent if there is none.
    pub found: Option<f64>,
    /// What it was held against; absent if the figure behind it is.
    pub bound: Option<f64>,
    /// Whether the condition held. It never holds of what is absent.
    pub held: bool,
}

impl Expectation {
    /// Judges it. Both sources are asked for a figure by transport label and figure name and
    /// answer in the figure's unit.
    pub fn judge(
        &self,
        measured: &dyn Fn(&str, &str) -> Option<f64>,
        modelled: &dyn Fn(&str, &str) -> Option<f64>,
    ) -> Judgement {
        let found = measured(&self.transport, &self.figure);
        let operand = self.condition.operand();
        let bound = match &operand.base {
            Base::Number(number) => Some(*number),
            Base::Measured { transport, figure } => measured(transport, figure),
            Base::Modelled { transport, figure } => modelled(transport, figure),
        }
        .map(|base| base * operand.times / operand.over);
        let held = match (found, bound) {
            (Some(found), Some(bound)) => self.condition.holds(found, bound),
            _ => false,
        };
        Judgement { found, bound, held }
    }

    /// Labels of the transports that it speaks of: the one it judges, then the one it is held
    /// against, if there is one.
    pub fn transports(&self) -> impl Iterator<Item = &str> {
        let other = match &self.condition.operand().base {
            Base::Number(_) => None,
            Base::Measured { transport, .. } | Base::Modelled { transport, .. } => Some(transport),
        };
        std::iter::once(self.transport.as_str()).chain(other.map(String::as_str))
    }
}

impl Condition {
    pub(crate) fn operand(&self) -> &Operand {
        match self {
            Self::Compare { bound, .. } => bound,
            Self::Within { of, .. } => of,
        }
    }

    fn holds(&self, found: f64, bound: f64) -> bool {
        match self {
            Self::Compare { relation: Relation::Less, .. } => found < bound,
            Self::Compare { relation: Relation::AtMost, .. } => found <= bound,
            Self::Compare { relation: Relation::More, .. } => found > bound,
            Self::Compare { relation: Relation::AtLeast, .. } => found >= bound,
            Self::Compare { relation: Relation::Equal, .. } => found == bound,
            Self::Within { share, .. } => (found - bound).abs() <= share * bound.abs(),
        }
    }
}
