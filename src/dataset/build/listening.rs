//! What was taken for speech and is music or noise. Voice activity is told by levels and pitches, which instruments and
//! animals have, too; the speaker encoder knows what a voice is like.

use rayon::prelude::*;

use super::{BuildError, CleanError, passage::Passage};
use crate::{
    audio::Resampler,
    clean::{
        analysis::Analysis,
        config::SegmentsConfig,
        scratch::Scratch,
        segments,
        vad::{RATE, Span},
    },
    diarization::music::{self, Candidate, Music},
    nn::pool::Pool,
    speaker::{SpeakerEncoder, append_speech},
    units::{SampleRate, Seconds},
};

/// At least so many pieces are heard side by side.
const BATCH: usize = 16;

/// What tells music and noise from speech.
#[derive(Debug)]
pub struct Listening {
    /// Hears pieces.
    pub encoder: Pool<SpeakerEncoder>,
    /// Knows music and noise by that; fitted to cleaned recordings.
    pub music: Music,
    /// The version of both: another one makes another result.
    pub version: String,
}

impl Listening {
    /// Takes out of what was taken for speech what is none. `cleaned` is read, and begins again.
    pub(super) fn leave_out_music(
        &self,
        analysis: &mut Analysis,
        cleaned: &mut Scratch,
        config: &SegmentsConfig,
        passage: &Passage,
    ) -> Result<(), BuildError> {
        let pieces = segments::pieces(&analysis.speech, config);
        let heard = &mut |position: Seconds| passage.listened(position.0 / analysis.source.duration.0);
        let music = music::among(&self.hear(&pieces, cleaned, analysis.output_rate, heard)?);
        if music.contains(&true) {
            let speech = pieces.into_iter().zip(music).filter(|(_, is_music)| !is_music);
            analysis.restrict_speech(speech.flat_map(|(piece, _)| piece).collect());
        }
        Ok(())
    }

    /// How likely it is that each piece is music.
    fn hear(
        &self,
        pieces: &[Vec<Span>],
        cleaned: &mut Scratch,
        rate: SampleRate,
        progress: &mut dyn FnMut(Seconds),
    ) -> Result<Vec<Candidate>, BuildError> {
        let failed = |error: std::io::Error| CleanError::Source(error.into());
        let mut resampler = Resampler::new(rate, RATE).map_err(CleanError::Source)?;
        let mut cutter = Cutter { pieces, open: Vec::new(), position: 0 };
        let (mut cut, mut heard) = (Vec::new(), Vec::with_capacity(pieces.len()));
        for block in cleaned.by_ref() {
            cutter.push(&resampler.process(&block.map_err(failed)?), &mut cut);
            if cut.len() >= BATCH {
                heard.extend(self.judge(&cut)?);
                cut.clear();
            }
            progress(RATE.duration(cutter.position));
            if cutter.pieces.is_empty() {
                break;
            }
        }
        cutter.push(&resampler.finish(), &mut cut);
        cutter.finish(&mut cut);
        heard.extend(self.judge(&cut)?);
        cleaned.rewind().map_err(failed)?;
        Ok(heard)
    }

    fn judge(&self, cut: &[Piece]) -> Result<Vec<Candidate>, BuildError> {
        let judge = |piece: &Piece| {
            let encoder = self.encoder.take().map_err(BuildError::Hearing)?;
            let heard = RATE.duration(piece.samples.len());
            // What is too short or too quiet to tell is as likely the one as the other.
            let log_odds =
                encoder.embed(&piece.samples).map_or(0.0, |embedding| self.music.log_odds(&embedding, heard));
            Ok(Candidate { at: piece.start, heard, log_odds })
        };
        cut.par_iter().map(judge).collect()
    }
}

/// A piece of what was taken for speech.
#[derive(Debug, PartialEq)]
struct Piece {
    start: Seconds,
    samples: Vec<f32>,
}

/// Cuts pieces out of a stream as it passes.
struct Cutter<'a> {
    /// Those to come.
    pieces: &'a [Vec<Span>],
    /// What there is of the next one.
    open: Vec<f32>,
    position: usize,
}

impl Cutter<'_> {
    fn push(&mut self, block: &[f32], cut: &mut Vec<Piece>) {
        let end = self.position + block.len();
        while let Some(piece) = self.pieces.first() {
            append_speech(piece, self.position, block, &mut self.open);
            if piece.last().is_some_and(|span| RATE.samples(span.end) > end) {
                break;
            }
            self.close(cut);
        }
        self.position = end;
    }

    /// Ends what rounding has left open.
    fn finish(mut self, cut: &mut Vec<Piece>) {
        while !self.pieces.is_empty() {
            self.close(cut);
        }
    }

    fn close(&mut self, cut: &mut Vec<Piece>) {
        let Some((piece, rest)) = self.pieces.split_first() else { return };
        let start = piece.first().map_or(Seconds(0.0), |span| span.start);
        cut.push(Piece { start, samples: std::mem::take(&mut self.open) });
        self.pieces = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, end: f64) -> Span {
        Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() }
    }

    #[test]
    fn pieces_are_cut_whatever_the_blocks() {
        let pieces = [
            vec![span(0.0, 0.001), span(0.002, 0.003)],
            vec![span(0.0035, 0.004)],
            vec![span(0.006, 0.0075)],
            vec![span(0.009, 0.0125)],
        ];
        let samples: Vec<f32> = (0..176).map(|at| at as f32).collect();
        let expected =
            [(0.0, [0..16, 32..48]), (0.0035, [56..64, 0..0]), (0.006, [96..120, 0..0]), (0.009, [144..176, 0..0])];
        let expected = expected.map(|(start, ranges)| {
            let samples = ranges.into_iter().flat_map(|range| samples[range].to_vec()).collect();
            Piece { start: Seconds(start), samples }
        });
        for size in [1, 7, 64, 1_000] {
            let mut cutter = Cutter { pieces: &pieces, open: Vec::new(), position: 0 };
            let mut cut = Vec::new();
            samples.chunks(size).for_each(|block| cutter.push(block, &mut cut));
            assert_eq!(cut.len(), 3, "the last goes on");
            cutter.finish(&mut cut);
            assert_eq!(cut, expected, "blocks of {size}");
        }
    }
}
