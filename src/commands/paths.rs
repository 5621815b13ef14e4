//! Where voices, speakers and models are.

use std::{env, path::PathBuf};

use crate::config::Config;

/// The folder of trained voices.
pub fn voices_dir(config: &Config) -> PathBuf {
    from_setting(&config.voices.dir)
}

/// The folder of enrolled speakers.
pub fn speakers_dir(config: &Config) -> PathBuf {
    expand_home(&config.speakers.dir, env::var_os("HOME").map(PathBuf::from))
}

/// The folder of the base models: the setting's, or else `models` beside the program or where it was built.
pub fn models_dir(config: &Config) -> PathBuf {
    if !config.models.dir.trim().is_empty() {
        return from_setting(&config.models.dir);
    }
    let beside = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("models")));
    let built = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models"));
    beside.filter(|folder| folder.is_dir()).unwrap_or(built)
}

/// The folder of imported models.
pub fn imported_models_dir() -> PathBuf {
    from_setting("~/.local/share/voice-clone/models")
}

/// The file of the speaker encoder by which voices are compared: the setting's, or else the base model.
pub fn speaker_encoder(config: &Config) -> PathBuf {
    match config.models.speaker.trim() {
        "" => models_dir(config).join("speaker.safetensors"),
        path => from_setting(path),
    }
}

fn from_setting(path: &str) -> PathBuf {
    expand_home(path, env::var_os("HOME").map(PathBuf::from))
}

/// `path` with a leading `~` replaced by the home folder, where that is known.
fn expand_home(path: &str, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_home_is_expanded() {
        let home = || Some(PathBuf::from("/home/me"));
        assert_eq!(expand_home("~/voices", home()), PathBuf::from("/home/me/voices"));
        assert_eq!(expand_home("~", home()), PathBuf::from("/home/me"));
        assert_eq!(expand_home("~you/voices", home()), PathBuf::from("~you/voices"));
        assert_eq!(expand_home("a/~", home()), PathBuf::from("a/~"));
        assert_eq!(expand_home("~/voices", None), PathBuf::from("~/voices"));
    }
}
