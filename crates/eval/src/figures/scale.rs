//! The range of an axis around its values, plain or logarithmic.

use super::ticks::{Tick, log_range, log_ticks, round_up, ticks};

/// How values are laid out along an axis.
#[derive(Clone)]
pub(super) struct Scale {
    /// Ends of the axis, as [`Scale::at`] gives them.
    pub(super) ends: (f64, f64),
    pub(super) ticks: Vec<Tick>,
    log: bool,
}

/// Numbers nearer to zero, or farther from it, are drawn as this one.
const TINY: f64 = 1e-200;
const HUGE: f64 = 1e200;

impl Scale {
    /// A scale around values: logarithmic, where that is asked for and they are all positive.
    pub(super) fn of(log: bool, values: impl IntoIterator<Item = f64>) -> Self {
        if log { Self::around(values) } else { Self::plain(extremes(values)) }
    }

    /// A logarithmic scale around values that are all positive, else a plain one.
    pub(super) fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let (lowest, highest) = extremes(values);
        if lowest > 0.0 {
            let ends = log_range(lowest.clamp(TINY, HUGE), highest.clamp(TINY, HUGE));
            return Self { ends, ticks: log_ticks(ends), log: true };
        }
        Self::plain((lowest, highest))
    }

    /// A plain scale from zero, or from the lowest value below it.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let (lowest, highest) = extremes(values);
        Self::plain((lowest.min(0.0), highest.max(0.0)))
    }

    fn plain((lowest, highest): (f64, f64)) -> Self {
        let (lowest, highest) = (lowest.clamp(-HUGE, HUGE), highest.clamp(-HUGE, HUGE));
        let least = lowest.abs().max(highest.abs()).max(TINY) * 1e-6; // values that are equal still get an axis
        let step = round_up((highest - lowest).max(least) / 5.0);
        let (low, high) = ((lowest / step).floor() * step, (highest / step).ceil() * step);
        let ends = (low, if high > low { high } else { low + step });
        Self { ends, ticks: ticks(ends, 6), log: false }
    }

    /// Where a value lies.
    pub(super) fn at(&self, value: f64) -> f64 {
        if self.log { value.clamp(TINY, HUGE).log10() } else { value.clamp(-HUGE, HUGE) }
    }
}

fn extremes(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn positive_values_are_laid_out_by_their_logarithms() {
        let scale = Scale::around([0.2, 30.0]);
        assert!(
            (scale.ends.0 - 0.2f64.log10()).abs() < 1e-12 && (scale.ends.1 - 50f64.log10()).abs() < 1e-12
        );
        assert_eq!(scale.at(100.0), 2.0);
        assert_eq!(Scale::around([0.0, 30.0]).ends, (0.0, 30.0));
        assert_eq!(Scale::from_zero([3.0, 3.4]).ends, (0.0, 4.0));
        assert_eq!(Scale::from_zero([-0.7, 1.0]).ends, (-1.0, 1.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_finite_value_lies_on_its_axis(values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 1..5)) {
            for scale in [Scale::around(values.clone()), Scale::from_zero(values.clone())] {
                let (low, high) = scale.ends;
                prop_assert!(low < high && low.is_finite() && high.is_finite());
                prop_assert!((1..40).contains(&scale.ticks.len()), "{} ticks", scale.ticks.len());
                let room = (high - low) * 1e-9;
                for value in &values {
                    prop_assert!((low - room..=high + room).contains(&scale.at(*value)), "{value} not in {low}..{high}");
                }
            }
        }
    }
}
