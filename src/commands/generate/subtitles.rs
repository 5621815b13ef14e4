//! Subtitles: words with times to cues of a readable length, as SubRip (.srt) or WebVTT (.vtt).

use std::{fmt::Write, path::Path};

use crate::{synthesis::synthesizer::SpokenWord, units::Seconds};

/// A format of subtitles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubtitleFormat {
    SubRip,
    WebVtt,
}

impl SubtitleFormat {
    /// By the file's extension.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "srt" => Some(Self::SubRip),
            "vtt" => Some(Self::WebVtt),
            _ => None,
        }
    }
}

/// What is on the screen at once: up to two lines.
const MAX_CHARACTERS: usize = 84;
const MAX_LINE: usize = 42;
const MAX_DURATION: Seconds = Seconds(6.0);
/// A pause after which a new cue begins.
const PAUSE: Seconds = Seconds(0.6);
/// A cue stays for a while after its last word, unless the next one begins.
const LINGER: Seconds = Seconds(0.3);

#[derive(Debug, Clone, PartialEq)]
struct Cue {
    start: Seconds,
    end: Seconds,
    text: String,
}

/// The document for words of `text`, whose times count from its beginning.
pub(super) fn subtitles(text: &str, words: &[SpokenWord], format: SubtitleFormat) -> String {
    let mut document = match format {
        SubtitleFormat::SubRip => String::new(),
        SubtitleFormat::WebVtt => "WEBVTT\n\n".to_owned(),
    };
    for (index, cue) in cues(text, words).iter().enumerate() {
        if format == SubtitleFormat::SubRip {
            let _ = writeln!(document, "{}", index + 1);
        }
        let [start, end] = [cue.start, cue.end].map(|time| clock(time, format));
        let _ = write!(document, "{start} --> {end}\n{}\n\n", folded(&escaped(&cue.text, format)));
    }
    document
}

fn cues(text: &str, words: &[SpokenWord]) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    let mut first = 0;
    for last in 0..words.len() {
        let next = words.get(last + 1);
        // Several words can be read from one place: "$5".
        let same_place = next.is_some_and(|next| next.source.start < words[last].source.end);
        if !same_place && next.is_none_or(|next| is_full(text, &words[first..=last], next)) {
            let until = next.map_or(text.len(), |next| next.source.start);
            cues.push(Cue {
                start: words[first].start,
                end: words[last].end,
                text: written(text, words[first].source.start, until),
            });
            first = last + 1;
        }
    }
    for index in 0..cues.len() {
        let lingering = cues[index].end.0 + LINGER.0;
        let next = cues.get(index + 1).map_or(f64::INFINITY, |next| next.start.0);
        cues[index].end = Seconds(lingering.min(next).max(cues[index].end.0));
    }
    cues
}

/// Whether the cue ends before `next`: at a pause, at the end of a sentence in a cue that is half full, or because
/// the next word would make it too long.
fn is_full(text: &str, cue: &[SpokenWord], next: &SpokenWord) -> bool {
    let [first, .., last] = cue else { return next.start.0 - cue[0].end.0 > PAUSE.0 };
    let length = |until: usize| written(text, first.source.start, until).chars().count();
    let ends_sentence = written(text, last.source.start, next.source.start).ends_with(['.', '!', '?', '…']);
    next.start.0 - last.end.0 > PAUSE.0
        || next.end.0 - first.start.0 > MAX_DURATION.0
        || length(next.source.end) > MAX_CHARACTERS
        || (ends_sentence && length(next.source.start) > MAX_CHARACTERS / 2)
}

/// The text of a range of bytes in one line, without markup.
fn written(text: &str, start: usize, end: usize) -> String {
    let mut plain = String::new();
    let mut in_tag = false;
    for character in text.get(start..end.max(start)).unwrap_or_default().chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            other => plain.push(other),
        }
    }
    let plain = without_phonemes(&plain);
    // A star or an underscore beside a word is emphasis.
    let characters: Vec<char> = plain.chars().collect();
    let beside = |at: usize| at.checked_sub(1).into_iter().chain([at + 1]).filter_map(|at| characters.get(at));
    let is_mark = |at: usize, mark: char| match mark {
        '*' => beside(at).any(|other| !other.is_whitespace()),
        '_' => beside(at).any(|other| other.is_whitespace()) || at == 0 || at + 1 == characters.len(),
        _ => false,
    };
    let kept = characters.iter().enumerate().filter(|&(at, &mark)| !is_mark(at, mark)).map(|(_, &mark)| mark);
    kept.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `[word](/phonemes/)` is shown as the word.
