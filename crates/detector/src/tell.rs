//! What a program tells people, on standard error: whether anybody reads it never decides how it ends.

/// Writes a line to standard error, as `eprintln!` does, which panics where nobody reads it.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
