//! Pictures compared with golden ones. `UPDATE_GOLDEN=1 cargo test --release --workspace --test figures
//! --test sweep_figures` writes them anew.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Draws a figure and compares it with `tests/golden/<name>.png`; then another, which must not pass for the first.
pub(crate) fn check(name: &str, draw: impl Fn(&Path), draw_other: impl Fn(&Path)) {
    let stem = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    draw(&stem);
    let (drawn, golden) = (stem.with_extension("png"), golden(name));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::copy(&drawn, &golden).unwrap();
    }
    let message = format!("{} differs from {}", drawn.display(), golden.display());
    assert!(alike(&read_png(&drawn), &read_png(&golden)), "{message}");
    let others = tempfile::tempdir().unwrap();
    let other = others.path().join(name);
    draw_other(&other);
    let message = format!("{name}: the comparison does not see that another figure was drawn");
    assert!(!alike(&read_png(&other.with_extension("png")), &read_png(&golden)), "{message}");
    check_svg(&fs::read_to_string(stem.with_extension("svg")).unwrap());
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

/// A whole document of outlines, not too large for a report.
pub(crate) fn check_svg(svg: &str) {
    assert!(svg.len() < 400_000, "{} bytes", svg.len());
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    assert!(!svg.contains("<text"), "text must be outlines");
    assert!(svg.contains("aria-label=\"SNP"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}
