//! The names of settings: as dotted keys, as environment variables, and the nearest to a misspelt one.

use toml::{Table, Value};

/// What environment variables of settings begin with.
pub(super) const PREFIX: &str = "VOICE_CLONE_";

/// The leaves of `table` as dotted keys with their values, in the table's order.
pub(super) fn flatten(table: Table) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    collect("", table, &mut leaves);
    leaves
}

fn collect(prefix: &str, table: Table, leaves: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            // An empty section stays, so that a misspelt one is noticed.
            Value::Table(inner) if !inner.is_empty() => collect(&key, inner, leaves),
            leaf => leaves.push((key, leaf)),
        }
    }
}

/// The table that holds `value` under the dotted `key`, put into `table`.
pub(super) fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// `output.loudness_lufs` as `VOICE_CLONE_OUTPUT_LOUDNESS_LUFS`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// The most similar of `known` to `typed`; a name without its section counts too.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let typed = typed.to_lowercase();
    let distance = |key: &str| {
        let key = key.to_lowercase();
        let name = key.rsplit('.').next().unwrap_or(&key);
        let own = typed.rsplit('.').next().unwrap_or(&typed);
        let whole = strsim::damerau_levenshtein(&typed, &key);
        // The right name in the wrong section is nearer than another name in the right one.
        whole.min(1 + 2 * strsim::damerau_levenshtein(own, name))
    };
    known.min_by_key(|key| distance(key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattening_and_inserting_are_inverse() {
        let text = "a = 1\n[b]\nc = \"x\"\n[b.d]\ne = 2.5\n";
        let table: Table = toml::from_str(text).unwrap();
        let leaves = flatten(table.clone());
        assert_eq!(leaves.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "b.c", "b.d.e"]);
        let mut rebuilt = Table::new();
        for (key, value) in leaves {
            insert(&mut rebuilt, &key, value);
        }
        assert_eq!(rebuilt, table);
    }

    #[test]
    fn a_misspelt_key_finds_its_neighbour() {
        let known = ["process.loudness_lufs", "output.loudness_lufs", "process.vad.threshold_db", "runtime.seed"];
        for (typed, expected) in [
            ("process.loudnes_lufs", "process.loudness_lufs"),
            ("output.loudness", "output.loudness_lufs"),
            ("seed", "runtime.seed"),
            ("process.threshold_db", "process.vad.threshold_db"),
            ("Output.Loudness_LUFS", "output.loudness_lufs"),
        ] {
            assert_eq!(nearest(typed, known.into_iter()), expected, "{typed}");
        }
    }
}
