//! An average over time as what it is made of: two integers that add up exactly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An area under a curve and the width it stands on. The average is their quotient; areas and widths
/// of several clients, workers and machines add up, which averages do not.
///
/// Both are written as text: a nanosecond squared, over a million clients and an hour, is more than
/// the numbers of JSON hold in most programs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AreaV2 {
    /// Sum of value times nanoseconds, a decimal number.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = "^-?[0-9]+$"))]
    pub area: i128,
    /// Sum of nanoseconds, a decimal number.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = "^-?[0-9]+$"))]
    pub width_ns: i128,
}

impl AreaV2 {
    /// The average; `None` if no time passed.
    pub fn mean(self) -> Option<f64> {
        (self.width_ns > 0).then(|| self.area as f64 / self.width_ns as f64)
    }

    /// Both areas together; `None` beyond what 128 bits hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            area: self.area.checked_add(other.area)?,
            width_ns: self.width_ns.checked_add(other.width_ns)?,
        })
    }
}

/// An integer as decimal text.
mod decimal {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        number: &i128,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<i128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no whole number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_of_more_than_json_numbers_hold_comes_back_as_it_was() {
        let area = AreaV2 { area: i128::MAX - 1, width_ns: 1 << 70 };
        let text = serde_json::to_string(&area).unwrap();
        assert_eq!(serde_json::from_str::<AreaV2>(&text).unwrap(), area);
        assert!(serde_json::from_str::<AreaV2>(r#"{"area":"1.5","width_ns":"1"}"#).is_err());
        assert_eq!(area.checked_add(area), None);
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(AreaV2::default().mean(), None);
        assert_eq!(AreaV2 { area: 3, width_ns: 2 }.mean(), Some(1.5));
    }
}
