//! What a parser says of a value, in the words of whoever wrote the file.

/// Keys of earlier versions, and what is written in their place.
const RENAMED: [(&str, &str); 2] = [
    ("sigma_times_dim", "`sigma` as a number or such as 1/(2D)"),
    ("lambda_per_band", "`lambda` as a number or such as 2M"),
];

/// An error of the parser in plain words, without its position, and with "did you mean" where a name is nearly right.
pub(super) fn explain(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some((old, new)) =
        RENAMED.iter().find(|(old, _)| message.contains(&format!("unknown field `{old}`")))
    {
        return format!("`{old}` is no longer a key: write {new}");
    }
    let told = plain(message);
    match suggestion(message) {
        Some(meant) => format!("{told}; did you mean `{meant}`?"),
        None => told,
    }
}

/// `message` without the parser's names of types.
fn plain(message: &str) -> String {
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((before, told)) = message.split_once(kind)
            && let Some((what, wanted)) = told.rsplit_once(", expected ")
        {
            let what = if kind == "invalid length " { format!("a list of {what}") } else { found(what) };
            return format!("{before}found {what}, expected {}", expected(wanted));
        }
    }
    if let Some((before, name)) = message.split_once("missing field ") {
        return format!("{before}found no key {name}, which is needed");
    }
    message.replace("unknown field ", "unknown key ").replace("unknown variant ", "found ")
}

/// A value, of which the parser says the type first.
fn found(what: &str) -> String {
    match what {
        "unit value" | "null" => "nothing".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "keys with values".to_owned(),
        _ => {
            let kinds = ["integer ", "floating point ", "boolean ", "string ", "character "];
            let value = kinds.iter().find_map(|kind| what.strip_prefix(kind)).unwrap_or(what);
            value.split("` as ").next().unwrap_or(value).trim_matches('`').to_owned()
        }
    }
}

/// What the parser wanted.
fn expected(wanted: &str) -> String {
    let plain = match wanted {
        "f32" | "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 at least",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a sequence" => "a list",
        "a map" => "keys with values",
        "a boolean" => "true or false",
        "a string" | "a str" | "string" => "a text",
        "path string" => "a path",
        "fewer elements in sequence" => "fewer",
        "any YAML value" => "a smaller one",
        other if other.starts_with("a nonzero ") => "a whole number, 1 at least",
        other if other.starts_with("struct ") => "keys with values",
        other if other.contains("enum") => "a name",
        other => match other.strip_prefix("an array of length ") {
            Some(length) => return format!("a list of {length}"),
            None => other,
        },
    };
    plain.to_owned()
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
    fn near_misses_are_named() {
        let message =
            "data: unknown field `sample`, expected one of `samples`, `normal_radius` at line 3 column 4";
        let expected =
            "data: unknown key `sample`, expected one of `samples`, `normal_radius`; did you mean `samples`?";
        assert_eq!(explain(message), expected);
        let variant = "unknown variant `Relu`, expected `sigmoid` or `relu`";
        assert_eq!(explain(variant), "found `Relu`, expected `sigmoid` or `relu`; did you mean `relu`?");
        assert_eq!(explain("unknown field `xyz`, expected `seeds`"), "unknown key `xyz`, expected `seeds`");
    }

    #[test]
    fn types_have_plain_names() {
        for (message, told) in [
            ("invalid type: string \"x\", expected f64", "found \"x\", expected a number"),
            ("invalid value: integer `-1`, expected u64", "found -1, expected a whole number, 0 at least"),
            (
                "loss: invalid type: integer `4`, expected struct Loss",
                "loss: found 4, expected keys with values",
            ),
            ("invalid type: sequence, expected a map", "found a list, expected keys with values"),
            ("invalid length 1, expected an array of length 2", "found a list of 1, expected a list of 2"),
            ("invalid length 3, expected fewer elements in sequence", "found a list of 3, expected fewer"),
            ("missing field `file`", "found no key `file`, which is needed"),
            (
                "invalid type: integer `99999999999999999999` as u128, expected any YAML value",
                "found 99999999999999999999, expected a smaller one",
            ),
        ] {
            assert_eq!(explain(message), told);
        }
    }
}
