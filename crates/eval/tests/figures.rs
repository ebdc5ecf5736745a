//! The figures of the ring experiment against golden pictures.
#![allow(clippy::unwrap_used)]

mod pictures;

use eval::figures::{Drawing, Loss, RingScores, figure2, figure3};
use eval::{EvalError, Grid};

type Draw = fn(&RingScores<'_>, &str) -> Result<Drawing, EvalError>;

const RE: Loss = Loss { name: "RE", color: [0, 158, 115], order: 0 };
const SNP: Loss = Loss { name: "SNP", color: [0, 114, 178], order: 1 };
const BU: Loss = Loss { name: "BU", color: [204, 51, 17], order: 2 };

/// Scores that look like those of trained nets: flat within a radius, rising outside, with a bump.
fn scores(grid: &Grid, flat: f64, slope: f64) -> Vec<f32> {
    let score = |x: &[f32]| {
        let (x1, x2) = (f64::from(x[0]), f64::from(x[1]));
        let bump = 0.3 * (-((x1 - 1.0).powi(2) + x2 * x2) * 4.0).exp();
        (slope * (x1.hypot(1.1 * x2) - flat).max(0.0).powi(2) + bump) as f32
    };
    grid.points().chunks(2).map(score).collect()
}

fn draw(figure: Draw, swapped: bool) -> Drawing {
    let grid = Grid::new(3.0, 121).unwrap();
    let [re, snp, bu] = [scores(&grid, 1.5, 0.3), scores(&grid, 1.2, 6.0), scores(&grid, 1.7, 20.0)];
    let [snp, bu] = if swapped { [&bu, &snp] } else { [&snp, &bu] };
    let losses = [(RE, re.as_slice()), (SNP, snp), (BU, bu)];
    let scores = RingScores { grid: &grid, border: 2.0, losses: &losses };
    let caption = "A caption with q_θ(x), long enough to need a second line: the words go on and on, past the width \
                   of the picture, until nothing is left to say about D(U ‖ q).";
    figure(&scores, caption).unwrap()
}

#[test]
fn figure_2_looks_as_it_did() {
    pictures::check("figure2", &draw(figure2, false), &draw(figure2, true));
}

#[test]
fn figure_3_looks_as_it_did() {
    pictures::check("figure3", &draw(figure3, false), &draw(figure3, true));
}

#[test]
fn a_figure_is_the_same_bytes_each_time() {
    assert!(draw(figure3, false) == draw(figure3, false));
}

#[test]
fn bad_scores_are_named() {
    let grid = Grid::new(3.0, 5).unwrap();
    let good = vec![0.5; 25];
    let with = |snp: &[f32]| {
        let losses = [(RE, good.as_slice()), (SNP, snp), (BU, good.as_slice())];
        figure2(&RingScores { grid: &grid, border: 2.0, losses: &losses }, "").unwrap_err().to_string()
    };
    assert!(with(&good[1..]).contains("SNP on a grid of 5 x 5: found 24 values, expected 25"));
    let mut bad = good.clone();
    bad[3] = f32::NAN;
    assert!(with(&bad).contains("SNP on a grid of 5 x 5: value 3 is NaN"));
}
