//! Datasets: folder layout, manifests, corpora.
