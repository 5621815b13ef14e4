//! How well pronunciations agree with the lexicon's.

use crate::text::symbols::Symbol;

/// Agreement over many words.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Agreement {
    words: usize,
    wrong_words: usize,
    phonemes: usize,
    wrong_phonemes: usize,
}

impl Agreement {
    /// Counts one word, against the listed pronunciation that is nearest.
    pub fn add(&mut self, said: &[Symbol], listed: &[Vec<Symbol>]) {
        let nearest = listed.iter().map(|listed| (edit_distance(said, listed), listed.len())).min();
        let Some((distance, length)) = nearest else { return };
        self.words += 1;
        self.wrong_words += usize::from(distance > 0);
        self.phonemes += length;
        self.wrong_phonemes += distance;
    }

    /// Insertions, deletions and substitutions, per cent of the listed phonemes.
    pub fn phoneme_error_percent(&self) -> f64 {
        100.0 * self.wrong_phonemes as f64 / self.phonemes.max(1) as f64
    }

    /// Words with any error, per cent.
    pub fn word_error_percent(&self) -> f64 {
        100.0 * self.wrong_words as f64 / self.words.max(1) as f64
    }
}

/// Insertions, deletions and substitutions between two sequences (Levenshtein).
pub fn edit_distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lexicon::read_phonemes;

    #[test]
    fn distances_count_edits() {
        assert_eq!(edit_distance(b"kitten", b"sitting"), 3);
        assert_eq!(edit_distance(b"", b"abc"), 3);
        assert_eq!(edit_distance(b"abc", b"abc"), 0);
    }

    #[test]
    fn the_nearest_listed_form_counts() {
        let listed: Vec<_> = ["R EH1 D", "R IY1 D"].iter().filter_map(|p| read_phonemes(p)).collect();
        let mut agreement = Agreement::default();
        agreement.add(&listed[1], &listed);
        agreement.add(&listed[0][..2], &listed);
        assert_eq!(agreement.word_error_percent(), 50.0);
        assert!((agreement.phoneme_error_percent() - 100.0 / 6.0).abs() < 1e-9);
    }
}
