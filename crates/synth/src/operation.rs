//! What a car does at each moment: operations of very unequal share, and their labels.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::RATE;
use super::oscillator::BLOCK;

/// A working process of the car. Idling and cruising fill more than nine tenths of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Standing with the engine running.
    Idle,
    /// Driving at a speed that wanders.
    Cruise,
    /// The engine stalls, is cranked, and catches with a flare.
    StartUp,
    /// Load off, a clunk, and on again at another speed.
    GearChange,
    /// Creeping backwards on straight-cut gears.
    Reverse,
}

/// A stretch of one operation, in blocks of [`BLOCK`] samples; `end` is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) operation: Operation,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Operation {
    /// The name that labels carry.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Cruise => "cruise",
            Self::StartUp => "start_up",
            Self::GearChange => "gear_change",
            Self::Reverse => "reverse",
        }
    }

    /// Shortest and longest duration in seconds.
    fn duration_s(self) -> std::ops::Range<f32> {
        match self {
            Self::Idle => 2.5..8.0,
            Self::Cruise => 4.0..14.0,
            Self::StartUp => 1.2..2.0,
            Self::GearChange => 0.35..0.8,
            Self::Reverse => 1.2..2.6,
        }
    }

    /// What follows, given a uniform draw. The shares that result are held by a test.
    fn next(self, draw: f32) -> Self {
        match self {
            Self::Idle if draw < 0.18 => Self::StartUp,
            Self::Idle if draw < 0.36 => Self::Reverse,
            Self::Cruise if draw < 0.55 => Self::GearChange,
            Self::Idle | Self::GearChange => Self::Cruise,
            Self::Cruise | Self::StartUp | Self::Reverse => Self::Idle,
        }
    }
}

/// Draws what a car does over at least `blocks` blocks. The last segment may end later.
pub(super) fn schedule(blocks: usize, rng: &mut ChaCha8Rng) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut operation = if rng.random_range(0.0..1.0) < 0.5 { Operation::Idle } else { Operation::Cruise };
    let mut start = 0;
    while start < blocks {
        let seconds = rng.random_range(operation.duration_s());
        let end = start + (seconds * RATE) as usize / BLOCK;
        segments.push(Segment { operation, start, end });
        operation = operation.next(rng.random_range(0.0..1.0));
        start = end;
    }
    segments
}

/// The segments between blocks `from` and `to`, counted from `from`.
pub(super) fn crop(segments: &[Segment], from: usize, to: usize) -> Vec<Segment> {
    segments
        .iter()
        .filter(|s| s.end > from && s.start < to)
        .map(|s| Segment { start: s.start.max(from) - from, end: s.end.min(to) - from, ..*s })
        .collect()
}

/// The labels of a file as CSV: `start_s,end_s,operation`, which cover it without a gap.
pub(super) fn labels_csv(segments: &[Segment]) -> String {
    let seconds = |block: usize| block as f64 * BLOCK as f64 / f64::from(RATE);
    segments.iter().fold(String::from("start_s,end_s,operation\n"), |csv, s| {
        // A block is 4 ms, so three decimals are exact.
        csv + &format!("{:.3},{:.3},{}\n", seconds(s.start), seconds(s.end), s.operation.name())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::*;
    use features::rng::{Purpose, stream};

    #[test]
    fn rare_operations_are_rare_and_all_occur() {
        let blocks = 250 * 3600 * 10;
        let segments = schedule(blocks, &mut stream(0, Purpose::Synth, 0));
        let share = |operation| {
            let time: usize =
                segments.iter().filter(|s| s.operation == operation).map(|s| s.end - s.start).sum();
            time as f64 / blocks as f64
        };
        for rare in [StartUp, GearChange, Reverse] {
            assert!((0.01..0.05).contains(&share(rare)), "{rare:?}: {}", share(rare));
        }
        assert!(share(Idle) > 0.2 && share(Cruise) > 0.5);
    }

    #[test]
    fn cropped_segments_cover_their_stretch_exactly() {
        let segments = schedule(10_000, &mut stream(1, Purpose::Synth, 0));
        for (from, to) in [(0, 10_000), (1234, 3000), (5000, 5001)] {
            let cropped = crop(&segments, from, to);
            assert_eq!(cropped[0].start, 0);
            assert_eq!(cropped[cropped.len() - 1].end, to - from);
            assert!(cropped.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(cropped.iter().all(|s| s.start < s.end));
        }
    }

    #[test]
    fn labels_are_written_in_seconds() {
        let segments = [
            Segment { operation: Idle, start: 0, end: 250 },
            Segment { operation: StartUp, start: 250, end: 501 },
        ];
        assert_eq!(
            labels_csv(&segments),
            "start_s,end_s,operation\n0.000,1.000,idle\n1.000,2.004,start_up\n"
        );
    }
}
