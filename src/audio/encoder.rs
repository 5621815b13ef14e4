//! What the output formats have in common.

use super::error::AudioError;

/// Samples to the bytes of one format, in a stream.
pub(super) trait Encode: Send {
    /// The bytes at the start, valid for a stream whose length is not known.
    fn header(&mut self) -> Result<Vec<u8>, AudioError>;

    /// Appends to `bytes` what `samples` (interleaved, whole frames, no NaN) give.
    fn encode(&mut self, samples: &[f32], bytes: &mut Vec<u8>) -> Result<(), AudioError>;

    /// Appends to `bytes` what is still held back, and returns what must change in bytes written before, now that the
    /// length is known. An output that can't go back ignores that.
    fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<Vec<Patch>, AudioError>;
}

/// New bytes for a place that has been written already.
pub(super) struct Patch {
    pub offset: u64,
    pub bytes: Vec<u8>,
}

/// The integer of `bits` bits nearest to `sample`, where 1.0 is just above the largest: the inverse of how integers
/// are decoded, so that decoding and encoding again changes nothing. No dither is added.
pub(super) fn quantise(sample: f32, bits: u32) -> i32 {
    let full_scale = f64::from(1_u32 << (bits - 1));
    (f64::from(sample) * full_scale).round().clamp(-full_scale, full_scale - 1.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantising_inverts_decoding() {
        for value in i16::MIN..=i16::MAX {
            assert_eq!(quantise(f32::from(value) / 32_768.0, 16), i32::from(value));
        }
        for value in [-8_388_608, -8_388_607, -1, 0, 1, 8_388_607] {
            assert_eq!(quantise(value as f32 / 8_388_608.0, 24), value);
        }
    }

    #[test]
    fn loud_samples_are_clipped() {
        assert_eq!(quantise(1.0, 16), 32_767);
        assert_eq!(quantise(7.5, 16), 32_767);
        assert_eq!(quantise(-7.5, 24), -8_388_608);
    }
}
