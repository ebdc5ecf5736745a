//! The figures of the ring experiment against golden pictures.
#![allow(clippy::unwrap_used)]

mod pictures;

use std::fs;
use std::path::Path;

use eval::figures::{RingScores, figure2, figure3};
use eval::{EvalError, Grid};

type Draw = fn(&RingScores<'_>, &str, &Path) -> Result<(), EvalError>;

/// Scores that look like those of trained nets: flat within a radius, rising outside, with a bump.
fn scores(grid: &Grid, flat: f64, slope: f64) -> Vec<f32> {
    let score = |x: &[f32]| {
        let (x1, x2) = (f64::from(x[0]), f64::from(x[1]));
        let bump = 0.3 * (-((x1 - 1.0).powi(2) + x2 * x2) * 4.0).exp();
        (slope * (x1.hypot(1.1 * x2) - flat).max(0.0).powi(2) + bump) as f32
    };
    grid.points().chunks(2).map(score).collect()
}

fn draw(figure: Draw, swapped: bool, stem: &Path) {
    let grid = Grid::new(3.0, 121).unwrap();
    let (re, snp, bu) = (scores(&grid, 1.5, 0.3), scores(&grid, 1.2, 6.0), scores(&grid, 1.7, 20.0));
    let (snp, bu) = if swapped { (&bu, &snp) } else { (&snp, &bu) };
    let scores = RingScores { grid: &grid, border: 2.0, re: &re, snp, bu };
    let caption = "A caption with q_θ(x), long enough to need a second line: the words go on and on, past the width \
                   of the picture, until nothing is left to say about D(U ‖ q).";
    figure(&scores, caption, stem).unwrap();
}

fn check(name: &str, figure: Draw) {
    pictures::check(name, |stem| draw(figure, false, stem), |stem| draw(figure, true, stem));
}

#[test]
fn figure_2_looks_as_it_did() {
    check("figure2", figure2);
}

#[test]
fn figure_3_looks_as_it_did() {
    check("figure3", figure3);
}

#[test]
fn a_figure_is_the_same_bytes_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let stems = ["a", "b"].map(|name| folder.path().join(name));
    stems.iter().for_each(|stem| draw(figure3, false, stem));
    for extension in ["png", "svg"] {
        let [a, b] = stems.each_ref().map(|stem| fs::read(stem.with_extension(extension)).unwrap());
        assert!(a == b, "{extension}");
    }
}

#[test]
fn bad_scores_and_folders_are_named() {
    let grid = Grid::new(3.0, 5).unwrap();
    let (good, mut bad) = (vec![0.5; 25], vec![0.5; 25]);
    let with = |snp: &[f32], stem: &str| {
        figure2(&RingScores { grid: &grid, border: 2.0, re: &good, snp, bu: &good }, "", Path::new(stem))
            .unwrap_err()
            .to_string()
    };
    assert!(with(&good[1..], "x").contains("SNP on a grid of 5 x 5: found 24 values, expected 25"));
    bad[3] = f32::NAN;
    assert!(with(&bad, "x").contains("SNP on a grid of 5 x 5: value 3 is NaN"));
    assert!(with(&good, "/nonexistent/figure2").contains("/nonexistent/figure2.png"));
}
