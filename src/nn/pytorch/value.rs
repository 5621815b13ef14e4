//! What a pickle can build here.

use std::rc::Rc;

use tch::Kind;

use super::PyTorchError;

/// Nested deeper than this, a value is refused: freeing it would overflow the stack.
const MAX_DEPTH: u16 = 64;

/// A value; containers know how deep they are nested.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Anything without meaning for tensors.
    Opaque,
    Int(i64),
    Str(String),
    /// A class or function, by module and name. It is never called.
    Global(String),
    Tuple {
        items: Vec<Rc<Value>>,
        depth: u16,
    },
    List {
        items: Vec<Rc<Value>>,
        depth: u16,
    },
    Dict {
        entries: Vec<(Rc<Value>, Rc<Value>)>,
        depth: u16,
    },
    Storage(StorageRef),
    Tensor(View),
}

/// A storage by its key in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StorageRef {
    pub key: String,
    pub kind: Kind,
    /// Elements.
    pub len: usize,
}

/// Part of a storage as a tensor.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub storage: StorageRef,
    pub offset: i64,
    pub size: Vec<i64>,
    pub stride: Vec<i64>,
}

impl View {
    /// Elements of the storage from the first to the last of the tensor; none where sizes make no sense or where
    /// elements are repeated, as in an expanded view.
    pub(super) fn span(&self) -> Option<usize> {
        let Self { size, stride, offset, .. } = self;
        if size.len() != stride.len() || size.len() > 8 || size.iter().chain(stride).chain([offset]).any(|&n| n < 0) {
            return None;
        }
        let elements = size.iter().try_fold(1i64, |count, &size| count.checked_mul(size))?;
        if elements == 0 {
            return Some(0);
        }
        let reach = |last: i64, (&size, &stride): (&i64, &i64)| last.checked_add((size - 1).checked_mul(stride)?);
        let span = size.iter().zip(stride).try_fold(0, reach)?.checked_add(1)?;
        if elements > span { None } else { usize::try_from(span).ok() }
    }
}

impl Value {
    pub(super) fn tuple(items: Vec<Rc<Value>>) -> Result<Self, PyTorchError> {
        Ok(Self::Tuple { depth: depth_above(&items)?, items })
    }

    pub(super) fn empty_list() -> Self {
        Self::List { items: Vec::new(), depth: 1 }
    }

    pub(super) fn empty_dict() -> Self {
        Self::Dict { entries: Vec::new(), depth: 1 }
    }

    /// Adds items to a list; to anything else it does nothing.
    pub(super) fn append(&mut self, added: Vec<Rc<Value>>) -> Result<(), PyTorchError> {
        if let Self::List { items, depth } = self {
            *depth = depth_above(&added)?.max(*depth);
            items.extend(added);
        }
        Ok(())
    }

    /// Adds alternating keys and values to a dictionary; to anything else it does nothing.
    pub(super) fn set_items(&mut self, added: Vec<Rc<Value>>) -> Result<(), PyTorchError> {
        if let Self::Dict { entries, depth } = self {
            *depth = depth_above(&added)?.max(*depth);
            entries.extend(added.chunks_exact(2).map(|pair| (Rc::clone(&pair[0]), Rc::clone(&pair[1]))));
        }
        Ok(())
    }

    pub(super) fn items(&self) -> Option<&[Rc<Value>]> {
        match self {
            Self::Tuple { items, .. } | Self::List { items, .. } => Some(items),
            _ => None,
        }
    }

    pub(super) fn int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    pub(super) fn str(&self) -> Option<&str> {
        if let Self::Str(value) = self { Some(value) } else { None }
    }

    /// Integers of a tuple.
    pub(super) fn ints(&self) -> Option<Vec<i64>> {
        self.items()?.iter().map(|item| item.int()).collect()
    }

    fn depth(&self) -> u16 {
        match self {
            Self::Tuple { depth, .. } | Self::List { depth, .. } | Self::Dict { depth, .. } => *depth,
            _ => 0,
        }
    }
}

fn depth_above(items: &[Rc<Value>]) -> Result<u16, PyTorchError> {
    let depth = items.iter().map(|item| item.depth()).max().unwrap_or(0) + 1;
    if depth > MAX_DEPTH { Err(PyTorchError::Damaged("its values are nested too deeply")) } else { Ok(depth) }
}
