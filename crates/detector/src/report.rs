//! A verdict as a line of text or of a table.

use crate::score::{Band, Part, Report, Verdict};
use crate::threshold::digits;

/// Stretches and complaints named in a line of text.
const NAMED: usize = 3;

impl Report {
    /// The columns of [`Self::csv`].
    pub const CSV_HEADER: &str =
        "file,verdict,score,threshold,ratio,seconds,from_s,to_s,peak_s,low_hz,high_hz,health";

    /// A line of text: file, verdict, score over threshold, and where.
    pub fn text(&self) -> String {
        let verdict = self.verdict.word();
        let mut said: Vec<String> = Vec::new();
        let mut checks: Vec<&str> = Vec::new();
        for complaint in &self.health {
            if checks.contains(&complaint.check.as_str()) || checks.len() == NAMED {
                continue;
            }
            checks.push(&complaint.check);
            let [least, most] = complaint.training.map(digits);
            said.push(format!(
                "{} {} {}, in training {least} to {most}, at {:.1}-{:.1} s",
                complaint.check,
                digits(complaint.found),
                complaint.unit,
                complaint.from_s,
                complaint.to_s
            ));
        }
        said.extend(self.stretches.iter().take(NAMED).map(Part::text));
        if self.stretches.len() > NAMED {
            said.push(format!("and {} more", self.stretches.len() - NAMED));
        }
        let line = format!("{}  {verdict:<11}  {:>6}  {}", self.file, digits(self.ratio), said.join("; "));
        line.trim_end().to_owned()
    }

    /// A line of a table: of the stretches the one with the largest score.
    pub fn csv(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Normal => "normal",
            Verdict::Anomaly => "anomaly",
            Verdict::Microphone => "microphone",
        };
        let largest = self.stretches.iter().max_by(|a, b| a.peak.total_cmp(&b.peak));
        let place = largest.map_or(",,,,".to_owned(), |part| {
            let Part { from_s, to_s, peak_s, band: Band { low_hz, high_hz, .. }, .. } = part;
            format!("{from_s:.3},{to_s:.3},{peak_s:.3},{low_hz:.1},{high_hz:.1}")
        });
        let mut checks: Vec<&str> = self.health.iter().map(|complaint| complaint.check.as_str()).collect();
        checks.sort_unstable();
        checks.dedup();
        let Self { score, threshold, ratio, seconds, .. } = self;
        let file = quoted(&self.file);
        format!("{file},{verdict},{score},{threshold},{ratio},{seconds:.3},{place},{}", checks.join("; "))
    }
}

impl Verdict {
    /// It, for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Anomaly => "ANOMALY",
            Self::Microphone => "microphone?",
        }
    }
}

impl Part {
    /// Where it is, and which band stands out.
    pub(crate) fn text(&self) -> String {
        let Self { from_s, to_s, peak_s, peak, band } = self;
        format!("{from_s:.1}-{to_s:.1} s, most at {peak_s:.1} s ({}), {}", digits(*peak), band.text())
    }
}

impl Band {
    /// Its frequencies, and how far it stands out.
    pub(crate) fn text(&self) -> String {
        format!("{:.0}-{:.0} Hz with {} times its usual error", self.low_hz, self.high_hz, digits(self.times))
    }
}

/// A field of a CSV file.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
