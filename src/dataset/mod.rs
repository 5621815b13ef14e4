//! Datasets: folder layout, manifests, corpora.

pub mod corpus;
