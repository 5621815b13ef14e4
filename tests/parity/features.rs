//! STFT and mel against librosa and torchaudio (`scripts/golden/features.py`).

use tch::{Device, Tensor};
use voice_clone::features::{
    mel::{MelConfig, MelSpectrogram},
    stft::Stft,
};

use crate::{formula::uniform, golden::Golden};

fn signal(golden: &Golden) -> Tensor {
    golden.get("signal").unsqueeze(0)
}

#[test]
fn spectra_equal_librosa() {
    let golden = Golden::read("features");
    let spectrum = Stft::new(MelConfig::synthesis().stft(), Device::Cpu).forward(&signal(&golden));
    assert_eq!(spectrum.size(), [1, 513, 4000 / 256]);
    let some = spectrum.view_as_real().squeeze_dim(0).narrow(1, 3, 3);
    golden.assert_close("librosa.spectrum", &some, 1e-4);
}

#[test]
fn mel_spectra_equal_librosa_and_torchaudio() {
    let golden = Golden::read("features");
    let mel = MelSpectrogram::new(&MelConfig::synthesis(), Device::Cpu).forward(&signal(&golden)).squeeze_dim(0);
    golden.assert_close("librosa.mel", &mel, 1e-3);
    golden.assert_close("torchaudio.mel", &mel, 1e-3);
}

#[test]
fn mel_filters_equal_librosa_and_torchaudio() {
    let golden = Golden::read("features");
    let filters = Tensor::from_slice(&MelConfig::synthesis().filters().concat()).view([80, 513]);
    let product = filters.matmul(&uniform("probe", &[513, 4]));
    golden.assert_close("librosa.filters", &product, 1e-6);
    golden.assert_close("torchaudio.filters", &product, 1e-6);
}
