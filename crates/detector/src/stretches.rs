//! Stretches of moments above a threshold, one moment at a time, with hysteresis.

/// A stretch of moments, counted from the first that was pushed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Its first moment.
    pub from: usize,
    /// The moment after its last above the release.
    pub to: usize,
    /// The moment of the largest score, the first of equals.
    pub peak: usize,
    /// That score.
    pub score: f32,
}

/// What a moment changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// A stretch is long enough to be told of; it goes on.
    Began(Stretch),
    /// The stretch that began is over.
    Ended(Stretch),
}

/// Begins a stretch above the threshold and ends it where all scores are below the release for some moments.
#[derive(Clone, Debug)]
pub struct Hysteresis {
    threshold: f32,
    release: f32,
    hold: usize,
    least: usize,
    pushed: usize,
    open: Option<(Stretch, bool)>,
}

/// The share of the threshold below which a stretch ends.
const RELEASE: f32 = 0.95;

impl Hysteresis {
    /// `hold` moments below the release end a stretch; one shorter than `least` moments is not told of.
    pub fn new(threshold: f32, hold: usize, least: usize) -> Self {
        Self { threshold, release: RELEASE * threshold, hold, least, pushed: 0, open: None }
    }

    /// Takes the score of the next moment.
    pub fn push(&mut self, score: f32) -> Option<Change> {
        let now = self.pushed;
        self.pushed += 1;
        let Some((stretch, told)) = &mut self.open else {
            if score > self.threshold {
                let told = self.least <= 1;
                let stretch = Stretch { from: now, to: now + 1, peak: now, score };
                self.open = Some((stretch, told));
                return told.then_some(Change::Began(stretch));
            }
            return None;
        };
        if score > self.release {
            stretch.to = now + 1;
        }
        if score > stretch.score {
            (stretch.peak, stretch.score) = (now, score);
        }
        if now >= stretch.to + self.hold {
            return self.end();
        }
        if !*told && stretch.to - stretch.from >= self.least {
            *told = true;
            return Some(Change::Began(*stretch));
        }
        None
    }

    /// No further moment comes, or the moments that come do not follow the last one.
    pub fn end(&mut self) -> Option<Change> {
        let (stretch, told) = self.open.take()?;
        told.then_some(Change::Ended(stretch))
    }

    /// All stretches of `scores`.
    pub fn all(mut self, scores: &[f32]) -> Vec<Stretch> {
        let mut changes: Vec<Change> = scores.iter().filter_map(|score| self.push(*score)).collect();
        changes.extend(self.end());
        let ended = |change| match change {
            Change::Ended(stretch) => Some(stretch),
            Change::Began(_) => None,
        };
        changes.into_iter().filter_map(ended).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_goes_on_until_it_was_below_the_release_for_long_enough() {
        let scores = [0.5, 1.1, 0.9, 0.5, 2.0, 0.1, 0.1, 0.1, 0.1, 1.5];
        let found = Hysteresis::new(1.0, 2, 1).all(&scores);
        let first = Stretch { from: 1, to: 5, peak: 4, score: 2.0 };
        assert_eq!(found, [first, Stretch { from: 9, to: 10, peak: 9, score: 1.5 }]);
    }

    #[test]
    fn one_that_is_too_short_is_not_told_of() {
        let mut hysteresis = Hysteresis::new(1.0, 1, 3);
        let scores = [2.0, 0.0, 0.0, 2.0, 1.0, 1.2, 0.0, 0.0];
        let changes: Vec<Option<Change>> = scores.iter().map(|score| hysteresis.push(*score)).collect();
        let stretch = Stretch { from: 3, to: 6, peak: 3, score: 2.0 };
        assert_eq!(changes[..5], [None; 5]);
        assert_eq!(changes[5..], [Some(Change::Began(stretch)), None, Some(Change::Ended(stretch))]);
        assert_eq!(hysteresis.end(), None);
    }

    #[test]
    fn a_score_at_the_threshold_is_normal() {
        assert!(Hysteresis::new(1.0, 2, 1).all(&[1.0, 1.0]).is_empty());
    }
}
