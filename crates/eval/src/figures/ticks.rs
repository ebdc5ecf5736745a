//! Where an axis has its ticks, and what is written beside them.

/// A value on an axis and its label.
pub(super) type Tick = (f64, String);

/// A number: up to three digits after the point, a proper minus.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.replace('-', "\u{2212}") }
}

/// The next number of the form 1, 2, 5 or 10 times a power of ten, at or above `value`.
pub(super) fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.max(f64::MIN_POSITIVE).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    power * steps.into_iter().find(|step| step * power >= value * (1.0 - 1e-12)).unwrap_or(10.0)
}

/// The last number of the form 1, 2, 5 or 10 times a power of ten, at or below `value`.
pub(super) fn round_down(value: f64) -> f64 {
    1.0 / round_up(1.0 / value)
}

/// The multiples of a round step within a range, at most `count` steps of them, with labels of equal precision.
pub(super) fn ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    let step = round_up((high - low) / count as f64);
    let digits = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    let label = |value: f64| format!("{value:.digits$}").replace('-', "\u{2212}");
    (first..=last).map(|k| k as f64 * step).map(|value| (value, label(value))).collect()
}

/// Ends of a logarithmic axis (as decimal logarithms) around positive values: numbers of the form 1, 2 or 5 times
/// a power of ten.
pub(super) fn log_range(lowest: f64, highest: f64) -> (f64, f64) {
    let (low, high) = (round_down(lowest), round_up(highest));
    let high = if high > low * 1.5 { high } else { round_up(1.9 * low) };
    (low.log10(), high.log10())
}

/// Ticks of a logarithmic axis whose ends are decimal logarithms: powers of ten, and their doubles and halves where
/// those are few.
pub(super) fn log_ticks((low, high): (f64, f64)) -> Vec<Tick> {
    let (first, last) = ((low - 1e-9).floor() as i32, (high + 1e-9).floor() as i32);
    let steps: &[f64] = if high - low > 2.3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let stride = (last - first) as usize / 7 + 1;
    let powers = (first..=last).step_by(stride);
    let marks = powers.flat_map(|power| steps.iter().map(move |step| (power, *step)));
    let place = |(power, step): (i32, f64)| (f64::from(power) + step.log10(), scientific(step, power));
    marks.map(place).filter(|(at, _)| (low - 1e-9..=high + 1e-9).contains(at)).collect()
}

/// `mantissa` times a power of ten: written out near one, else with an exponent.
fn scientific(mantissa: f64, power: i32) -> String {
    if (-4..=4).contains(&power) {
        let digits = (-power).max(0) as usize;
        return format!("{:.digits$}", mantissa * 10f64.powi(power));
    }
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    let exponent: String = power.to_string().chars().map(raised).collect();
    if mantissa == 1.0 { format!("10{exponent}") } else { format!("{mantissa:.0}·10{exponent}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> String {
        ticks.into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_numbers() {
        for (value, end) in [(0.0931, 0.1), (7.8, 10.0), (1.0, 1.0), (104.0, 200.0), (2.6, 5.0)] {
            assert!((round_up(value) / end - 1.0).abs() < 1e-9, "{value} {}", round_up(value));
        }
        for (value, end) in [(0.0931, 0.05), (7.8, 5.0), (1.0, 1.0), (199.0, 100.0), (2.6, 2.0)] {
            assert!((round_down(value) / end - 1.0).abs() < 1e-9, "{value} {}", round_down(value));
        }
        assert_eq!(labels(ticks((0.0, 7.8), 10)), "0 1 2 3 4 5 6 7");
        assert_eq!(labels(ticks((0.0, 0.117), 10)), "0.00 0.02 0.04 0.06 0.08 0.10");
        assert_eq!(labels(ticks((0.0, 100.0), 10)), "0 10 20 30 40 50 60 70 80 90 100");
        assert_eq!(labels(ticks((-3.0, 3.0), 7)), "−3 −2 −1 0 1 2 3");
        assert_eq!(labels(ticks((0.4, 1.0), 7)), "0.4 0.5 0.6 0.7 0.8 0.9 1.0");
        assert_eq!([-3.0, 0.0, -0.0, 0.06000000001, 0.125].map(number).join(" "), "−3 0 0 0.06 0.125");
    }

    #[test]
    fn logarithmic_ticks_end_with_the_axis() {
        let of = |lowest, highest| labels(log_ticks(log_range(lowest, highest)));
        assert_eq!(of(0.3, 4.0), "0.2 0.5 1 2 5");
        assert_eq!(of(7.0, 7.0), "5 10");
        assert_eq!(of(5.0, 5.0), "5 10");
        assert_eq!(of(0.011, 900.0), "0.01 0.1 1 10 100 1000");
        assert_eq!(of(1e-9, 1e-7), "10⁻⁹ 2·10⁻⁹ 5·10⁻⁹ 10⁻⁸ 2·10⁻⁸ 5·10⁻⁸ 10⁻⁷");
        assert!(log_ticks(log_range(1e-30, 1e30)).len() <= 9);
    }
}
