//! Trains nets in a stack: side by side in products of all of them at once, on the CPU or a card.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Error, Result};
use models::Checkpoint;
use models::stack::{BatchShape, Net as StackNet, Stack};

use crate::follower::{self, Follower, Opened, finish_reached, is_reached};
use crate::history::Update;
use crate::record::Record;
use crate::source::FrameSource;
use crate::stop;
use crate::training::{Outcomes, Training, ended, finished, guarded};

/// Trains the nets that were `opened`, which are of one shape and recipe, and finishes those that follow them.
pub(crate) fn train<'a>(
    opened: Vec<Opened<'a>>,
    followers: Vec<Follower<'a>>,
    training: &Training<'_>,
) -> Outcomes<'a> {
    // Those that an earlier run left elsewhere are a stack of their own.
    let mut by_step = BTreeMap::<u64, Vec<Opened<'a>>>::new();
    for net in opened {
        by_step.entry(net.0.step()).or_default().push(net);
    }
    let mut seats = Seats { places: Vec::new(), followers, outcomes: Vec::new(), training };
    for opened in by_step.into_values() {
        let (records, checkpoints): (Vec<_>, Vec<_>) = opened.into_iter().unzip();
        seats.places = records.into_iter().map(Some).collect();
        if let Err(error) = guarded(|| seats.train(checkpoints)) {
            (0..seats.places.len()).for_each(|place| seats.end(place, &error));
        }
    }
    seats.outcomes.extend(follower::stopped(seats.followers));
    seats.outcomes
}

/// The nets of a stack, and what becomes of them.
struct Seats<'a, 't> {
    /// By their places in the stack; none where a net is finished or has failed.
    places: Vec<Option<Record<'a>>>,
    followers: Vec<Follower<'a>>,
    outcomes: Outcomes<'a>,
    training: &'t Training<'t>,
}

/// Updates that a stack has made since its nets were told.
struct Untold {
    updates: u64,
    since: Instant,
    /// Rows of a batch.
    rows: usize,
}

