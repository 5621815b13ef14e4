//! The n-gram as bytes that are searched in place.
//!
//! Little-endian: `L2S1`, order (u8), graphones (u16); each graphone as two letters and two phoneme ids (0 where
//! unused), the first two standing for the ends of a word; nodes of each order (u32 each). Then the nodes of each
//! order, sorted by parent and token: token (u16), log probability (u8) and, below the highest order, back-off (u8)
//! and the first child (u24); one more node ends each order so that children end where the next node's begin.

use super::{
    graphone::Graphone,
    ngram::{BEGIN, END, Key, MAX_ORDER, NGram, context},
};

const MAGIC: &[u8; 4] = b"L2S1";
/// Steps of a stored logarithm in one nat.
const STEPS: f32 = 16.0;
/// Back-off weights may exceed one: e to the power of this at most.
const MAX_LOG_BACKOFF: f32 = 2.0;
const INNER_BYTES: usize = 7;
const LEAF_BYTES: usize = 3;

/// The bytes are no table.
#[derive(Debug, thiserror::Error)]
#[error("letter-to-sound table: expected {expected}, found {actual}")]
pub struct TableError {
    expected: String,
    actual: String,
}

/// A table read in place.
#[derive(Debug, Clone)]
pub struct Table {
    graphones: Vec<Graphone>,
    /// Tokens by their letters: `index[first letter][second letter, or 26 for none]`.
    by_letters: Vec<Vec<u16>>,
    levels: Vec<Level>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    bytes: &'static [u8],
    stride: usize,
}

impl Level {
    fn token(&self, node: usize) -> u16 {
        let at = node * self.stride;
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn first_child(&self, node: usize) -> usize {
        let at = node * self.stride + 4;
        u32::from_le_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], 0]) as usize
    }
}

impl Table {
    /// Reads the head and checks that every part is there and that nodes stay within their order.
    ///
    /// # Errors
    /// When the bytes are not of this format.
    pub fn read(bytes: &'static [u8]) -> Result<Self, TableError> {
        let mut rest = bytes;
        let magic = take(&mut rest, 4)?;
        if magic != MAGIC {
            return Err(TableError { expected: "L2S1".into(), actual: String::from_utf8_lossy(magic).into_owned() });
        }
        let order = usize::from(take(&mut rest, 1)?[0]).min(MAX_ORDER);
        let count = u16_at(take(&mut rest, 2)?);
        let graphones: Vec<Graphone> = take(&mut rest, 4 * usize::from(count))?
            .chunks_exact(4)
            .map(|b| Graphone { letters: [b[0], b[1]], phonemes: [b[2], b[3]] })
            .collect();
        let sizes: Vec<usize> = take(&mut rest, 4 * order)?
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
            .collect();
        let mut levels = Vec::with_capacity(order);
        for (level, &size) in sizes.iter().enumerate() {
            let stride = if level + 1 < order { INNER_BYTES } else { LEAF_BYTES };
            levels.push(Level { bytes: take(&mut rest, stride * (size + 1))?, stride });
        }
        let table = Self { by_letters: index(&graphones), graphones, levels };
        table.check(&sizes)?;
        Ok(table)
    }

    fn check(&self, sizes: &[usize]) -> Result<(), TableError> {
        let error = |expected: &str, actual: String| TableError { expected: expected.into(), actual };
        let unigrams = sizes.first().copied().unwrap_or(0);
        if unigrams != self.graphones.len() || (0..unigrams).any(|node| usize::from(self.levels[0].token(node)) != node)
        {
            return Err(error("a unigram for each graphone", format!("{unigrams} unigrams")));
        }
        for (level, (below, &limit)) in self.levels.iter().zip(sizes.iter().skip(1)).enumerate() {
            let children: Vec<usize> = (0..=sizes[level]).map(|node| below.first_child(node)).collect();
            if !children.is_sorted() || children.last() != Some(&limit) {
                return Err(error("children in order", format!("order {} is not", level + 1)));
            }
        }
        Ok(())
    }

    /// The longest n-gram.
    pub fn order(&self) -> usize {
        self.levels.len()
    }

    /// The graphone of a token.
    pub fn graphone(&self, token: u16) -> Graphone {
        self.graphones.get(usize::from(token)).copied().unwrap_or_default()
    }

