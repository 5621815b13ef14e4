//! What changes samples as they stream by.

/// A streaming change of one channel, free of delay: as many samples come out as went in.
pub trait Filter {
    /// What it is called in a recording's history.
    fn name(&self) -> &'static str;

    /// Takes the next samples and appends what can be given back so far to `output`.
    fn push(&mut self, input: &[f32], output: &mut Vec<f32>);

    /// Ends the stream: appends what is left.
    fn finish(&mut self, output: &mut Vec<f32>);
}

/// The same gain for all samples.
#[derive(Debug, Clone, Copy)]
pub struct Gain {
    factor: f32,
}

impl Gain {
    /// A gain in decibels.
    pub fn from_db(gain_db: f64) -> Self {
        Self { factor: 10f64.powf(gain_db / 20.0) as f32 }
    }
}

impl Filter for Gain {
    fn name(&self) -> &'static str {
        "gain"
    }

    fn push(&mut self, input: &[f32], output: &mut Vec<f32>) {
        output.extend(input.iter().map(|sample| sample * self.factor));
    }

    fn finish(&mut self, _output: &mut Vec<f32>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_decibels_are_a_factor_of_ten() {
        let mut output = vec![9.0];
        let mut gain = Gain::from_db(20.0);
        gain.push(&[0.01, -0.02], &mut output);
        gain.finish(&mut output);
        assert_eq!(output.len(), 3);
        assert!((output[1] - 0.1).abs() < 1e-6 && (output[2] + 0.2).abs() < 1e-6, "{output:?}");
    }
}
