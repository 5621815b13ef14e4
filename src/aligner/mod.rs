//! Aligner: a phoneme recogniser that times phonemes, checks transcripts and labels recordings.
