//! The command line of the detector.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
