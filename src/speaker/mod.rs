//! Speaker encoder: who is speaking, as 192 values.
