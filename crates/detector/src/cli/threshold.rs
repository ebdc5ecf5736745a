//! `detector threshold`: another threshold without training.

use std::path::PathBuf;

use anyhow::{Error, Result};
use clap::Args;
use detector::{Detector, FalseAlarms, Threshold, calibrate, tell};

use super::fit::seconds;
use super::print;

/// Arguments of `threshold`.
#[derive(Debug, Args)]
pub(super) struct ThresholdArgs {
    /// What `detector fit` wrote
    detector: PathBuf,
    /// False alarms to be had: 1% of files, or 1/hour, 1/day, 1/week, 1/year of a stream
    #[arg(long, value_name = "RATE")]
    false_alarms: Option<FalseAlarms>,
    /// Time between files, such as 1m: a rate in time is one of files then
    #[arg(long, value_name = "TIME", value_parser = seconds, requires = "false_alarms")]
    file_every: Option<f64>,
    /// Normal sounds of another place or microphone, in the place of those that were held out; the health of a recording
    /// is held against them too
    #[arg(long, value_name = "FOLDER")]
    from: Vec<PathBuf>,
    /// The file to write [default: the detector itself]
    #[arg(short, long)]
    out: Option<PathBuf>,
}

/// Shows the threshold; changes it where a rate or recordings are given.
pub(super) fn run(args: &ThresholdArgs) -> Result<()> {
    let mut detector = Detector::read(&args.detector)?;
    if !args.from.is_empty() {
        calibrate(&mut detector, &args.from)?;
    }
    let old = detector.threshold();
    if args.false_alarms.is_some() || !args.from.is_empty() {
        let rate = match args.false_alarms {
            Some(rate) => rate,
            None => old.false_alarms.parse().map_err(Error::msg)?,
        };
        let file_every_s = if args.false_alarms.is_some() { args.file_every } else { old.file_every_s };
        let new = Threshold::choose(detector.calibration(), rate, file_every_s).map_err(Error::msg)?;
        tell!("the threshold was {} before", old.value);
        detector.set_threshold(new);
        detector.write(args.out.as_ref().unwrap_or(&args.detector))?;
    }
    print(&detector.threshold().promise())?;
    Ok(())
}
