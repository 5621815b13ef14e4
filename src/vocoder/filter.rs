//! Filters of the source-filter vocoder.

use tch::Tensor;

/// The phase of the minimum-phase filter with this magnitude, in radians.
///
/// `log_magnitude` (B, F, T), natural logarithm, F = n_fft / 2 + 1 -> (B, F, T). The cepstrum of a minimum-phase
/// filter is causal, so folding the cepstrum of the magnitude onto positive quefrencies gives log spectrum and phase
/// (Oppenheim and Schafer 1975, section 10.5). The vocal tract is close to minimum phase: without it the pulses of a
/// zero-phase filter sound like a buzz.
pub fn minimum_phase(log_magnitude: &Tensor) -> Tensor {
    let n_fft = 2 * (log_magnitude.size()[1] - 1);
    let cepstrum = log_magnitude.fft_irfft(n_fft, 1, "backward");
    let half = n_fft / 2;
    let first = cepstrum.narrow(1, 0, 1);
    let causal = cepstrum.narrow(1, 1, half - 1) * 2.0;
    let last = cepstrum.narrow(1, half, 1);
    let zeros = cepstrum.narrow(1, 0, half - 1).zeros_like();
    Tensor::cat(&[first, causal, last, zeros], 1).fft_rfft(n_fft, 1, "backward").imag()
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    /// H(z) = 1 + 0.5 z⁻¹ is minimum phase; its phase is known in closed form.
    #[test]
    fn one_zero_inside_the_circle() {
        let omega = Tensor::arange(513, (Kind::Double, Device::Cpu)) * (std::f64::consts::PI / 512.0);
        let (re, im) = (omega.cos() * 0.5 + 1.0, omega.sin() * -0.5);
        let log_magnitude = (re.square() + im.square()).log() * 0.5;
        let phase = minimum_phase(&log_magnitude.view([1, 513, 1])).view([513]);
        let gap = (phase - im.atan2(&re)).abs().max().double_value(&[]);
        assert!(gap < 1e-6, "{gap}");
    }
}
