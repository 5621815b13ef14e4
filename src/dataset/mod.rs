//! Datasets: folder layout, manifests, corpora.

pub mod batches;
pub mod build;
pub mod corpus;
pub mod layout;
pub mod manifest;
pub mod prepared;
pub mod scan;
pub mod transcripts;
pub mod utterances;
