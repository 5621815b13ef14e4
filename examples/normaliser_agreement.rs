//! Compares the first step with test cases of another normaliser.
//!
//!     cargo run --release --example normaliser_agreement -- <folder>
//!
//! The folder holds a file a class, `cardinal.txt` and so on, with a case a line: what is written, `~`, what is said.
//! Such are the `test_cases_*.txt` of NeMo-text-processing (Apache-2.0), which are not kept here. Capitals, spaces,
//! punctuation and an "and" inside a number don't count.
//!
//! Measured on NeMo-text-processing's English cases:
//!
//! | class | agree | |
//! |---|---|---|
//! | cardinal | 16 of 18 | 88.9 % |
//! | date | 51 of 54 | 94.4 % |
//! | measure | 34 of 36 | 94.4 % |
//! | money | 65 of 66 | 98.5 % |
//! | ordinal | 26 of 27 | 96.3 % |
//! | time | 20 of 21 | 95.2 % |
//! | all | 212 of 222 | 95.5 % |
//!
//! The ten disagreements, none of which is to be fixed:
//!
//! | written | NeMo | here | why |
//! |---|---|---|---|
//! | `13000`, `123000` | digit by digit | "thirteen thousand" | people count without commas too |
//! | `01.10.2010` | "january tenth" | "the first of october" | dots are the European order; NeMo's `15.01.2020` has it |
//! | `11/17/05`, `01/07/98` | "zero five", "ninety eight" | "two thousand five", "nineteen ninety eight" | the year in full is understood |
//! | `3 cc/s` | "three CC per S" | "three cc slash s" | neither knows the unit |
//! | `45º&C` | "forty five degree and C" | "forty five degrees and C" | the plural |
//! | `$50.00-$100.00` | "fifty dollars - one hundred dollars" | "fifty dollars to one hundred dollars" | a range; NeMo's `$250-$300` has "to" |
//! | `111st` | "one one one st" | "one hundred eleven st" | a slip either way |
//! | `23:00` | "twenty three o'clock" | "twenty three hundred" | "o'clock" goes with twelve hours |

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use voice_clone::text::normalize_text;

fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: normaliser_agreement <folder>")?);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let (mut agreed, mut all) = (0, 0);
    for file in files {
        let cases = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let (mut same, mut total) = (0, 0);
        for (written, expected) in cases.lines().filter_map(|line| line.split_once('~')) {
            let said = said(written);
            total += 1;
            if bare(&said) == bare(expected) {
                same += 1;
            } else {
                println!("  {written}\n    other {expected}\n    ours  {said}");
            }
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name}: {same} of {total} agree, {:.1} %", percent(same, total));
        (agreed, all) = (agreed + same, all + total);
    }
    println!("all: {agreed} of {all} agree, {:.1} %", percent(agreed, all));
    Ok(())
}

fn said(written: &str) -> String {
    let words = normalize_text(written).tokens.into_iter().map(|token| token.text);
    words.collect::<Vec<_>>().join(" ")
}

/// Only the letters, without "and".
fn bare(text: &str) -> String {
    let plain: String = text.to_lowercase().chars().map(|c| if c.is_alphabetic() { c } else { ' ' }).collect();
    plain.split_whitespace().filter(|word| *word != "and").collect()
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
