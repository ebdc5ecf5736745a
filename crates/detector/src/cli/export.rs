//! `detector export`: the network for other runtimes.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use detector::Detector;
use features::files::write_whole;

use super::print;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// What `detector fit` wrote
    detector: PathBuf,
    /// The ONNX file to write: from log-mel on, with the settings of the front end in its metadata
    #[arg(long, value_name = "FILE")]
    onnx: PathBuf,
}

/// Writes the file.
pub(super) fn run(args: &ExportArgs) -> Result<()> {
    ensure!(args.onnx != args.detector, "{}: that is the detector itself", args.onnx.display());
    let detector = Detector::read(&args.detector)?;
    write_whole(&args.onnx, &detector.to_onnx())?;
    print(&format!("wrote {}", args.onnx.display()))?;
    Ok(())
}
