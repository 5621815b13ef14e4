//! Finds the engine and libtorch, and starts the one with the other.

use std::{
    env::{self, consts},
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// The variable by which the system's loader finds libraries.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_LIBRARY_PATH"
} else if cfg!(windows) {
    "PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// How glibc's allocator is told to keep what it has: tensors of a step are as large as those of the step before, and
/// giving their memory back in between costs page faults. Other systems ignore it.
const ALLOCATOR: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=8589934592:glibc.malloc.top_pad=67108864",
);

/// CUDA numbers GPUs as their driver does, by their place on the bus, and not by their speed.
const DEVICE_ORDER: (&str, &str) = ("CUDA_DEVICE_ORDER", "PCI_BUS_ID");

/// 32-bit products on a GPU may round their factors to 10 bits (TF32), as convolutions there do by default.
const PRODUCTS: (&str, &str) = ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1");

/// How long a thread of libtorch's waits for the others before it sleeps (turns of a loop; by default as good as for
/// ever). Where another program wants a processor too, a thread that spins keeps the one that it waits for from running:
/// sentences then take several times as long.
const WAITING: (&str, &str) = ("GOMP_SPINCOUNT", "1000");

/// Why the engine does not run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The engine's file is not beside this one.
    #[error("{} is missing; it belongs in one folder with voice-clone (`make build` makes both)", .0.display())]
    NoEngine(PathBuf),
    /// None of the folders holds libtorch.
    #[error("libtorch is in none of: {}; run scripts/fetch-libtorch.sh, or set LIBTORCH to its folder", list(.0))]
    NoLibtorch(Vec<PathBuf>),
    /// The system refused.
    #[error("cannot start {}: {source}", engine.display())]
    System {
        /// The engine's file.
        engine: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Replaces this process by the engine, with the same arguments. Returns only if that fails (on systems without
/// `exec`: when the engine has ended, with its exit code).
pub fn become_engine() -> Result<ExitCode, LaunchError> {
    let own = env::current_exe().map_err(|source| LaunchError::System { engine: "voice-clone".into(), source })?;
    let engine = own.with_file_name(format!("voice-clone-engine{}", consts::EXE_SUFFIX));
    if !engine.is_file() {
        return Err(LaunchError::NoEngine(engine));
    }
    let libraries = find_libtorch(&own)?;
    let mut command = Command::new(&engine);
    command.args(env::args_os().skip(1)).env(LIBRARY_PATH, prepended(&libraries));
    for (variable, value) in [ALLOCATOR, DEVICE_ORDER, PRODUCTS, WAITING] {
        if env::var_os(variable).is_none() {
            command.env(variable, value);
        }
    }
    replace_process(command).map_err(|source| LaunchError::System { engine, source })
}

/// The folder with libtorch's libraries: that of `LIBTORCH`, beside the program, or where it was built.
fn find_libtorch(own: &Path) -> Result<PathBuf, LaunchError> {
    let chosen = env::var_os("LIBTORCH").map(PathBuf::from);
    let beside = own.parent().map(|folder| folder.join("libtorch"));
    let built = option_env!("LIBTORCH").map(PathBuf::from);
    let folders: Vec<_> = [chosen, beside, built].into_iter().flatten().map(|folder| folder.join("lib")).collect();
    let library = format!("{}torch_cpu{}", consts::DLL_PREFIX, consts::DLL_SUFFIX);
    match folders.iter().find(|folder| folder.join(&library).is_file()) {
        Some(folder) => Ok(folder.clone()),
        None => Err(LaunchError::NoLibtorch(folders)),
    }
}

/// The loader's search path with `folder` in front, unless it is there already.
fn prepended(folder: &Path) -> OsString {
    let present = env::var_os(LIBRARY_PATH).unwrap_or_default();
    let rest = env::split_paths(&present).filter(|path| path != folder && !path.as_os_str().is_empty());
    // A folder with a separator in its name can't be listed; the path baked into the engine still serves.
    env::join_paths(std::iter::once(folder.to_path_buf()).chain(rest)).unwrap_or_else(|_| present.clone())
}

#[cfg(unix)]
fn replace_process(mut command: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.arg0("voice-clone").exec())
}

#[cfg(not(unix))]
fn replace_process(mut command: Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
