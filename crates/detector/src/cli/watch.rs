//! `detector watch`: a stream or a folder, until it ends.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use detector::watch::{
    Event, Exec, Folder, InputFormat, SampleFormat, StreamSettings, Watcher, What, wav_header,
};
use detector::{Detector, Scorer, Verdict, tell};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::fit::seconds;
use super::{ANOMALY, MICROPHONE, print};

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// What `detector fit` wrote
    detector: PathBuf,
    /// `-` for standard input, raw or WAV, or a folder into which recordings come
    input: PathBuf,
    /// An event as a JSON object a line
    #[arg(long)]
    json: bool,
    /// Raw input: samples a second of a channel
    #[arg(long, default_value_t = 16_000)]
    rate: u32,
    /// Raw input: U8, S16_LE, S24_3LE, S32_LE or FLOAT_LE
    #[arg(long, default_value = "S16_LE", value_parser = sample_format)]
    format: SampleFormat,
    /// Raw input: channels
    #[arg(long, default_value_t = 1)]
    channels: u16,
    /// Time above the threshold before an anomaly is told of, such as 500ms
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    least: Option<f64>,
    /// Time between signs of life
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "1m")]
    heartbeat: f64,
    /// Time without sound after which that is told
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "5s")]
    stall: f64,
    /// A program that is run on each event but signs of life: no arguments, no shell, the event as JSON on its input
    #[arg(long, value_name = "PROGRAM")]
    exec: Option<PathBuf>,
    /// How long that program may take
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "10s")]
    exec_limit: f64,
}

fn sample_format(text: &str) -> Result<SampleFormat, String> {
    let known = SampleFormat::ALL.iter().find(|(name, _)| *name == text);
    known
        .map(|(_, format)| *format)
        .ok_or_else(|| format!("found `{text}`, expected one as `arecord -f` has"))
}

/// Bytes that are read at once, at most.
const READ: usize = 8192;
/// Readings that wait; a stream that is faster than we are is held up, and loses nothing here.
const WAITING: usize = 16;
/// How often a folder is looked at, and whether to stop.
const LOOK: Duration = Duration::from_millis(500);

/// Watches until the input ends or a signal asks to stop.
pub(super) fn run(args: &WatchArgs) -> Result<u8> {
    let detector = Detector::read(&args.detector)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    let limit = Duration::from_secs_f64(args.exec_limit);
    let mut exec = args.exec.as_deref().map(|program| Exec::new(program, limit));
    if args.input == Path::new("-") {
        stream(args, &detector, &stop, &mut exec)
    } else {
        folder(args, &detector, &stop, &mut exec)
    }
}

/// Tells of an event; whether anybody reads.
fn tell_of(event: &Event, args: &WatchArgs, exec: &mut Option<Exec>) -> Result<bool> {
    let json = serde_json::to_string(event).context("an event is JSON")?;
    let read = if args.json { print(&json)? } else { print(&event.text())? };
    if let Some(exec) = exec.as_mut().filter(|_| event.event != What::Alive) {
        exec.send(json);
    }
    Ok(read)
}

fn stream(args: &WatchArgs, detector: &Detector, stop: &AtomicBool, exec: &mut Option<Exec>) -> Result<u8> {
    let (format, start, input) = open(args, stop)?;
    let settings = StreamSettings { least_s: args.least.unwrap_or(0.0), heartbeat_s: args.heartbeat };
    let mut watcher = Watcher::new(detector, format, settings)?;
    let mut trusted = true;
    let mut events = watcher.push(&start)?;
    let (mut last, mut stalled) = (Instant::now(), false);
    loop {
        for event in &events {
            if !tell_of(event, args, exec)? {
                return Ok(0);
            }
        }
        trusted &= watcher.is_trusted();
        events = match input.recv_timeout(LOOK) {
            _ if stop.load(Ordering::Relaxed) => break,
            Ok(bytes) => {
                last = Instant::now();
                let resumed = std::mem::take(&mut stalled).then(|| watcher.event(What::Resumed));
                resumed.into_iter().chain(watcher.push(&bytes?)?).collect()
            }
            Err(RecvTimeoutError::Timeout) if !stalled && last.elapsed().as_secs_f64() >= args.stall => {
                stalled = true;
                vec![watcher.event(What::Stalled)]
            }
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => break,
        };
    }
    for event in watcher.end() {
        tell_of(&event, args, exec)?;
    }
    Ok(if watcher.anomaly {
        ANOMALY
    } else if trusted {
        0
    } else {
        MICROPHONE
    })
}

/// Blocks of bytes from a thread that reads.
type Input = Receiver<Result<Vec<u8>>>;

/// Standard input: what it is made of, its first bytes, and the rest.
fn open(args: &WatchArgs, stop: &AtomicBool) -> Result<(InputFormat, Vec<u8>, Input)> {
    let raw = InputFormat { rate: args.rate, channels: args.channels, sample: args.format };
    raw.check()?;
    let (blocks, input) = sync_channel(WAITING);
    let (head, first) = sync_channel(1);
    thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let opened = read_head(&mut stdin, raw);
        let ended = opened.is_err();
        if head.send(opened).is_err() || ended {
            return;
        }
        loop {
            let mut block = vec![0; READ];
            let read = stdin.read(&mut block).context("standard input");
            let ended = !matches!(read, Ok(count) if count > 0);
            let sent = match read {
                Ok(0) => return,
                Ok(count) => {
                    block.truncate(count);
                    blocks.send(Ok(block))
                }
                Err(error) => blocks.send(Err(error)),
            };
            if sent.is_err() || ended {
                return;
            }
        }
    });
    loop {
        match first.recv_timeout(LOOK) {
            Ok(opened) => return opened.map(|(format, start)| (format, start, input)),
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Relaxed) => {}
            Err(_) => return Ok((raw, Vec::new(), input)),
        }
    }
}

/// The format, and bytes that are no header.
fn read_head(stdin: &mut impl Read, raw: InputFormat) -> Result<(InputFormat, Vec<u8>)> {
    let mut start = Vec::new();
    stdin.by_ref().take(4).read_to_end(&mut start).context("standard input")?;
    if start == *b"RIFF" {
        return Ok((wav_header(stdin).context("standard input")?, Vec::new()));
    }
    Ok((raw, start))
}

fn folder(args: &WatchArgs, detector: &Detector, stop: &AtomicBool, exec: &mut Option<Exec>) -> Result<u8> {
    let mut folder = Folder::new(&args.input)?;
    let mut scorer = Scorer::new(detector)?;
    let mut beat = Instant::now();
    let mut code = 0;
    while !stop.load(Ordering::Relaxed) {
        for path in folder.look()? {
            beat = Instant::now();
            let report = match scorer.file(&path) {
                Ok(report) => report,
                Err(error) => {
                    tell!("error: {error:#}");
                    continue;
                }
            };
            let json = serde_json::to_string(&report).context("a report is JSON")?;
            let read = if args.json { print(&json)? } else { print(&report.text())? };
            if !read {
                return Ok(code);
            }
            if report.verdict != Verdict::Normal {
                code =
                    if report.verdict == Verdict::Anomaly || code == ANOMALY { ANOMALY } else { MICROPHONE };
                exec.iter_mut().for_each(|exec| exec.send(json.clone()));
            }
        }
        if beat.elapsed().as_secs_f64() >= args.heartbeat {
            beat = Instant::now();
            tell!("alive: no recording came for {} s", args.heartbeat);
        }
        thread::sleep(LOOK);
    }
    Ok(code)
}
