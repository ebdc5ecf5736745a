//! `cargo xtask synth`: makes a synthetic toy-car set.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use harness::BadInput;
use synth::{MOST_MINUTES, Outcome, Request, SynthError};

/// Make a synthetic toy-car set: cars, factory noises, something else, anomalies
#[derive(Args, Clone, Debug)]
pub(crate) struct SynthArgs {
    /// Folder to make
    #[arg(long, value_name = "DIR", default_value = "data/toycar")]
    pub(crate) out: PathBuf,
    /// Seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Minutes of normal training sound, over the four cars
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_MINUTES)))]
    pub(crate) minutes: u32,
}

/// Makes the set that `args` ask for, or finds it made.
///
/// # Errors
/// [`BadInput`] when something else is at `args.out`, or another run is making it; a set that cannot be written.
pub(crate) fn run(args: &SynthArgs) -> Result<()> {
    let start = Instant::now();
    let request = Request::new(args.seed, args.minutes);
    let tell = |made: usize, all: usize| {
        if made.is_multiple_of(all.div_ceil(10)) {
            harness::tell!("synth: {made} of {all} files");
        }
    };
    let out = args.out.display();
    match synth::make(&args.out, &request, &tell) {
        Ok(Outcome::Found) => harness::tell!("synth: {out} is there already ({request})"),
        Ok(Outcome::Made) => {
            harness::tell!("synth: made {out} ({request}) in {:.1} s", start.elapsed().as_secs_f64());
        }
        Err(SynthError::Refused(why)) => {
            return Err(BadInput(format!("{why} (--out of synth, --set data.root=DIR of sweep)")).into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
