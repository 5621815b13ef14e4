//! Why a text is no SSML that can be read.

/// A problem, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SSML, line {line}, column {column}: {problem}")]
pub struct SsmlError {
    /// Counted from 1.
    pub line: usize,
    /// Characters from the beginning of the line, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// `<` without `>`, an attribute without quotes and the like.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What may stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// An element that is not of the subset.
    #[error("<{0}> is not supported; supported are {list}", list = super::element::NAMES.join(", "))]
    Element(String),
    /// `<s><p>…`, or text outside of `<speak>`.
    #[error("<{inner}> can't stand in <{outer}>")]
    Nesting {
        /// The element within.
        inner: String,
        /// The one around it.
        outer: String,
    },
    /// `<p>…</s>`.
    #[error("expected </{expected}>, found </{found}>")]
    Closing {
        /// The element that is open.
        expected: String,
        /// The one that is closed.
        found: String,
    },
    /// An element that is never closed.
    #[error("<{0}> is not closed")]
    Open(String),
    /// An attribute that the element needs.
    #[error("<{element}> needs the attribute {attribute}")]
    Missing {
        /// The element.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// An attribute with a value that it can't have.
    #[error("{attribute}=\"{value}\" of <{element}>: expected {expected}")]
    Value {
        /// The element.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        expected: &'static str,
    },
    /// `&name;` that is no character.
    #[error("&{0}; is no character; use &amp;, &lt;, &gt;, &quot;, &apos; or a number such as &#233;")]
    Entity(String),
    /// Too many elements one in another.
    #[error("elements are nested deeper than {0}")]
    Depth(usize),
}

impl SsmlError {
    /// A problem at a byte of the document.
    pub fn at(document: &str, byte: usize, problem: Problem) -> Self {
        let mut end = byte.min(document.len());
        while !document.is_char_boundary(end) {
            end -= 1;
        }
        let before = &document[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        Self { line, column: before[line_start..].chars().count() + 1, problem }
    }
}
