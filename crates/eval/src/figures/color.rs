//! Colours that colour-blind readers can tell apart: the map for densities, and those of what is no loss.

use plotters::style::RGBColor;

/// The wave of a sound: Okabe and Ito's blue.
pub(super) const WAVE: RGBColor = RGBColor(0, 114, 178);
/// Anomalous areas: a pale tint of Okabe and Ito's yellow.
pub(super) const ANOMALOUS: RGBColor = RGBColor(252, 247, 196);
/// Normal files: a grey.
pub(super) const NORMAL: RGBColor = RGBColor(120, 125, 135);
/// Anomalous files: Okabe and Ito's orange.
pub(super) const ANOMALY: RGBColor = RGBColor(230, 159, 0);
/// Working processes of a machine: pale colours that stand apart from [`ANOMALOUS`], and from the green, blue and red of
/// losses.
pub(super) const OPERATIONS: [RGBColor; 8] = [
    RGBColor(221, 221, 221),
    RGBColor(202, 178, 214),
    RGBColor(210, 180, 140),
    RGBColor(255, 170, 187),
    RGBColor(187, 204, 51),
    RGBColor(160, 160, 175),
    RGBColor(235, 210, 245),
    RGBColor(170, 170, 0),
];
/// Axes and text.
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
/// Rows of rare operations: a pale violet.
pub(super) const RARE: RGBColor = RGBColor(241, 236, 250);
/// Thin lines behind a curve.
pub(super) const GRID: RGBColor = RGBColor(214, 214, 214);
/// Captions.
pub(super) const FAINT: RGBColor = RGBColor(85, 85, 85);

/// Every eighth colour of matplotlib's viridis (CC0, by S. van der Walt and N. Smith), evenly spaced.
const VIRIDIS: [u32; 33] = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b, 0x375a8d,
    0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b, 0x1f9f88, 0x21a685,
    0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c, 0x96d83f, 0xabdc32, 0xc0df24,
    0xd5e21a, 0xeae51a, 0xfde725,
];

/// Viridis at `level` in `[0, 1]`: even steps look even, also in grey and to colour-blind readers. Levels outside
/// take the colour of the nearer end.
pub(super) fn viridis(level: f64) -> [u8; 3] {
    let place = level.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let share = place - below as f64;
    [16, 8, 0].map(|shift| {
        let [a, b] = [VIRIDIS[below], VIRIDIS[below + 1]].map(|color| f64::from(color >> shift & 0xff));
        (a + share * (b - a)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viridis_agrees_with_matplotlib_to_two_steps_of_255() {
        // Entries 10, 100, 200 and 250 of matplotlib 3.11.2's 256.
        let expected =
            [(10, [71, 16, 99]), (100, [42, 118, 142]), (200, [112, 207, 87]), (250, [241, 229, 29])];
        for (entry, color) in expected {
            let found = viridis(f64::from(entry) / 255.0);
            assert!(
                found.iter().zip(color).all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 2),
                "{entry}: {found:?}"
            );
        }
        assert_eq!((viridis(-1.0), viridis(2.0)), ([68, 1, 84], [253, 231, 37]));
    }
}