fn without_phonemes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](/") {
        let Some((_, behind)) = after.split_once("/)") else { break };
        let opening = before.rfind('[').unwrap_or(before.len());
        plain += &before[..opening];
        plain += before[opening..].trim_start_matches('[');
        rest = behind;
    }
    plain + rest
}

fn escaped(text: &str, format: SubtitleFormat) -> String {
    match format {
        SubtitleFormat::SubRip => text.to_owned(),
        SubtitleFormat::WebVtt => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
    }
}

/// In two lines about equally long if one is too long.
fn folded(text: &str) -> String {
    if text.chars().count() <= MAX_LINE {
        return text.to_owned();
    }
    let middle = text.len() as isize / 2;
    let spaces = text.match_indices(' ').map(|(at, _)| at);
    match spaces.min_by_key(|&at| (at as isize - middle).abs()) {
        Some(at) => format!("{}\n{}", &text[..at], &text[at + 1..]),
        None => text.to_owned(),
    }
}

fn clock(time: Seconds, format: SubtitleFormat) -> String {
    let milliseconds = (time.0.max(0.0) * 1000.0).round() as u64;
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let point = if format == SubtitleFormat::SubRip { ',' } else { '.' };
    format!("{:02}:{:02}:{:02}{point}{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words at one every half second, with a second's pause after each sentence.
    fn words(text: &str) -> Vec<SpokenWord> {
        let mut time = 0.0;
        let mut at = 0;
        let mut found = Vec::new();
        for word in text.split(' ') {
            found.push(SpokenWord {
                text: word.to_lowercase(),
                source: at..at + word.trim_end_matches(['.', ',']).len(),
                start: Seconds(time),
                end: Seconds(time + 0.4),
                volume: 1.0,
            });
            time += if word.ends_with('.') { 1.4 } else { 0.5 };
            at += word.len() + 1;
        }
        found
    }

    #[test]
    fn cues_end_at_pauses_and_carry_their_punctuation() {
        let text = "Hello there, you. It works.";
        let srt = subtitles(text, &words(text), SubtitleFormat::SubRip);
        let expected = "1\n00:00:00,000 --> 00:00:01,700\nHello there, you.\n\n\
                        2\n00:00:02,400 --> 00:00:03,600\nIt works.\n\n";
        assert_eq!(srt, expected);
        let vtt = subtitles("a <b & c", &words("a <b & c"), SubtitleFormat::WebVtt);
        assert!(vtt.starts_with("WEBVTT\n\n00:00:00.000 --> "), "{vtt}");
    }

    #[test]
    fn long_sentences_are_cut_to_what_can_be_read() {
        let text = vec!["incomprehensibilities"; 30].join(" ");
        for cue in cues(&text, &words(&text)) {
            assert!(cue.text.chars().count() <= MAX_CHARACTERS && cue.end.0 - cue.start.0 <= MAX_DURATION.0 + LINGER.0);
        }
        let folded = folded("one two three four five six seven eight nine ten eleven");
        assert!(folded.lines().count() == 2 && folded.lines().all(|line| line.len() <= MAX_LINE), "{folded}");
    }

    #[test]
    fn cues_never_overlap_and_hold_every_word_once() {
        let text = "One two three. Four five, six seven eight nine. Ten.";
        let found = cues(text, &words(text));
        assert!(found.windows(2).all(|pair| pair[0].end.0 <= pair[1].start.0));
        assert_eq!(found.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>().join(" "), text);
    }

    #[test]
    fn markup_is_not_shown() {
        assert_eq!(written("<s>I <emphasis>never</emphasis>  did</s>", 0, 40), "I never did");
        assert_eq!(written("I **never** did", 2, 11), "never");
        assert_eq!(written("Is *this*, _that_ and 2 * 3 file_name?", 0, 38), "Is this, that and 2 * 3 file_name?");
        assert_eq!(written("a [tomato](/T AH0 M EY1/) here", 0, 30), "a tomato here");
    }
}
