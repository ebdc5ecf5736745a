//! `detector from-net`: a net of a sweep as a detector.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use detector::{from_net, tell};

use super::fit::{RateArgs, writable};
use super::print;

/// Arguments of `from-net`.
#[derive(Debug, Args)]
pub(super) struct FromNetArgs {
    /// The folder of a net, such as results/nets/440-128-40-re-s0-...
    net: PathBuf,
    /// Recordings of normal running that the net was not trained on: the threshold is made of them
    #[arg(long, value_name = "FOLDER", required = true)]
    calibrate: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, default_value = "machine.detector")]
    out: PathBuf,
    #[command(flatten)]
    rate: RateArgs,
    /// Frames that the score of a moment is the mean of; with one, files have the largest score of a frame, as in a sweep
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    moment: u16,
}

/// Makes the detector, and writes the file.
pub(super) fn run(args: &FromNetArgs) -> Result<()> {
    writable(&args.out)?;
    let RateArgs { false_alarms, file_every } = args.rate;
    let detector = from_net(&args.net, &args.calibrate, args.moment.into(), false_alarms, file_every)?;
    detector.write(&args.out)?;
    print(&detector.threshold().promise())?;
    tell!(
        "warning: whether the net was trained on these recordings is not known here; if it was, the threshold is too low"
    );
    print(&format!("wrote {}", args.out.display()))?;
    Ok(())
}