impl<'a> Seats<'a, '_> {
    fn records(&self) -> impl Iterator<Item = &Record<'a>> {
        self.places.iter().flatten()
    }

    fn train(&mut self, checkpoints: Vec<Checkpoint>) -> Result<()> {
        for (record, state) in self.places.iter().flatten().zip(&checkpoints) {
            // Where it was left, which it does not come by again.
            self.outcomes.extend(finish_reached(&mut self.followers, record, state, self.training));
        }
        let start = self.records().map(Record::step).min().unwrap_or(0);
        let end = self.records().map(Record::length).max().unwrap_or(start);
        if start == end || stop::asked() {
            self.leave(checkpoints);
            return Ok(());
        }
        let mut seeds: Vec<u64> = self.records().map(|record| record.net.settings.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let settings = &self.records().next().context("a stack has nets")?.net.settings;
        let sounds = self.training.sounds;
        let open = |seed: &u64| FrameSource::start(&settings.data, sounds, *seed, start..end);
        let mut sources = seeds.iter().map(open).collect::<Result<Vec<_>>>()?;
        let device = settings.stack_device(self.training.provenance.card.unwrap_or(0));
        let mut made: Option<(Stack, Untold)> = None;
        let mut checkpoints = Some(checkpoints);
        for step in start..end {
            if stop::asked() || self.records().next().is_none() {
                break;
            }
            let bands = sources[0].bands();
            let batches = sources.iter_mut().map(|source| source.batch(step)).collect::<Result<Vec<_>>>()?;
            if let Some(checkpoints) = checkpoints.take() {
                // What all batches are like, the first one shows.
                let [numbers, rows] = [batches[0].frames.len(), batches[0].starts.len()];
                let shape = BatchShape { rows, frames: numbers / bands, bands };
                let stack = Stack::new(self.nets(&seeds, checkpoints), shape, device)?;
                made = Some((stack, Untold { updates: 0, since: Instant::now(), rows }));
            }
            let (stack, untold) = made.as_mut().context("it was made at the first step")?;
            let rate = |place: &Option<Record<'_>>| {
                place.as_ref().map_or(0.0, |record| record.net.settings.schedule.learning_rate_at(step))
            };
            stack.step(&batches, &self.places.iter().map(rate).collect::<Vec<_>>())?;
            untold.updates += 1;
            if self.is_awaited(step + 1) {
                self.tell(stack, untold)?;
                self.keep(stack)?;
            }
        }
        let Some((mut stack, mut untold)) = made else {
            self.leave(checkpoints.unwrap_or_default()); // asked to stop before the first step
            return Ok(());
        };
        self.tell(&mut stack, &mut untold)?;
        let states = stack.checkpoints()?;
        self.leave(states);
        Ok(())
    }

    /// What the stack is made of: nets that name the place of their seed among `seeds` as their batch.
    fn nets(&self, seeds: &[u64], checkpoints: Vec<Checkpoint>) -> Vec<(StackNet, Checkpoint)> {
        let net = |(record, checkpoint): (&Record<'_>, Checkpoint)| {
            let settings = &record.net.settings;
            let batch = seeds.binary_search(&settings.seed).unwrap_or_default();
            (StackNet { objective: settings.objective, batch }, checkpoint)
        };
        self.records().zip(checkpoints).map(net).collect()
    }

    /// Whether after `step` updates something is to be told, saved or finished.
    fn is_awaited(&self, step: u64) -> bool {
        let by_itself = |record: &Record<'_>| {
            step.is_multiple_of(record.net.history_every)
                || step.is_multiple_of(record.net.checkpoint_every)
                || step == record.length()
        };
        self.records().any(by_itself)
            || self.followers.iter().any(|follower| follower.record.length() == step)
    }

    /// Tells each net what it did since it was last told; those that failed are ended.
    fn tell(&mut self, stack: &mut Stack, untold: &mut Untold) -> Result<()> {
        let nets = self.records().count().max(1) as f64;
        let seconds = untold.since.elapsed().as_secs_f64() / (untold.updates.max(1) as f64 * nets);
        (untold.updates, untold.since) = (0, Instant::now());
        for (place, history) in stack.history()?.into_iter().enumerate() {
            let Some(record) = &mut self.places[place] else { continue };
            let left = (record.length() - record.step()) as usize;
            for value in history.values.into_iter().take(left).take_while(|value| value.total.is_finite()) {
                let learning_rate = record.learning_rate();
                record.add(Update { value, learning_rate, rows: untold.rows, seconds });
                self.training.progress.advance();
            }
            if let Some(failure) = history.failure {
                let where_to = format!("on batch {} of seed {}", record.step(), record.net.settings.seed);
                self.end(place, &Error::new(failure).context(where_to));
            }
        }
        Ok(())
    }

    /// Saves and finishes what is due.
    fn keep(&mut self, stack: &mut Stack) -> Result<()> {
        let wanted = |record: &Record<'_>| {
            record.is_due() || record.is_trained() || is_reached(&self.followers, record)
        };
        if !self.records().any(wanted) {
            return Ok(());
        }
        for (place, state) in stack.checkpoints()?.into_iter().enumerate() {
            let Some(record) = &self.places[place] else { continue };
            self.outcomes.extend(finish_reached(&mut self.followers, record, &state, self.training));
            if record.is_trained() {
                let record = self.places[place].take().context("it is there")?;
                self.outcomes.push(finished(record, || Ok(state), self.training));
            } else if record.is_due()
                && let Err(error) = guarded(|| record.save(&state))
            {
                self.end(place, &error);
            }
        }
        Ok(())
    }

    /// Ends the net at `place`, if it is there, and those that follow it.
    fn end(&mut self, place: usize, error: &Error) {
        if let Some(record) = self.places[place].take() {
            self.outcomes.extend(follower::end_with(&mut self.followers, &record, error, self.training));
            self.outcomes.push(ended(&record, error, self.training));
        }
    }

    /// Finishes or saves every net that is there, by its state.
    fn leave(&mut self, states: Vec<Checkpoint>) {
        for (place, state) in self.places.iter_mut().zip(states) {
            if let Some(record) = place.take() {
                self.outcomes.extend(finish_reached(&mut self.followers, &record, &state, self.training));
                self.outcomes.push(finished(record, || Ok(state), self.training));
            }
        }
    }
}
