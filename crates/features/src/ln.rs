//! The natural logarithm in `f32`, without branches, so that a loop over it runs in SIMD.

/// ln(2) in two parts, the first exact in few bits: exponent times it loses nothing.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// The bits of sqrt(1/2).
const SQRT_HALF: u32 = 0x3f35_04f3;
/// ln(1 + m) = m - m²/2 + m³ P(m) on [sqrt(1/2) - 1, sqrt(2) - 1]; Cephes `logf`, highest power first.
const P: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_8e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];

/// ln(x) of a positive, normal, finite `x`, within 2 units in the last place or 1e-7. Any other `x` gives nonsense.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    // x = 2^exponent (1 + m), with 1 + m between sqrt(1/2) and sqrt(2).
    let bits = x.to_bits();
    let exponent = (bits.wrapping_sub(SQRT_HALF) as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub((exponent << 23) as u32)) - 1.0;
    let exponent = exponent as f32;
    let squared = m * m;
    let mut tail = P[0];
    for coefficient in &P[1..] {
        tail = tail * m + coefficient;
    }
    tail = tail * m * squared + exponent * LN_2_LOW - 0.5 * squared;
    m + tail + exponent * LN_2_HIGH
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn agrees_with_f64_over_the_range_of_features() {
        // Every 257th float from the smallest normal to the largest: 8 million of them.
        let mut worst = 0.0_f64;
        for bits in (f32::MIN_POSITIVE.to_bits()..=f32::MAX.to_bits()).step_by(257) {
            let x = f32::from_bits(bits);
            let exact = f64::from(x).ln();
            let allowed = (exact.abs() * f64::from(f32::EPSILON)).max(1e-7);
            worst = worst.max((f64::from(ln(x)) - exact).abs() / allowed);
        }
        assert!(worst <= 1.0, "off by {worst} of what is allowed");
    }

    #[test]
    fn is_exact_at_one() {
        assert_eq!(ln(1.0), 0.0);
    }
}
