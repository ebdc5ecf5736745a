//! Pictures compared with golden ones. `UPDATE_GOLDEN=1 cargo test --release --workspace --test figures
//! --test sweep_figures` writes them anew.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use eval::figures::Drawing;

/// Compares a figure with `tests/golden/<name>.png`; another must not pass for it.
pub(crate) fn check(name: &str, drawing: &Drawing, other: &Drawing) {
    let golden = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &drawing.png).unwrap();
    }
    let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("png");
    fs::write(&drawn, &drawing.png).unwrap();
    let expected = read_png(&fs::read(&golden).unwrap());
    let message = format!("{} differs from {}", drawn.display(), golden.display());
    assert!(alike(&read_png(&drawing.png), &expected), "{message}");
    let message = format!("{name}: the comparison does not see that another figure was drawn");
    assert!(!alike(&read_png(&other.png), &expected), "{message}");
    check_svg(&drawing.svg);
}

struct Image {
    size: (u32, u32),
    rgb: Vec<u8>,
}

fn read_png(bytes: &[u8]) -> Image {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
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
