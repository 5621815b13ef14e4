//! Checkpoints of PyTorch in both forms (`scripts/golden/pytorch.py`), whole and damaged.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tch::{Kind, Tensor};
use voice_clone::nn::{checkpoint::CheckpointError, pytorch};

use crate::formula::uniform;

const FORMS: [&str; 2] = ["archive.pt", "legacy.pt"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden").join(name)
}

#[test]
fn all_tensors_are_read_and_nothing_else() {
    for form in FORMS {
        let tensors = pytorch::read_any(&golden(form)).expect("a whole checkpoint").tensors;
        let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
        let expected = ["empty", "half", "part", "scalar", "transposed", "weight"].map(|name| format!("model.{name}"));
        assert_eq!(names, expected, "{form}");

        let base = uniform("base", &[4, 6]);
        assert!(tensors["model.weight"].equal(&base), "{form}");
        assert!(tensors["model.transposed"].equal(&base.transpose(0, 1)), "{form}");
        assert!(tensors["model.part"].equal(&base.narrow(0, 1, 2).narrow(1, 2, 3)), "{form}");
        assert!(tensors["model.half"].equal(&base.to_kind(Kind::Half).to_kind(Kind::Float)), "{form}");
        assert!(tensors["model.scalar"].equal(&Tensor::from(7i64)), "{form}");
        assert_eq!(tensors["model.empty"].size(), [0, 3], "{form}");
    }
}

#[test]
fn a_checkpoint_that_would_call_something_is_refused_by_its_name() {
    let error = pytorch::read_any(&golden("malicious.ckpt")).expect_err("a call of os.system");
    let reason = "it would call posix.system, but only what makes tensors and containers is allowed";
    assert!(error.to_string().ends_with(reason), "{error}");
}

#[test]
fn what_is_no_checkpoint_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x.pt");
    std::fs::write(&path, b"PK\x03\x04 but no archive").expect("a writable folder");
    let error = pytorch::read_any(&path).expect_err("no archive");
    assert!(error.to_string().ends_with("its ZIP archive is malformed"), "{error}");
    std::fs::write(&path, b"RIFF").expect("a writable folder");
    assert!(matches!(pytorch::read_any(&path), Err(CheckpointError::Malformed { .. })));
    assert!(matches!(pytorch::read_any(folder.path()), Err(CheckpointError::File(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damage_gives_an_error_or_tensors_but_never_a_panic(
        form in 0..FORMS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        kept in prop_oneof![3 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)],
    ) {
        let mut bytes = std::fs::read(golden(FORMS[form])).expect("a golden file");
        for (index, byte) in damage {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(kept) = kept {
            bytes.truncate(kept.index(bytes.len()));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("damaged.pt");
        std::fs::write(&path, &bytes).expect("a writable folder");
        if let Ok(weights) = pytorch::read_any(&path) {
            let elements: usize = weights.tensors.values().map(Tensor::numel).sum();
            prop_assert!(elements <= bytes.len());
        }
    }
}
