//! Training: base components and voices.
