//! The command line of the workspace.

#![warn(clippy::print_stderr, reason = "`harness::tell!` writes where nobody may read")]

mod columns;
mod compare;
mod config;
mod failure;
mod html;
mod inspect;
mod queue;
mod report;
mod run_args;
mod spread;
mod sweep;
mod synth;
mod testset;
mod verify;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Reproducible experiments in unsupervised anomaly detection in sounds
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train the autoencoders of the 2-D ring; print Table 1 and draw Figures 2 and 3
    Verify(verify::VerifyArgs),
    /// Train the grid of autoencoders on sounds; print the AUC table and draw Figure 4
    Sweep(sweep::SweepArgs),
    /// Train and score what is missing of a frozen plan, beside any number of others that do the same
    Work(queue::WorkArgs),
    /// Make tables, figures and report of what there is of a frozen plan
    Collect(queue::CollectArgs),
    /// Put two results folders side by side: settings that differ, and paired differences of what is measured
    Compare(compare::CompareArgs),
    /// Write a synthetic toy-car set as WAV files
    Synth(synth::SynthArgs),
    /// Write the test sounds of a sweep as WAV files with a table of what they are
    Testset(testset::TestsetArgs),
    /// Show sound files as a model sees them, or check a whole data set
    Inspect(inspect::InspectArgs),
    /// Print the JSON schema of the files below experiments/
    Schema,
}

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(Cli { command }) => command,
        Err(error) if error.use_stderr() => {
            harness::tell!("{}", failure::shortened(error.render().to_string().trim_end()));
            return ExitCode::from(2);
        }
        Err(help) => help.exit(),
    };
    let outcome = match command {
        Command::Verify(args) => verify::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Work(args) => queue::work(&args),
        Command::Collect(args) => queue::collect(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Synth(args) => synth::run(&args),
        Command::Testset(args) => testset::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Schema => {
            print(&config::schema::json());
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            harness::tell!("{}", failure::shortened(&format!("error: {error:#}")));
            ExitCode::from(failure::exit_code(&error))
        }
    }
}

/// Writes results to standard output. A reader that has gone away is no error; a disk that is full is.
fn print(text: &str) {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            harness::tell!("error: standard output: {error}");
            std::process::exit(1);
        }
        _ => {}
    }
}
