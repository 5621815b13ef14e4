//! What is written is read as a person would read it, class by class: `tests/data/text/readings.txt`.

use std::collections::BTreeMap;

use voice_clone::text::{
    Passage, Say,
    config::{Reading, Variety},
    normalize,
};

const READINGS: &str = include_str!("data/text/readings.txt");

/// The spoken words; letters said by name in capitals, pauses as marks.
fn said(text: &str, variety: Variety) -> String {
    let tokens = normalize(&Passage::of(text), Reading { variety, ..Reading::default() }).tokens;
    let written = tokens.iter().map(|token| match token.say {
        Say::Letter => token.text[..1].to_uppercase() + &token.text[1..],
        Say::Word | Say::Pause(_) => token.text.clone(),
    });
    written.collect::<Vec<_>>().join(" ")
}

/// Written and said, by class.
fn readings() -> BTreeMap<&'static str, Vec<(String, &'static str)>> {
    let mut readings: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut class = "";
    for line in READINGS.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        match line.split_once('\t') {
            Some((written, said)) => readings.entry(class).or_default().push((written.replace("\\n", "\n"), said)),
            None => class = line.trim_matches(['[', ']']),
        }
    }
    readings
}

#[test]
fn everything_is_read_as_people_do() {
    let mut wrong = Vec::new();
    for (class, cases) in readings() {
        let variety = if class == "british" { Variety::British } else { Variety::American };
        let differ = cases.iter().filter(|(written, expected)| said(written, variety) != *expected);
        wrong.extend(differ.map(|(written, expected)| {
            format!("{class}: {written:?}\n  expected {expected}\n  actual   {}", said(written, variety))
        }));
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_every_class_and_400_readings() {
    let readings = readings();
    let count: usize = readings.values().map(Vec::len).sum();
    assert!(count >= 400, "{count} readings");
    assert!(readings.len() >= 20, "{:?}", readings.keys());
    assert!(readings.values().all(|cases| cases.len() >= 3));
}
