//! What `voice-clone text` shows: every utterance with its words, phonemes and markers.

use std::ops::Range;

use serde::Serialize;

use crate::text::{
    Class, Emphasis, FrontEnd, Pause, SentenceKind, Style, Utterance, Word, alphabets::Alphabet, utterances,
};

/// A text as it will be read.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The spoken words and the pauses, in order.
    normalized: String,
    utterances: Vec<ReportedUtterance>,
    unreadable: Vec<ReportedGap>,
}

#[derive(Debug, Serialize)]
struct ReportedUtterance {
    kind: SentenceKind,
    ends_paragraph: bool,
    characters: [usize; 2],
    /// What the models read, by name.
    symbols: Vec<&'static str>,
    words: Vec<ReportedWord>,
}

#[derive(Debug, Serialize)]
struct ReportedWord {
    text: String,
    class: Class,
    /// Whole words in the alphabet that was asked for.
    spoken: String,
    phonemes: Vec<&'static str>,
    /// The stress of each vowel.
    stress: Vec<u8>,
    style: Style,
    pause_after: Option<ReportedPause>,
    characters: [usize; 2],
    bytes: [usize; 2],
}

#[derive(Debug, Serialize)]
struct ReportedPause {
    mark: &'static str,
    milliseconds: u32,
    given: bool,
}

#[derive(Debug, Serialize)]
struct ReportedGap {
    text: String,
    characters: [usize; 2],
    bytes: [usize; 2],
}

/// Counts characters: the number before each byte, and all of them.
struct Characters(Vec<usize>);

impl Characters {
    fn of(text: &str) -> Self {
        let mut before = Vec::with_capacity(text.len() + 1);
        for (i, c) in text.chars().enumerate() {
            before.resize(before.len() + c.len_utf8(), i);
        }
        before.push(text.chars().count());
        Self(before)
    }

    fn span(&self, bytes: &Range<usize>) -> [usize; 2] {
        [bytes.start, bytes.end].map(|at| self.0[at.min(self.0.len() - 1)])
    }
}

impl Report {
    /// Reads `text` and notes everything about it.
    pub fn new(text: &str, front_end: &FrontEnd, alphabet: Alphabet) -> Self {
        let read = front_end.read(text);
        let characters = Characters::of(text);
        let words: Vec<&str> = read.tokens.iter().map(|token| token.token.text.as_str()).collect();
        let gap = |gap: &crate::text::Unreadable| ReportedGap {
            text: gap.text.clone(),
            characters: characters.span(&gap.source),
            bytes: [gap.source.start, gap.source.end],
        };
        Self {
            normalized: words.join(" "),
            unreadable: read.unreadable.iter().map(gap).collect(),
            utterances: utterances::split(&read.tokens)
                .iter()
                .map(|utterance| reported(utterance, &characters, alphabet))
                .collect(),
        }
    }

    /// The three steps, a line each, an utterance at a time.
    pub fn lines(&self) -> String {
        let mut lines = vec![format!("words     {}", self.normalized)];
        for utterance in &self.utterances {
            let spoken: Vec<&str> = utterance.words.iter().map(|word| word.spoken.as_str()).collect();
            lines.push(format!("phonemes  {}", spoken.join(" | ")));
            let marked: Vec<String> = utterance.words.iter().map(marked).collect();
            let kind = utterance.kind.name();
            let paragraph = if utterance.ends_paragraph { ", ends a paragraph" } else { "" };
            lines.push(format!("markers   {} [{kind}{paragraph}]", marked.join(" ")));
        }
        let gaps = self.unreadable.iter();
        lines.extend(gaps.map(|gap| format!("left out  {:?} at character {}", gap.text, gap.characters[0])));
        lines.join("\n")
    }
}

fn reported(utterance: &Utterance, characters: &Characters, alphabet: Alphabet) -> ReportedUtterance {
    let word = |word: &Word| {
        let phonemes = &utterance.symbols[word.symbols.clone()];
        let pause_after = utterance.pauses.iter().find(|pause| pause.at == word.symbols.end);
        ReportedWord {
            text: word.text.clone(),
            class: word.class,
            spoken: alphabet.write(phonemes),
            phonemes: phonemes.iter().map(|phoneme| phoneme.name()).collect(),
            stress: phonemes.iter().filter_map(|phoneme| phoneme.stress()).collect(),
            style: word.style.clone(),
            pause_after: pause_after.map(|&Pause { at, milliseconds, given }| ReportedPause {
                mark: utterance.symbols[at].name(),
                milliseconds,
                given,
            }),
            characters: characters.span(&word.source),
            bytes: [word.source.start, word.source.end],
        }
    };
    ReportedUtterance {
        kind: utterance.kind,
        ends_paragraph: utterance.ends_paragraph,
        characters: characters.span(&utterance.source),
        symbols: utterance.symbols.iter().map(|symbol| symbol.name()).collect(),
        words: utterance.words.iter().map(word).collect(),
    }
}

/// A word with what marks it: `*so*`, `fast(rate 150%)`, `end. 600 ms`.
fn marked(word: &ReportedWord) -> String {
    let mut out = match word.style.emphasis {
        Emphasis::None => word.text.clone(),
        Emphasis::Reduced => format!("({})", word.text),
        Emphasis::Moderate => format!("*{}*", word.text),
        Emphasis::Strong => format!("**{}**", word.text),
    };
    let Style { rate_percent, pitch_cents, volume_tenths_db, voice, .. } = &word.style;
    let mut notes = Vec::new();
    if *rate_percent != 100 {
        notes.push(format!("rate {rate_percent}%"));
    }
    if *pitch_cents != 0 {
        notes.push(format!("pitch {:+} st", f64::from(*pitch_cents) / 100.0));
    }
    match *volume_tenths_db {
        0 => {}
        Style::SILENT => notes.push("silent".to_owned()),
        tenths => notes.push(format!("volume {:+} dB", f64::from(tenths) / 10.0)),
    }
    notes.extend(voice.as_ref().map(|voice| format!("voice {voice}")));
    if !notes.is_empty() {
        out.push_str(&format!("({})", notes.join(", ")));
    }
    if let Some(pause) = &word.pause_after {
        out.push_str(&format!("{} {} ms", pause.mark, pause.milliseconds));
    }
    out
}
