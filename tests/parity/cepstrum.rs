//! Mel cepstra and their distortion against librosa and scipy (`scripts/golden/cepstrum.py`).

use tch::{Kind, Tensor};
use voice_clone::evaluation::cepstrum::{CepstrumAnalyser, CepstrumConfig, align, distortion_db};

use crate::golden::Golden;

fn samples(tensor: &Tensor) -> Vec<f32> {
    let scaled = tensor.to_kind(Kind::Float) / 32_768.0;
    Vec::<f32>::try_from(scaled).unwrap()
}

#[test]
fn cepstra_equal_those_of_scipy() {
    let golden = Golden::read("cepstrum");
    let analyser = CepstrumAnalyser::new(CepstrumConfig { order: 24, ..CepstrumConfig::default() });
    let found = analyser.analyse(&samples(golden.get("reference")));
    let flat = Tensor::from_slice(&found.frames().concat()).view([found.len() as i64, 24]);
    golden.assert_close("cepstra", &flat, 2e-3);
}

#[test]
fn distortions_equal_those_of_librosa_s_warping() {
    let golden = Golden::read("cepstrum");
    let (reference, other) = (samples(golden.get("reference")), samples(golden.get("other")));
    for order in [13, 24] {
        let analyser = CepstrumAnalyser::new(CepstrumConfig { order, ..CepstrumConfig::default() });
        let (a, b) = (analyser.analyse(&reference), analyser.analyse(&other));
        let found = distortion_db(&a, &b, &align(&a, &b)).unwrap();
        golden.assert_close(&format!("distortion_{order}"), &Tensor::from_slice(&[found]), 5e-3);
    }
}
