//! `detector fit`: from recordings to a file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use detector::{FalseAlarms, FitSettings, fit, tell};
use features::log_mel::FrontEnd;
use losses::ObjectiveName;

use super::print;

/// Arguments of `fit`.
#[derive(Debug, Args)]
pub(super) struct FitArgs {
    /// Recordings of normal running: WAV and FLAC files, and folders of them
    #[arg(required = true)]
    recordings: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, default_value = "machine.detector")]
    out: PathBuf,
    /// Clips of other things that may be heard there, which are learned to be no normal sounds
    #[arg(long, value_name = "FOLDER")]
    other: Vec<PathBuf>,
    /// What is minimised: RE, or, with --other, SNP or BU [default: RE; with --other SNP]
    #[arg(long)]
    loss: Option<String>,
    #[command(flatten)]
    rate: RateArgs,
    /// The network
    #[arg(long, value_enum, default_value = "fcn40-small")]
    net: Net,
    /// The channel to take, from 0; the mean of all where this is absent
    #[arg(long)]
    channel: Option<u16>,
    /// Updates of a net at most; training ends before where what is held out no longer improves
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(1..))]
    updates: u64,
    /// Seed of all that is random
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// A rate of false alarms.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct RateArgs {
    /// False alarms to be had: 1% of files, or 1/hour, 1/day, 1/week, 1/year of a stream
    #[arg(long, value_name = "RATE", default_value = "1%")]
    pub(super) false_alarms: FalseAlarms,
    /// Time between files, such as 1m: a rate in time is one of files then
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(super) file_every: Option<f64>,
}

/// A length of time in seconds, from words such as `1m` or `2s`.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let time =
        humantime::parse_duration(text).map_err(|error| format!("{error}, expected one such as 1m"))?;
    if time.is_zero() { Err("found no time at all".to_owned()) } else { Ok(time.as_secs_f64()) }
}

/// Networks, by front end and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Net {
    Fcn40Small,
    Fcn64Small,
    Fcn40Large,
    Fcn64Large,
}

impl Net {
    fn front_end(self) -> FrontEnd {
        if matches!(self, Self::Fcn40Small | Self::Fcn40Large) {
            FrontEnd::fcn40()
        } else {
            FrontEnd::fcn64()
        }
    }

    /// Layers between input and output, as Sec. 4.2.2 has them: H + 1 of U units, the code of Z, and back.
    fn hidden(self) -> Vec<usize> {
        let (layers, units, code) =
            if matches!(self, Self::Fcn40Small | Self::Fcn64Small) { (3, 128, 40) } else { (5, 512, 128) };
        [vec![units; layers], vec![code], vec![units; layers]].concat()
    }
}

/// That `out` may be the name of a file.
pub(super) fn writable(out: &Path) -> Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    ensure!(
        folder.is_none_or(Path::is_dir),
        "{}: its folder is not there, expected one to write to",
        out.display()
    );
    ensure!(!out.is_dir(), "{}: found a folder, expected a file to write to", out.display());
    Ok(())
}

/// Fits, and writes the file.
pub(super) fn run(args: &FitArgs) -> Result<()> {
    writable(&args.out)?;
    let default = if args.other.is_empty() { "RE" } else { "SNP" };
    let loss = args.loss.as_deref().unwrap_or(default).to_uppercase();
    let objective = ObjectiveName::find(&loss)
        .with_context(|| format!("--loss {loss}: expected one of {}", names().join(", ")))?;
    let mut settings = FitSettings::new(objective);
    settings.front_end = FrontEnd { channel: args.channel, ..args.net.front_end() };
    settings.hidden = args.net.hidden();
    settings.seed = args.seed;
    settings.patience.most = args.updates;
    settings.false_alarms = args.rate.false_alarms;
    settings.file_every_s = args.rate.file_every;
    let fitted = fit(&args.recordings, &args.other, &settings)?;
    fitted.detector.write(&args.out)?;
    for line in &fitted.learned {
        print(line)?;
    }
    for line in &fitted.warnings {
        tell!("warning: {line}");
    }
    print(&format!("wrote {}", args.out.display()))?;
    Ok(())
}

fn names() -> Vec<&'static str> {
    ObjectiveName::all().map(ObjectiveName::as_str).collect()
}
