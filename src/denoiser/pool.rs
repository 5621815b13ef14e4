//! Networks for several streams at once.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tch::Device;

use super::network::{Denoiser, DenoiserError};

/// Lends networks with the same weights. A network serves one stream at a time, since libtorch's tensors may be handed
/// from thread to thread, but not shared.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    device: Device,
    free: Mutex<Vec<Denoiser>>,
}

impl Pool {
    /// Reads the first network.
    ///
    /// # Errors
    /// Weights that are missing or broken.
    pub fn load(path: &Path, device: Device) -> Result<Self, DenoiserError> {
        let first = Denoiser::load(path, device)?;
        Ok(Self(Arc::new(Inner { path: path.to_path_buf(), device, free: Mutex::new(vec![first]) })))
    }

    #[cfg(test)]
    pub(super) fn holding(network: Denoiser) -> Self {
        Self(Arc::new(Inner { path: PathBuf::new(), device: network.device(), free: Mutex::new(vec![network]) }))
    }

    /// A network that nobody uses, or a new one.
    ///
    /// # Errors
    /// Weights that have gone since.
    pub fn take(&self) -> Result<Lease, DenoiserError> {
        let free = self.0.free.lock().ok().and_then(|mut free| free.pop());
        let network = match free {
            Some(network) => network,
            None => Denoiser::load(&self.0.path, self.0.device)?,
        };
        Ok(Lease { network: Some(network), home: Some(self.0.clone()) })
    }
}

/// A network for one stream; it goes back when it is dropped.
#[derive(Debug)]
pub struct Lease {
    /// There until it is dropped.
    network: Option<Denoiser>,
    home: Option<Arc<Inner>>,
}

impl From<Denoiser> for Lease {
    /// A network of one's own.
    fn from(network: Denoiser) -> Self {
        Self { network: Some(network), home: None }
    }
}

impl Deref for Lease {
    type Target = Denoiser;

    fn deref(&self) -> &Denoiser {
        self.network.as_ref().expect("a lease holds its network until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(network), Some(home)) = (self.network.take(), &self.home)
            && let Ok(mut free) = home.free.lock()
        {
            free.push(network);
        }
    }
}
