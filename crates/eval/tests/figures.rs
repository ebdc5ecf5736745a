//! Figures against golden pictures. `UPDATE_GOLDEN=1 cargo test -p eval --test figures` writes them anew.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

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

struct Image {
    size: (u32, u32),
    rgb: Vec<u8>,
}

fn read_png(path: &Path) -> Image {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    Image { size: (info.width, info.height), rgb }
}

/// Equal size, and at most one value in a thousand off by more than 24 of 255: anti-aliasing may differ between
/// machines, nothing else.
fn alike(a: &Image, b: &Image) -> bool {
    let off = a.rgb.iter().zip(&b.rgb).filter(|(a, b)| a.abs_diff(**b) > 24).count();
    a.size == b.size && off * 1000 <= a.rgb.len()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("png")
}

fn check(name: &str, figure: Draw) {
    let stem = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    draw(figure, false, &stem);
    let (drawn, golden) = (stem.with_extension("png"), golden(name));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::copy(&drawn, &golden).unwrap();
    }
    let message = format!("{} differs from {}", drawn.display(), golden.display());
    assert!(alike(&read_png(&drawn), &read_png(&golden)), "{message}");
    let others = tempfile::tempdir().unwrap();
    draw(figure, true, &others.path().join(name));
    let message = format!("{name}: the comparison does not see SNP and BU swapped");
    assert!(
        !alike(&read_png(&others.path().join(name).with_extension("png")), &read_png(&golden)),
        "{message}"
    );
    check_svg(&fs::read_to_string(stem.with_extension("svg")).unwrap());
}

fn check_svg(svg: &str) {
    assert!(svg.len() < 300_000, "{} bytes", svg.len());
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    assert!(!svg.contains("<text"), "text must be outlines");
    assert!(svg.contains("aria-label=\"SNP\""));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
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
