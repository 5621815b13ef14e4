//! What an n-gram remembers of the tokens before.

use super::{
    ngram::{BEGIN, MAX_ORDER},
    table::Table,
};

/// No node.
const NONE: u32 = u32::MAX;

/// The nodes of the last 1, 2, ... tokens, where the table has them. By default only the beginning of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History([u32; MAX_ORDER]);

impl Default for History {
    fn default() -> Self {
        let mut nodes = [NONE; MAX_ORDER];
        nodes[0] = u32::from(BEGIN);
        Self(nodes)
    }
}

impl History {
    /// The history after one more token.
    pub fn advance(&self, table: &Table, token: u16) -> Self {
        let mut next = [NONE; MAX_ORDER];
        next[0] = u32::from(token);
        for level in 0..table.order().saturating_sub(2) {
            if self.0[level] != NONE {
                next[level + 1] = table.child(level, self.0[level], token).unwrap_or(NONE);
            }
        }
        Self(next)
    }
}

/// Natural logarithm of the probability of `token` after the longest known context.
pub fn log_probability(table: &Table, history: &History, token: u16) -> f32 {
    let nodes = &history.0;
    let mut backoff = 0.0;
    for level in (0..table.order().saturating_sub(1)).rev().filter(|&level| nodes[level] != NONE) {
        match table.child(level, nodes[level], token) {
            Some(node) => return backoff + table.log_probability(level + 1, node),
            None => backoff += table.log_backoff(level, nodes[level]),
        }
    }
    backoff + table.log_probability(0, u32::from(token))
}
