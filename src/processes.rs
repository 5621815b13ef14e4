//! Processes that share a job: those that `mpirun` started, where the program was built with the feature `mpi`.

/// This process among those that share the job; the only one, where nobody else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processes {
    index: usize,
    count: usize,
    local_index: usize,
}

/// Held while the processes work together; dropping it waits for the others.
#[derive(Default)]
pub struct Membership {
    #[cfg(feature = "mpi")]
    universe: Option<mpi::environment::Universe>,
}

/// Why the processes can't work together.
#[derive(Debug, thiserror::Error)]
pub enum ProcessesError {
    /// The program does not know how.
    #[error(
        "{0} processes were started together, but this program was built without MPI: cargo build --release --features mpi"
    )]
    NotBuilt(usize),
    /// The system's MPI does not do what is needed.
    #[error("the system's MPI could not be started")]
    System,
}

/// Variables by which Open MPI, MPICH and Slurm say how many processes there are, and which one of its node this is.
const COUNT: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"];
const LOCAL: [&str; 3] = ["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"];

fn told(variables: &[&str]) -> Option<usize> {
    variables.iter().find_map(|name| std::env::var(name).ok()?.parse().ok())
}

impl Processes {
    /// The only one.
    pub const ALONE: Self = Self { index: 0, count: 1, local_index: 0 };

    /// Joins the others, if this process was started with others.
    ///
    /// # Errors
    /// A program that was built without MPI, or an MPI that can't be started.
    pub fn join() -> Result<(Self, Membership), ProcessesError> {
        match told(&COUNT) {
            Some(count) if count > 1 => Self::initialize(count),
            _ => Ok((Self::ALONE, Membership::default())),
        }
    }

    #[cfg(feature = "mpi")]
    fn initialize(_count: usize) -> Result<(Self, Membership), ProcessesError> {
        use mpi::traits::Communicator;
        let (universe, _) = mpi::initialize_with_threading(mpi::Threading::Serialized).ok_or(ProcessesError::System)?;
        let (world, local) = (universe.world(), told(&LOCAL));
        let index = world.rank() as usize;
        let own = Self { index, count: world.size() as usize, local_index: local.unwrap_or(index) };
        Ok((own, Membership { universe: Some(universe) }))
    }

    #[cfg(not(feature = "mpi"))]
    fn initialize(count: usize) -> Result<(Self, Membership), ProcessesError> {
        let _ = LOCAL;
        Err(ProcessesError::NotBuilt(count))
    }

    /// Its place, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Its place among those of its node.
    pub fn local_index(&self) -> usize {
        self.local_index
    }

    /// Whether it is the one that reports and writes what is of all.
    pub fn is_first(&self) -> bool {
        self.index == 0
    }

    /// Waits until all have come here.
    pub fn barrier(&self) {
        #[cfg(feature = "mpi")]
        if self.count > 1 {
            use mpi::traits::CommunicatorCollectives;
            mpi::topology::SimpleCommunicator::world().barrier();
        }
    }

    /// Puts the sum over all processes into `values`.
    pub fn sum(&self, values: &mut Vec<f64>) {
        #[cfg(feature = "mpi")]
        if self.count > 1 {
            use mpi::{collective::SystemOperation, traits::CommunicatorCollectives};
            let mut sum = vec![0.0; values.len()];
            let world = mpi::topology::SimpleCommunicator::world();
            world.all_reduce_into(&values[..], &mut sum[..], SystemOperation::sum());
            *values = sum;
        }
        #[cfg(not(feature = "mpi"))]
        let _ = values;
    }
}

impl Membership {
    /// Leaves without waiting for the others, so that a process that failed takes them with it.
    pub fn abandon(self) {
        #[cfg(feature = "mpi")]
        std::mem::forget(self.universe);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_waits_for_nobody() {
        let mut values = vec![1.0, 2.0];
        Processes::ALONE.barrier();
        Processes::ALONE.sum(&mut values);
        assert_eq!(values, [1.0, 2.0]);
        assert!(Processes::ALONE.is_first());
    }
}
