//! Networks for several threads at once.

use std::{
    error::Error,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex},
};

/// Lends networks with the same weights. A network serves one at a time, since libtorch's tensors may be handed from
/// thread to thread, but not shared.
pub struct Pool<T>(Arc<Inner<T>>);

struct Inner<T> {
    load: Box<dyn Fn() -> Result<T, LoadError> + Send + Sync>,
    free: Mutex<Vec<T>>,
}

/// Why there is no further network.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LoadError(Box<dyn Error + Send + Sync>);

impl<T> Pool<T> {
    /// Loads the first network.
    ///
    /// # Errors
    /// As `load`.
    pub fn new<E: Error + Send + Sync + 'static>(
        load: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let first = load()?;
        let load = Box::new(move || load().map_err(|error| LoadError(Box::new(error))));
        Ok(Self(Arc::new(Inner { load, free: Mutex::new(vec![first]) })))
    }

    /// A network that nobody uses, or a new one.
    ///
    /// # Errors
    /// Weights that have gone since.
    pub fn take(&self) -> Result<Lease<T>, LoadError> {
        let free = self.0.free.lock().ok().and_then(|mut free| free.pop());
        let network = match free {
            Some(network) => network,
            None => (self.0.load)()?,
        };
        Ok(Lease { network: Some(network), home: Some(self.clone()) })
    }
}

impl<T> Clone for Pool<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool of {}", std::any::type_name::<T>())
    }
}

/// A network for one user; it goes back when it is dropped.
#[derive(Debug)]
pub struct Lease<T> {
    /// There until it is dropped.
    network: Option<T>,
    home: Option<Pool<T>>,
}

impl<T> From<T> for Lease<T> {
    /// A network of one's own.
    fn from(network: T) -> Self {
        Self { network: Some(network), home: None }
    }
}

impl<T> Deref for Lease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.network.as_ref().expect("a lease holds its network until it is dropped")
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        if let (Some(network), Some(home)) = (self.network.take(), &self.home)
            && let Ok(mut free) = home.0.free.lock()
        {
            free.push(network);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn what_comes_back_is_lent_again() {
        let loaded = Arc::new(AtomicUsize::new(0));
        let counter = loaded.clone();
        let load = move || match counter.fetch_add(1, Ordering::SeqCst) {
            number @ 0..2 => Ok(number),
            _ => Err(io::Error::other("gone")),
        };
        let pool = Pool::new(load).expect("the first");
        let first = pool.take().expect("the first");
        let second = pool.clone().take().expect("another");
        assert_eq!((*first, *second), (0, 1));
        assert_eq!(pool.take().expect_err("the weights have gone").to_string(), "gone");
        drop(second);
        assert_eq!(*pool.take().expect("the second again"), 1);
        assert_eq!(loaded.load(Ordering::SeqCst), 3);
    }
}
