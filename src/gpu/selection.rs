//! What `--gpu` may say. Which device a selection comes down to is decided by the planner.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The most GPUs that one machine is thought to have; a larger index is a slip of the finger.
const INDEX_LIMIT: u32 = 1024;

/// The GPUs that a run may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GpuSelection {
    /// Every GPU there is; the CPU where there is none.
    All,
    /// The CPU only.
    None,
    /// These GPUs, by index, ascending and without repetition.
    Indices(Vec<u32>),
    /// This many GPUs, whichever suit best; at least one.
    Count(u32),
}

/// A `--gpu` value that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuSelectionError {
    /// Nothing was given.
    #[error("nothing is selected; use all, none, 0,2,5, range:0-3 or count:3")]
    Empty,
    /// None of the forms.
    #[error("{0:?} is no GPU index; use all, none, 0,2,5, range:0-3 or count:3")]
    NotAnIndex(String),
    /// `range:` without two indices.
    #[error("{0:?} is no range; write two indices, as in range:0-3")]
    NotARange(String),
    /// A range whose end comes before its start.
    #[error("the range {first}-{last} runs backwards; write range:{last}-{first}")]
    Backwards {
        /// The first index written.
        first: u32,
        /// The last index written.
        last: u32,
    },
    /// `count:` without a positive number.
    #[error("{0:?} is no number of GPUs; write a positive one, as in count:3, or none for the CPU")]
    NotACount(String),
    /// The same GPU twice.
    #[error("GPU {0} is named twice")]
    Repeated(u32),
    /// An index that no machine has.
    #[error("there is no GPU {0}: indices run from 0 to {max}", max = INDEX_LIMIT - 1)]
    TooLarge(u32),
}

impl FromStr for GpuSelection {
    type Err = GpuSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "" => return Err(GpuSelectionError::Empty),
            "all" => return Ok(Self::All),
            "none" | "cpu" => return Ok(Self::None),
            _ => {}
        }
        if let Some(range) = text.strip_prefix("range:") {
            return parse_range(range);
        }
        if let Some(count) = text.strip_prefix("count:") {
            return match count.trim().parse() {
                Ok(number @ 1..=INDEX_LIMIT) => Ok(Self::Count(number)),
                _ => Err(GpuSelectionError::NotACount(count.to_owned())),
            };
        }
        parse_list(text)
    }
}

fn parse_index(text: &str) -> Result<u32, GpuSelectionError> {
    let index = text.trim().parse().map_err(|_| GpuSelectionError::NotAnIndex(text.trim().to_owned()))?;
    if index < INDEX_LIMIT { Ok(index) } else { Err(GpuSelectionError::TooLarge(index)) }
}

fn parse_range(text: &str) -> Result<GpuSelection, GpuSelectionError> {
    let (first, last) = text.split_once('-').ok_or_else(|| GpuSelectionError::NotARange(text.to_owned()))?;
    let (first, last) = (parse_index(first)?, parse_index(last)?);
    if first > last {
        return Err(GpuSelectionError::Backwards { first, last });
    }
    Ok(GpuSelection::Indices((first..=last).collect()))
}

fn parse_list(text: &str) -> Result<GpuSelection, GpuSelectionError> {
    let mut indices = text.split(',').map(parse_index).collect::<Result<Vec<_>, _>>()?;
    indices.sort_unstable();
    match indices.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(GpuSelectionError::Repeated(pair[0])),
        None => Ok(GpuSelection::Indices(indices)),
    }
}

impl fmt::Display for GpuSelection {
    /// A form that parses back to the same selection.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Count(number) => write!(f, "count:{number}"),
            Self::Indices(indices) => {
                let indices: Vec<_> = indices.iter().map(u32::to_string).collect();
                f.write_str(&indices.join(","))
            }
        }
    }
}

impl TryFrom<String> for GpuSelection {
    type Error = GpuSelectionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GpuSelection> for String {
    fn from(selection: GpuSelection) -> Self {
        selection.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn indices(list: &[u32]) -> Result<GpuSelection, GpuSelectionError> {
        Ok(GpuSelection::Indices(list.to_vec()))
    }

    #[test]
    fn every_documented_form_is_understood() {
        assert_eq!("all".parse(), Ok(GpuSelection::All));
        assert_eq!("none".parse(), Ok(GpuSelection::None));
        assert_eq!("CPU".parse(), Ok(GpuSelection::None));
        assert_eq!("0".parse(), indices(&[0]));
        assert_eq!("5, 0,2".parse(), indices(&[0, 2, 5]));
        assert_eq!("range:1-3".parse(), indices(&[1, 2, 3]));
        assert_eq!("range:2-2".parse(), indices(&[2]));
        assert_eq!("count:3".parse(), Ok(GpuSelection::Count(3)));
    }

    #[test]
    fn a_slip_is_named() {
        use GpuSelectionError as E;
        for (text, error) in [
            (" ", E::Empty),
            ("0,,2", E::NotAnIndex(String::new())),
            ("-1", E::NotAnIndex("-1".into())),
            ("every", E::NotAnIndex("every".into())),
            ("range:3", E::NotARange("3".into())),
            ("range:3-1", E::Backwards { first: 3, last: 1 }),
            ("count:0", E::NotACount("0".into())),
            ("count:some", E::NotACount("some".into())),
            ("1,2,1", E::Repeated(1)),
            ("4000000000", E::TooLarge(4_000_000_000)),
            ("range:0-4000000000", E::TooLarge(4_000_000_000)),
        ] {
            assert_eq!(text.parse::<GpuSelection>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_what_is_shown_parses_back(text in "\\PC{0,12}|(all|range:|count:)?[0-9,-]{0,9}") {
            if let Ok(selection) = text.parse::<GpuSelection>() {
                prop_assert_eq!(selection.to_string().parse(), Ok(selection));
            }
        }
    }
}
