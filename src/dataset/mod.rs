//! Datasets: folder layout, manifests, corpora.

pub mod batches;
pub mod corpus;
pub mod prepared;
