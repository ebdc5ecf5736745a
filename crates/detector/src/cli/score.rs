//! `detector score`: a verdict a file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use detector::{Detector, Report, Scorer, Verdict, find_recordings, tell};
use rayon::prelude::*;

use super::{ANOMALY, ERROR, MICROPHONE, print};

/// Arguments of `score`.
#[derive(Debug, Args)]
pub(super) struct ScoreArgs {
    /// What `detector fit` wrote
    detector: PathBuf,
    /// Recordings: WAV and FLAC files, and folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A JSON object a line
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// A table
    #[arg(long)]
    csv: bool,
}

/// Files scored by a thread before any is told of.
const AT_ONCE: usize = 4;

/// Scores the files in their order. A file that cannot be read does not keep the others from being scored.
pub(super) fn run(args: &ScoreArgs) -> Result<u8> {
    let detector = Detector::read(&args.detector)?;
    let files = find_recordings(&args.files)?;
    if args.csv {
        print(Report::CSV_HEADER)?;
    }
    let mut code = 0;
    for files in files.chunks(AT_ONCE * rayon::current_num_threads()) {
        let each = |scorer: &mut Result<Scorer<'_>>, file: &PathBuf| score(scorer, file, args);
        let reports: Vec<Result<(Verdict, String)>> =
            files.par_iter().map_init(|| Scorer::new(&detector), each).collect();
        for report in reports {
            match report {
                Ok((verdict, line)) => {
                    if !print(&line)? {
                        return Ok(code);
                    }
                    code = worse(code, code_of(verdict));
                }
                Err(error) => {
                    tell!("error: {error:#}");
                    code = ERROR;
                }
            }
        }
    }
    Ok(code)
}

fn score(scorer: &mut Result<Scorer<'_>>, file: &Path, args: &ScoreArgs) -> Result<(Verdict, String)> {
    let scorer = scorer.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let report = scorer.file(file)?;
    let line = if args.json {
        serde_json::to_string(&report).context("a report is JSON")?
    } else if args.csv {
        report.csv()
    } else {
        report.text()
    };
    Ok((report.verdict, line))
}

fn code_of(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Normal => 0,
        Verdict::Anomaly => ANOMALY,
        Verdict::Microphone => MICROPHONE,
    }
}

/// An error comes before an anomaly, an anomaly before what is not to be trusted.
fn worse(one: u8, other: u8) -> u8 {
    [ERROR, ANOMALY, MICROPHONE].into_iter().find(|code| [one, other].contains(code)).unwrap_or(0)
}
