//! `detector score`: a verdict a file.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use detector::{Detector, Report, Scorer, Verdict, find_recordings, tell};
use features::files::write_whole;
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
    /// Draw each file into this folder, as SVG: score over time, threshold, and log-mel
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,
}

/// Files scored by a thread before any is told of.
const AT_ONCE: usize = 4;

/// A file, and where its picture goes, if it is drawn.
type Job = (PathBuf, Option<PathBuf>);

/// Scores the files in their order. A file that cannot be read does not keep the others from being scored.
pub(super) fn run(args: &ScoreArgs) -> Result<u8> {
    let detector = Detector::read(&args.detector)?;
    let jobs = jobs(find_recordings(&args.files)?, args.plot.as_deref())?;
    if args.csv {
        print(Report::CSV_HEADER)?;
    }
    let mut code = 0;
    for jobs in jobs.chunks(AT_ONCE * rayon::current_num_threads()) {
        let each = |scorer: &mut Result<Scorer<'_>>, job: &Job| score(scorer, job, args);
        let reports: Vec<Result<(Verdict, String)>> =
            jobs.par_iter().map_init(|| Scorer::new(&detector), each).collect();
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

/// The files with the names of their pictures in `folder`, which is made: such as `today-pump.svg` for `today/pump.wav`,
/// numbered where two would have the same.
fn jobs(files: Vec<PathBuf>, folder: Option<&Path>) -> Result<Vec<Job>> {
    let Some(folder) = folder else { return Ok(files.into_iter().map(|file| (file, None)).collect()) };
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    let mut taken = BTreeSet::new();
    let job = |file: PathBuf| {
        let stem = file.with_extension("");
        let parts = stem.components().filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        });
        let stem = parts.collect::<Vec<String>>().join("-");
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut names = std::iter::once(stem.clone()).chain(numbered);
        let name = names.find(|name| taken.insert(name.clone())).expect("there are numbers enough");
        (file, Some(folder.join(name + ".svg")))
    };
    Ok(files.into_iter().map(job).collect())
}

fn score(scorer: &mut Result<Scorer<'_>>, job: &Job, args: &ScoreArgs) -> Result<(Verdict, String)> {
    let scorer = scorer.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let (file, picture) = job;
    let report = scorer.file(file)?;
    if let Some(picture) = picture {
        write_whole(picture, scorer.svg(&report).as_bytes())?;
    }
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
