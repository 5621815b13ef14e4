//! What all models share: layers, checkpoints, optimiser, training loop.
