//! A threshold for a rate of false alarms, from order statistics: no distribution is assumed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::calibration::{BLOCK_S, Calibration, Unit};

/// A rate of false alarms that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FalseAlarms {
    /// A share of the normal files.
    Share(f64),
    /// So many in so many seconds of sound, or of files that come at a steady pace.
    InTime(f64, f64),
}

/// The periods that a rate may be of.
const PERIODS: [(&str, f64); 4] =
    [("hour", 3_600.0), ("day", 86_400.0), ("week", 604_800.0), ("year", 31_557_600.0)];

impl FromStr for FalseAlarms {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("found `{text}`, expected a share of files such as 1%, or a rate such as 1/week");
        let positive = |number: &str| {
            number
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite() && *number > 0.0)
                .ok_or_else(expected)
        };
        if let Some(percent) = text.trim().strip_suffix('%') {
            let share = positive(percent)? / 100.0;
            return if share < 1.0 { Ok(Self::Share(share)) } else { Err(expected()) };
        }
        let (count, period) = text.split_once('/').ok_or_else(expected)?;
        let (_, seconds) =
            PERIODS.into_iter().find(|(name, _)| *name == period.trim()).ok_or_else(expected)?;
        Ok(Self::InTime(positive(count)?, seconds))
    }
}

impl fmt::Display for FalseAlarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{}%", (share * 1e8).round() / 1e6),
            Self::InTime(count, seconds) => {
                let period =
                    PERIODS.iter().find(|(_, length)| length == seconds).map_or("?", |(name, _)| name);
                write!(f, "{count}/{period}")
            }
        }
    }
}

/// A threshold and what it promises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// A score above it is an anomaly.
    pub value: f32,
    /// What was asked for, as it was written.
    pub false_alarms: String,
    /// Seconds between files, where a rate in time is one of files.
    pub file_every_s: Option<f64>,
    /// What false alarms are counted in.
    pub unit: Unit,
    /// The share of units that was asked for.
    pub asked: f64,
    /// How many units were held out.
    pub held_out: usize,
    /// How many of them lie above the threshold.
    pub above: usize,
    /// The share of normal units that is to be expected above it.
    pub expected: f64,
    /// Between these, with a probability of 95 %, lies that share.
    pub interval: [f64; 2],
    /// How many units the rate that was asked for needs.
    pub needed: usize,
}

impl Threshold {
    /// The lowest threshold that is expected to keep to the rate; the largest score where units are too few.
    ///
    /// Of n exchangeable units the next lies above the k-th largest with a probability whose distribution is Beta(k, n +
    /// 1 - k), whatever the distribution of the scores.
    ///
    /// # Errors
    /// A rate of more than one false alarm a unit; no unit.
    pub fn choose(
        calibration: &Calibration,
        rate: FalseAlarms,
        file_every_s: Option<f64>,
    ) -> Result<Self, String> {
        let (asked, unit) = match (rate, file_every_s) {
            (FalseAlarms::Share(share), _) => (share, Unit::File),
            (FalseAlarms::InTime(count, seconds), Some(every)) => (count * every / seconds, Unit::File),
            (FalseAlarms::InTime(count, seconds), None) => (count * BLOCK_S / seconds, Unit::Block),
        };
        if asked >= 1.0 {
            return Err(format!("{rate} is more than one false alarm in each {}", name(unit)));
        }
        let unit = calibration.unit(unit);
        let mut scores = calibration.units(unit);
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let held_out = scores.len();
        // The k-th largest has k / (n + 1) above it in expectation; a hair more is let pass for rounding.
        let k = ((asked * (held_out + 1) as f64 + 1e-9).floor() as usize).clamp(1, held_out.max(1));
        let value = *scores.get(k - 1).ok_or("no normal sound was held out")?;
        let beta = Beta::new(k as f64, (held_out + 1 - k) as f64).map_err(|error| error.to_string())?;
        Ok(Self {
            value,
            false_alarms: rate.to_string(),
            file_every_s,
            unit,
            asked,
            held_out,
            above: scores.iter().filter(|score| **score > value).count(),
            expected: k as f64 / (held_out + 1) as f64,
            interval: [beta.inverse_cdf(0.025), beta.inverse_cdf(0.975)],
            needed: (1.0 / asked - 1e-9).ceil() as usize - 1,
        })
    }

    /// Whether there were units enough for the rate.
    pub fn is_supported(&self) -> bool {
        self.held_out >= self.needed
    }