    /// The tokens that spell exactly these one or two lower-case letters.
    pub fn spelled(&self, letters: &[u8]) -> &[u16] {
        slot(letters).and_then(|slot| self.by_letters.get(slot)).map_or(&[], Vec::as_slice)
    }

    /// The node of `token` after the n-gram at `node` of `level` (0 for unigrams).
    pub fn child(&self, level: usize, node: u32, token: u16) -> Option<u32> {
        let (parents, children) = (self.levels.get(level)?, self.levels.get(level + 1)?);
        let (mut low, mut high) = (parents.first_child(node as usize), parents.first_child(node as usize + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            match children.token(middle).cmp(&token) {
                std::cmp::Ordering::Equal => return Some(middle as u32),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Natural logarithm of the probability of the last token of a node, given those before it.
    pub fn log_probability(&self, level: usize, node: u32) -> f32 {
        let level = self.levels[level];
        -f32::from(level.bytes[node as usize * level.stride + 2]) / STEPS
    }

    /// Natural logarithm of the weight of shorter contexts after a node that is not of the highest order.
    pub fn log_backoff(&self, level: usize, node: u32) -> f32 {
        let level = self.levels[level];
        MAX_LOG_BACKOFF - f32::from(level.bytes[node as usize * level.stride + 3]) / STEPS
    }
}

/// The place of one or two letters in the index.
fn slot(letters: &[u8]) -> Option<usize> {
    let number = |letter: u8| letter.is_ascii_lowercase().then(|| usize::from(letter - b'a'));
    match letters {
        [one] => Some(number(*one)? * 27 + 26),
        [one, two] => Some(number(*one)? * 27 + number(*two)?),
        _ => None,
    }
}

fn index(graphones: &[Graphone]) -> Vec<Vec<u16>> {
    let mut by_letters = vec![Vec::new(); 26 * 27];
    for (token, graphone) in graphones.iter().enumerate() {
        if let Some(slot) = slot(graphone.letters()) {
            by_letters[slot].push(token as u16);
        }
    }
    by_letters
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], TableError> {
    let (head, tail) = rest
        .split_at_checked(count)
        .ok_or_else(|| TableError { expected: format!("{count} more bytes"), actual: format!("{}", rest.len()) })?;
    *rest = tail;
    Ok(head)
}

fn u16_at(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// The bytes of a model whose tokens `2..` are `graphones` in their order.
pub fn write(model: &NGram, graphones: &[Graphone]) -> Vec<u8> {
    let order = model.log_probability.len();
    let levels = sorted_levels(model);
    let mut out = MAGIC.to_vec();
    out.push(order as u8);
    out.extend((graphones.len() as u16 + END + 1 - BEGIN).to_le_bytes());
    out.extend([0; 8]);
    graphones.iter().for_each(|g| out.extend(g.letters.iter().chain(&g.phonemes)));
    levels.iter().for_each(|level| out.extend((level.len() as u32).to_le_bytes()));
    for (level, nodes) in levels.iter().enumerate() {
        let mut first_child = 0u32;
        let children = levels.get(level + 1);
        // The node past the end closes the last one's children.
        for key in nodes.iter().map(Some).chain([None]) {
            out.extend(key.map_or(0, |&key| key as u16).to_le_bytes());
            let p = key.and_then(|key| model.log_probability[level].get(key)).copied().unwrap_or(0.0);
            out.push(quantised(-p as f32));
            if let Some(children) = children {
                let backoff = key.and_then(|key| model.log_backoff[level].get(key)).copied().unwrap_or(0.0);
                out.push(quantised(MAX_LOG_BACKOFF - backoff as f32));
                out.extend(&first_child.to_le_bytes()[..3]);
                let own = |child: &&Key| key.is_some_and(|&key| context(**child) == key);
                first_child += children[first_child as usize..].iter().take_while(own).count() as u32;
            }
        }
    }
    out
}

/// The n-grams of each order in the order of their tokens, which is that of their parents.
fn sorted_levels(model: &NGram) -> Vec<Vec<Key>> {
    let sorted = |level: &std::collections::BTreeMap<Key, f64>| {
        let mut keys: Vec<Key> = level.keys().copied().collect();
        keys.sort_unstable();
        keys
    };
    model.log_probability.iter().map(sorted).collect()
}

fn quantised(value: f32) -> u8 {
    (value * STEPS).round().clamp(0.0, 255.0) as u8
}
