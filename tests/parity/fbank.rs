//! Filterbanks against torchaudio's port of Kaldi (`scripts/golden/fbank.py`).

use tch::Device;
use voice_clone::features::fbank::{Fbank, FbankConfig, FullScale};

use crate::golden::Golden;

#[test]
fn filterbanks_equal_kaldi() {
    let golden = Golden::read("fbank");
    for (name, full_scale) in [("unit", FullScale::Unit), ("int16", FullScale::Int16)] {
        let fbank = Fbank::with_config(FbankConfig { full_scale, ..Default::default() }, Device::Cpu);
        golden.assert_close(name, &fbank.forward(golden.get("signal")), 1e-3);
    }
}
