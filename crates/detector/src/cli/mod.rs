//! Commands and their arguments.

mod export;
mod fit;
mod from_net;
mod score;
mod threshold;
mod watch;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use detector::tell;

/// Exit codes: all normal; an anomaly; an error; a recording that is not to be trusted.
const ANOMALY: u8 = 1;
const ERROR: u8 = 2;
const MICROPHONE: u8 = 3;

/// Learns the normal sounds of a machine, and tells whether a recording or a stream is normal
#[derive(Debug, Parser)]
#[command(name = "detector", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Learn from recordings of normal running, and write a detector
    Fit(fit::FitArgs),
    /// Score recordings: normal, anomaly, or not to be trusted (exit code 0, 1 or 3; 2 is an error)
    Score(score::ScoreArgs),
    /// Show the threshold, or choose another without training
    Threshold(threshold::ThresholdArgs),
    /// Make a detector of a net of a sweep
    FromNet(from_net::FromNetArgs),
    /// Write the network as ONNX
    Export(export::ExportArgs),
    /// Watch a stream on standard input, or a folder: a line when something happens
    Watch(watch::WatchArgs),
}

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(Cli { command }) => command,
        Err(error) if error.use_stderr() => {
            tell!("{}", error.render().to_string().trim_end());
            return ExitCode::from(ERROR);
        }
        Err(help) => help.exit(),
    };
    let outcome = match command {
        Command::Fit(args) => fit::run(&args).map(|()| 0),
        Command::Score(args) => score::run(&args),
        Command::Threshold(args) => threshold::run(&args).map(|()| 0),
        Command::FromNet(args) => from_net::run(&args).map(|()| 0),
        Command::Export(args) => export::run(&args).map(|()| 0),
        Command::Watch(args) => watch::run(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell!("error: {error:#}");
            ExitCode::from(ERROR)
        }
    }
}

/// Writes a line of results to standard output, and hands it over at once; whether anybody is left who reads.
///
/// # Errors
/// A disk that is full.
fn print(line: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::from(error).context("standard output")),
        Ok(()) => Ok(true),
    }
}