    /// `share` of the units, in words.
    fn words(&self, share: f64) -> String {
        match (self.unit, self.file_every_s) {
            (Unit::File, None) => format!("{} % of files", digits(100.0 * share)),
            (Unit::File, Some(every)) => per_time(share / every),
            (Unit::Block, _) if self.false_alarms.ends_with('%') => {
                format!("{} % of pieces of {BLOCK_S} s", digits(100.0 * share))
            }
            (Unit::Block, _) => per_time(share / BLOCK_S),
        }
    }

    /// What the threshold promises, in words.
    pub fn promise(&self) -> String {
        let [low, high] = self.interval.map(|share| self.words(share));
        let Self { value, held_out, .. } = self;
        let of = |count: usize| format!("{count} {}{}", name(self.unit), if count == 1 { "" } else { "s" });
        let mut text = format!(
            "threshold {} for {}: {} expected, {low} to {high} with 95 %, from {} that were held out",
            digits(f64::from(*value)),
            self.false_alarms,
            self.words(self.expected),
            of(*held_out),
        );
        if !self.is_supported() {
            text += &format!("; too few for {}, which needs {}", self.false_alarms, of(self.needed));
        }
        text
    }
}

fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::File => "file",
        Unit::Block => "ten-second block",
    }
}

/// `rate` a second as a number of the period that suits it.
fn per_time(rate: f64) -> String {
    let suits = |(_, seconds): &&(&str, f64)| rate * seconds >= 0.1;
    let (name, seconds) = PERIODS.iter().find(suits).unwrap_or(&PERIODS[3]);
    let article = if *name == "hour" { "an" } else { "a" };
    format!("{} {article} {name}", digits(rate * seconds))
}

/// Three digits, or two where the number is small.
pub(crate) fn digits(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 0.095 || size == 0.0 => format!("{number:.2}"),
        _ => format!("{number:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(count: u32) -> Calibration {
        let scores = (0..count).map(|score| score as f32).collect();
        Calibration { scores, recordings: (0..count).collect(), whole: true }
    }

    fn choose(count: u32, rate: &str, every: Option<f64>) -> Threshold {
        Threshold::choose(&files(count), rate.parse().unwrap(), every).unwrap()
    }

    #[test]
    fn the_rate_decides_how_many_held_out_files_lie_above() {
        let threshold = choose(199, "2%", None);
        assert_eq!((threshold.value, threshold.above, threshold.expected), (195.0, 3, 0.02));
        assert!(threshold.is_supported() && threshold.needed == 49);
        // SciPy: beta.ppf([0.025, 0.975], 4, 196).
        let expected = [0.005_503, 0.043_422];
        let close = |(found, expected): (&f64, &f64)| (found / expected - 1.0).abs() < 2e-3;
        assert!(threshold.interval.iter().zip(&expected).all(close), "{:?}", threshold.interval);
    }

    #[test]
    fn too_few_files_are_said_and_give_what_can_be_had() {
        let threshold = choose(50, "1%", None);
        assert_eq!((threshold.value, threshold.above, threshold.needed), (49.0, 0, 99));
        assert!(!threshold.is_supported());
        assert!(
            threshold.promise().contains("too few for 1%, which needs 99 files"),
            "{}",
            threshold.promise()
        );
        assert!(choose(99, "1%", None).is_supported());
    }

    #[test]
    fn rates_in_time_are_of_blocks_or_of_files_at_a_pace() {
        let stream = choose(360, "1/hour", None);
        assert_eq!((stream.unit, stream.above), (Unit::Block, 0));
        assert!((stream.asked - 1.0 / 360.0).abs() < 1e-12);
        let files = choose(360, "1/week", Some(60.0));
        assert_eq!((files.unit, files.needed), (Unit::File, 10_079));
        assert!(files.promise().contains("0.17 an hour expected"), "{}", files.promise());
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "1", "0%", "-1%", "100%", "1/fortnight", "x/hour", "NaN%", "0/day"] {
            assert!(text.parse::<FalseAlarms>().unwrap_err().contains(&format!("found `{text}`")), "{text}");
        }
        for text in ["1%", "0.25%", "1/week", "2/hour"] {
            assert_eq!(text.parse::<FalseAlarms>().unwrap().to_string(), text);
        }
        let error = Threshold::choose(&files(9), "400/hour".parse().unwrap(), None).unwrap_err();
        assert!(error.contains("more than one false alarm"), "{error}");
    }
}
