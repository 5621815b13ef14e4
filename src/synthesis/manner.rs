//! How a text is to be spoken: what the user asks for of all of it, and its own markers (SSML, `*emphasis*`) of words.

use crate::acoustic::{Controls, SymbolControl};
use crate::text::prosody::{SentenceKind, Utterance, Word};
use crate::text::style::{Emphasis, Style};
use crate::text::symbols::Symbol;
use crate::units::Seconds;

/// The user's wishes, against the voice's own way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// Speed: 2 is twice as fast.
    pub rate: f64,
    /// Shift of the pitch in semitones.
    pub pitch_semitones: f64,
    /// How lively: a factor of how far pitch and energy move, and of how much emphasised words stand out.
    pub emphasis: f64,
    /// A further factor of how far pitch moves.
    pub pitch_range: f64,
    /// A further factor of how far energy moves.
    pub energy_range: f64,
}

impl Default for Manner {
    fn default() -> Self {
        Self { rate: 1.0, pitch_semitones: 0.0, emphasis: 1.0, pitch_range: 1.0, energy_range: 1.0 }
    }
}

/// What makes a word stand out.
fn standing_out(emphasis: Emphasis) -> SymbolControl {
    let (rate, pitch_semitones, energy_db) = match emphasis {
        Emphasis::Reduced => (1.15, -1.0, -2.0),
        Emphasis::None => (1.0, 0.0, 0.0),
        Emphasis::Moderate => (0.87, 1.5, 2.0),
        Emphasis::Strong => (0.75, 3.0, 3.5),
    };
    SymbolControl { rate, pitch_semitones, energy_db, duration: None }
}

/// By how many semitones the end of a question for yes or no is higher than the model says it: it has read few
/// questions. At the last stressed vowel, and at the end.
const RISE: (f64, f64) = (3.0, 12.0);

impl Manner {
    /// What an utterance's symbols get: from the words' styles, and from pauses that the text gives the length of.
    pub fn controls(&self, utterance: &Utterance) -> Controls {
        let general =
            SymbolControl { rate: self.rate, pitch_semitones: self.pitch_semitones, ..SymbolControl::default() };
        let mut controls = Controls {
            pitch_range: self.emphasis * self.pitch_range,
            energy_range: self.emphasis * self.energy_range,
            ..Controls::uniform(general, utterance.symbols.len())
        };
        for word in &utterance.words {
            controls.symbols[word.symbols.clone()].fill(self.word(&word.style));
        }
        self.raise_question(utterance, &mut controls);
        let last = utterance.symbols.len().saturating_sub(1);
        for pause in utterance.pauses.iter().filter(|pause| pause.given && pause.at < last) {
            controls.symbols[pause.at].duration = Some(Seconds(f64::from(pause.milliseconds) / 1000.0));
        }
        controls
    }

    /// A question for yes or no rises from its last stressed vowel on.
    fn raise_question(&self, utterance: &Utterance, controls: &mut Controls) {
        let ends = utterance.symbols.last() == Some(&Symbol::QUESTION);
        if utterance.kind != SentenceKind::Question || !ends {
            return;
        }
        let stressed = |symbol: &Symbol| symbol.stress() == Some(1);
        let Some(nucleus) = utterance.symbols.iter().rposition(stressed) else { return };
        let rising = &mut controls.symbols[nucleus..];
        let steps = rising.len().saturating_sub(1).max(1) as f64;
        for (step, control) in rising.iter_mut().enumerate() {
            let place = (step as f64 / steps).min(1.0);
            control.pitch_semitones += (RISE.0 + (RISE.1 - RISE.0) * place) * self.emphasis;
        }
    }

    fn word(&self, style: &Style) -> SymbolControl {
        let emphasis = standing_out(style.emphasis);
        SymbolControl {
            rate: self.rate * f64::from(style.rate_percent) / 100.0 * emphasis.rate.powf(self.emphasis),
            pitch_semitones: self.pitch_semitones
                + f64::from(style.pitch_cents) / 100.0
                + emphasis.pitch_semitones * self.emphasis,
            energy_db: emphasis.energy_db * self.emphasis,
            duration: None,
        }
    }
}

/// The factor by which a word is to be louder.
pub fn volume(word: &Word) -> f32 {
    match word.style.volume_tenths_db {
        Style::SILENT => 0.0,
        tenths_db => 10f32.powf(f32::from(tenths_db) / 200.0),
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

    fn read(text: &str) -> Vec<Utterance> {
        FrontEnd::new().utterances(text)
    }

    #[test]
    fn rate_pitch_and_breaks_come_from_the_text() {
        let utterances =
            read("<speak><prosody rate='50%' pitch='+3st'>One.</prosody> Two <break time='2s'/> three</speak>");
        let manner = Manner { rate: 2.0, pitch_semitones: 1.0, ..Manner::default() };
        let first = |utterance: &Utterance| manner.controls(utterance).symbols[utterance.words[0].symbols.start];
        let said: Vec<_> = utterances.iter().map(first).map(|said| (said.rate, said.pitch_semitones)).collect();
        assert_eq!(said, [(1.0, 4.0), (2.0, 1.0), (2.0, 1.0)]);
        let pauses: Vec<_> = utterances.iter().map(|utterance| pause_after(utterance).0).collect();
        assert_eq!(pauses, [0.0, 2.0, 0.0]);
    }

    #[test]
    fn short_breaks_last_as_long_as_the_text_says() {
        let utterances = read("<speak>One <break time='200ms'/> two.</speak>");
        let controls = Manner::default().controls(&utterances[0]);
        let given: Vec<_> = controls.symbols.iter().filter_map(|control| control.duration).collect();
        assert_eq!(given, [Seconds(0.2)]);
    }

    #[test]
    fn emphasised_words_stand_out_and_more_so_on_request() {
        let utterance = &read("I *never* did.")[0];
        let never = |emphasis: f64| {
            let manner = Manner { emphasis, ..Manner::default() };
            manner.controls(utterance).symbols[utterance.words[1].symbols.start]
        };
        assert!(never(1.0).pitch_semitones > 1.0 && never(1.0).rate < 0.9 && never(1.0).energy_db > 1.0);
        assert!(never(2.0).pitch_semitones > never(1.0).pitch_semitones && never(2.0).rate < never(1.0).rate);
        assert_eq!(never(0.0), SymbolControl::default());
    }

    #[test]
    fn questions_for_yes_or_no_rise_and_others_do_not() {
        let rise = |text: &str| {
            let utterance = &read(text)[0];
            let controls = Manner::default().controls(utterance);
            let last = utterance.words[utterance.words.len() - 1].symbols.clone();
            assert_eq!(controls.symbols[1].pitch_semitones, 0.0);
            (controls.symbols[last.start].pitch_semitones, controls.symbols[last.end - 1].pitch_semitones)
        };
        let (before, end) = rise("Did you see the banana?");
        assert!(before == 0.0 && end > 5.0, "{before} {end}");
        assert_eq!(rise("Who saw the banana?"), (0.0, 0.0));
        assert_eq!(rise("You saw the banana."), (0.0, 0.0));
    }

    #[test]
    fn volumes_are_amplitudes() {
        let volumes = |text: &str| read(text)[0].words.iter().map(volume).collect::<Vec<_>>();
        let found = volumes("<speak><prosody volume='+6dB'>a</prosody> <prosody volume='silent'>b</prosody> c</speak>");
        assert!((found[0] - 1.995).abs() < 1e-3 && found[1..] == [0.0, 1.0], "{found:?}");
    }
}
