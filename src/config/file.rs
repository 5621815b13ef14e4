//! Where the settings file is.

use std::path::PathBuf;

/// The environment variable that names the settings file.
pub const FILE_VARIABLE: &str = "VOICE_CLONE_CONFIG";

/// The settings file of a project, in the folder where the program is started.
const PROJECT_FILE: &str = "voice-clone.toml";

/// The settings file: the one asked for by flag or variable (whether it exists or not), else the project's,
/// else the user's, else none. `variable` looks up the environment.
pub fn find_file(flag: Option<PathBuf>, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(asked) = flag.or_else(|| named(FILE_VARIABLE)) {
        return Some(asked);
    }
    let home = named("XDG_CONFIG_HOME").or_else(|| named("HOME").map(|home| home.join(".config")));
    let users = home.map(|folder| folder.join("voice-clone/config.toml"));
    [Some(PathBuf::from(PROJECT_FILE)), users].into_iter().flatten().find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_before_variable_before_home() {
        let home = tempfile::tempdir().unwrap();
        let users = home.path().join("voice-clone/config.toml");
        let environment = |name: &str| match name {
            FILE_VARIABLE => Some("from-variable.toml".to_owned()),
            _ => None,
        };
        let only_home = |name: &str| (name == "XDG_CONFIG_HOME").then(|| home.path().display().to_string());

        assert_eq!(find_file(Some("flag.toml".into()), environment), Some("flag.toml".into()));
        assert_eq!(find_file(None, environment), Some("from-variable.toml".into()));
        assert_eq!(find_file(None, only_home), None);
        std::fs::create_dir_all(users.parent().unwrap()).unwrap();
        std::fs::write(&users, "").unwrap();
        assert_eq!(find_file(None, only_home), Some(users));
        assert_eq!(find_file(None, |_| None), None);
    }
}
