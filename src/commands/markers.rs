//! What a text's own markers (SSML) change about how it is spoken.

use crate::{acoustic::Controls, text::Utterance, units::Seconds};

/// The controls of an utterance: the rate and pitch that its words ask for, on average, on top of `base`.
pub fn controls(utterance: &Utterance, base: Controls) -> Controls {
    let count = utterance.words.len().max(1) as f64;
    let mean =
        |of: fn(&crate::text::Style) -> f64| utterance.words.iter().map(|word| of(&word.style)).sum::<f64>() / count;
    if utterance.words.is_empty() {
        return base;
    }
    Controls {
        rate: base.rate * mean(|style| f64::from(style.rate_percent)) / 100.0,
        pitch_semitones: base.pitch_semitones + mean(|style| f64::from(style.pitch_cents)) / 100.0,
    }
}

/// The silence that the text asks for after an utterance.
pub fn pause_after(utterance: &Utterance) -> Seconds {
    let last = utterance.pauses.last().filter(|pause| pause.given && pause.at + 1 == utterance.symbols.len());
    Seconds(last.map_or(0.0, |pause| f64::from(pause.milliseconds) / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FrontEnd;

    #[test]
    fn rate_pitch_and_breaks_come_from_the_text() {
        let document = "<speak><prosody rate='50%' pitch='+3st'>One.</prosody> Two <break time='2s'/> three</speak>";
        let utterances = FrontEnd::new().utterances(document);
        let base = Controls { rate: 2.0, pitch_semitones: 1.0 };
        let all: Vec<_> = utterances.iter().map(|utterance| controls(utterance, base)).collect();
        assert_eq!(all[0], Controls { rate: 1.0, pitch_semitones: 4.0 });
        assert_eq!(all[1], base);
        let pauses: Vec<_> = utterances.iter().map(|utterance| pause_after(utterance).0).collect();
        assert_eq!(pauses, [0.0, 2.0, 0.0]);
    }
}
