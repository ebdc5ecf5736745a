//! What a run tells people, on standard error: whether anybody reads it never decides how the run ends.

/// Writes a line to standard error, as `eprintln!` does. A reader that has gone away, a terminal that is closed or a
/// disk that is full is no error: `eprintln!` panics there, and would end a training.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
