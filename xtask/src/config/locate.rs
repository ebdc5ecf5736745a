//! Where a key stands in a file, and what its writer may have meant.

use std::path::Path;

/// `file:line` of a dotted key in block-style YAML; the file alone where the key is not found.
pub(super) fn place(path: &Path, text: &str, key: &str) -> String {
    match line_of(text, key) {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

/// Line (from 1) of the last part of `key` that stands on a line of its own.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let (mut found, mut parts) = (None, key.split('.').peekable());
    let mut indent = None;
    for (number, line) in text.lines().enumerate() {
        let Some(part) = parts.peek() else { break };
        let content = line.trim_start();
        let depth = line.len() - content.len();
        let deeper = indent.is_none_or(|above| depth > above);
        if deeper && content.strip_prefix(part).is_some_and(|rest| rest.trim_start().starts_with(':')) {
            found = Some(number + 1);
            indent = Some(depth);
            parts.next();
        }
    }
    found
}

/// Keys of earlier versions, and what is written in their place.
const RENAMED: [(&str, &str); 2] = [
    ("sigma_times_dim", "`sigma` as a number or such as 1/(2D)"),
    ("lambda_per_band", "`lambda` as a number or such as 2M"),
];

/// An error of the parser without its position, and with "did you mean" where a name is nearly right.
pub(super) fn explain(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some((old, new)) =
        RENAMED.iter().find(|(old, _)| message.contains(&format!("unknown field `{old}`")))
    {
        return format!("`{old}` is no longer a key: write {new}");
    }
    match suggestion(message) {
        Some(meant) => format!("{message}; did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}

/// The nearest of the names that a message expects to the one that it found.
fn suggestion(message: &str) -> Option<&str> {
    let (found, expected) = message.split_once("unknown ")?.1.split_once(", expected ")?;
    let found = found.split('`').nth(1)?;
    let names = expected.split('`').skip(1).step_by(2);
    let near = names.map(|name| (strsim::jaro_winkler(&found.to_lowercase(), &name.to_lowercase()), name));
    near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_depth() {
        let text = "epsilon: 1\n# sigma: none\nloss:\n  sigma: 4\n  epsilon : 2\ngrid: {points: 3}\n";
        assert_eq!(line_of(text, "epsilon"), Some(1));
        assert_eq!(line_of(text, "loss.sigma"), Some(4));
        assert_eq!(line_of(text, "loss.epsilon"), Some(5));
        assert_eq!(line_of(text, "grid.points"), Some(6), "in flow style, the line of what holds it");
        assert_eq!(line_of(text, "data"), None);
    }

    #[test]
    fn near_misses_are_named() {
        let message =
            "data: unknown field `sample`, expected one of `samples`, `normal_radius` at line 3 column 4";
        let expected = "data: unknown field `sample`, expected one of `samples`, `normal_radius`; did you mean `samples`?";
        assert_eq!(explain(message), expected);
        let variant = "unknown variant `Relu`, expected `sigmoid` or `relu`";
        assert!(explain(variant).ends_with("did you mean `relu`?"));
        assert_eq!(explain("unknown field `xyz`, expected `seeds`"), "unknown field `xyz`, expected `seeds`");
        assert_eq!(explain("invalid type: string"), "invalid type: string");
    }
}
