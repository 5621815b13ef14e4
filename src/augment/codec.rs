//! Codecs that speech has gone through.

use ropus::{Application, Bitrate, Channels, DecodeMode, Decoder, Encoder};
use tch::{Kind, Tensor};

use crate::nn::host::floats;
use crate::units::SampleRate;

/// Samples (L) in [-1, 1] through 8-bit companding with mu = 255 (ITU-T G.711, its continuous form).
pub fn mu_law(samples: &Tensor) -> Tensor {
    const MU: f64 = 255.0;
    let compressed = (samples.abs() * MU).log1p() / MU.ln_1p() * samples.sign();
    let coded = ((compressed + 1.0) * (MU / 2.0)).round() / (MU / 2.0) - 1.0;
    (coded.abs() * MU.ln_1p()).expm1() / MU * coded.sign()
}

/// Samples (L) at 16 kHz in [-1, 1] through Opus for speech at a bit rate, in time with the original; none if the
/// codec refuses.
pub fn opus_round_trip(samples: &Tensor, bits_per_s: u32) -> Option<Tensor> {
    /// 20 ms.
    const FRAME: usize = 320;
    let rate = SampleRate::ANALYSIS.0;
    let mut encoder = Encoder::builder(rate, Channels::Mono, Application::Voip)
        .bitrate(Bitrate::try_bits(bits_per_s).ok()?)
        .complexity(2)
        .build()
        .ok()?;
    let mut decoder = Decoder::new(rate, Channels::Mono).ok()?;
    let (mut input, delay) = (floats(samples), encoder.lookahead() as usize);
    let length = input.len();
    input.resize((length + delay).next_multiple_of(FRAME), 0.0);
    let (mut packet, mut decoded) = (vec![0u8; 1_500], vec![0f32; FRAME]);
    let mut output = Vec::with_capacity(input.len());
    for frame in input.chunks_exact(FRAME) {
        let bytes = encoder.encode_float(frame, &mut packet).ok()?;
        let count = decoder.decode_float(&packet[..bytes], &mut decoded, DecodeMode::Normal).ok()?;
        output.extend_from_slice(&decoded[..count]);
    }
    Some(Tensor::from_slice(output.get(delay..delay + length)?).to_kind(Kind::Float))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;
    use tch::Device;

    #[test]
    fn companding_keeps_zero_and_the_ends_and_errs_by_half_a_step() {
        let samples = Tensor::from_slice(&[1.0f32, -1.0, 0.5, 0.01]);
        let coded = mu_law(&samples);
        let error = (&coded - &samples).abs() / samples.abs();
        assert!(error.narrow(0, 0, 2).max().double_value(&[]) < 1e-5);
        // A step is ln(256) / 127.5 = 4.3 % of the value where it is well above 1/255.
        assert!(error.max().double_value(&[]) < 0.032, "{error}");
        assert!(error.max().double_value(&[]) > 1e-3);
    }

    #[test]
    fn opus_keeps_a_vowel_in_time() {
        let time = Tensor::arange(16_000, (Kind::Double, Device::Cpu)) / 16_000.0;
        let vowel = (1..=8).map(|harmonic| (&time * (TAU * 150.0 * f64::from(harmonic))).sin() / f64::from(harmonic));
        let vowel = vowel.reduce(|a, b| a + b).expect("harmonics").to_kind(Kind::Float) * 0.2;
        let coded = opus_round_trip(&vowel, 24_000).expect("a codec");
        let cosine = |lag: i64| {
            let (a, b) = (vowel.narrow(0, 3_200, 9_600), coded.narrow(0, 3_200 + lag, 9_600));
            let cosine =
                (&a * &b).sum(Kind::Float) / (a.square().sum(Kind::Float) * b.square().sum(Kind::Float)).sqrt();
            cosine.double_value(&[])
        };
        let best = (-50..=50).max_by(|&a, &b| cosine(a).total_cmp(&cosine(b))).expect("lags");
        // Opus keeps what is heard rather than phases.
        assert!(best.abs() <= 4 && cosine(best) > 0.85, "{best}: {}", cosine(best));
        assert!((vowel - coded).abs().max().double_value(&[]) > 1e-3);
    }
}
