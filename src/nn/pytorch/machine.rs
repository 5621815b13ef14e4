//! The pickle machine, cut down to what builds data.
//!
//! The instructions are those of Python's `pickletools`. A call (`REDUCE`, `NEWOBJ`) is imitated for the few names that
//! make tensors and containers, and refused for all others.

use std::{collections::HashMap, rc::Rc};

use tch::Kind;

use super::{
    PyTorchError,
    reader::Reader,
    storage::kind_of,
    value::{StorageRef, Value, View},
};

const MALFORMED: PyTorchError = PyTorchError::Damaged("its pickle is malformed");

#[derive(Debug, Default)]
struct Machine {
    stack: Vec<Rc<Value>>,
    marks: Vec<usize>,
    memo: HashMap<u64, Rc<Value>>,
    kinds: HashMap<String, Kind>,
}

/// What a pickle built.
#[derive(Debug)]
pub(super) struct Pickled {
    pub value: Rc<Value>,
    /// Element type of each storage that was named.
    pub kinds: HashMap<String, Kind>,
}

/// Runs one pickle and leaves the reader behind it.
pub(super) fn run(input: &mut Reader) -> Result<Pickled, PyTorchError> {
    let mut machine = Machine::default();
    loop {
        match input.take(1)?[0] {
            b'.' => return Ok(Pickled { value: machine.pop()?, kinds: machine.kinds }),
            code => machine.step(code, input)?,
        }
    }
}

impl Machine {
    fn step(&mut self, code: u8, input: &mut Reader) -> Result<(), PyTorchError> {
        match code {
            // PROTO, FRAME: nothing to build.
            0x80 => input.take(1).map(drop),
            0x95 => input.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'q' => self.put(input.uint(1)?),
            b'r' => self.put(input.uint(4)?),
            0x94 => self.put(self.memo.len() as u64),
            b'h' => self.get(input.uint(1)?),
            b'j' => self.get(input.uint(4)?),
            b'c' | 0x93 | b'R' | 0x81 | b'b' | b'Q' => self.call(code, input),
            b')' | b't' | 0x85..=0x87 | b']' | b'}' | b'a' | b'e' | b's' | b'u' | b'l' | b'd' => self.container(code),
            _ => {
                let value = constant(code, input)?;
                self.push(value)
            }
        }
    }

    /// Containers, made and filled.
    fn container(&mut self, code: u8) -> Result<(), PyTorchError> {
        let value = match code {
            b')' => Value::tuple(Vec::new())?,
            b't' => Value::tuple(self.pop_to_mark()?)?,
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(code - 0x84))?;
                Value::tuple(items)?
            }
            b']' => Value::empty_list(),
            b'}' => Value::empty_dict(),
            b'l' => {
                let (mut list, items) = (Value::empty_list(), self.pop_to_mark()?);
                list.append(items)?;
                list
            }
            b'd' => {
                let (mut dict, items) = (Value::empty_dict(), self.pop_to_mark()?);
                dict.set_items(items)?;
                dict
            }
            b'a' | b'e' => {
                let items = if code == b'a' { self.pop_many(1)? } else { self.pop_to_mark()? };
                return self.top()?.append(items);
            }
            _ => {
                let items = if code == b's' { self.pop_many(2)? } else { self.pop_to_mark()? };
                return self.top()?.set_items(items);
            }
        };
        self.push(value)
    }

    /// Names, and what Python would call.
    fn call(&mut self, code: u8, input: &mut Reader) -> Result<(), PyTorchError> {
        let value = match code {
            b'c' => Value::Global(format!("{}.{}", input.line()?, input.line()?)),
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                Value::Global(format!("{}.{}", module.str().ok_or(MALFORMED)?, name.str().ok_or(MALFORMED)?))
            }
            b'Q' => {
                let storage = storage(self.pop()?.as_ref())?;
                self.kinds.insert(storage.key.clone(), storage.kind);
                Value::Storage(storage)
            }
            b'b' => {
                // BUILD sets attributes of the object below, which mean nothing here.
                return self.pop().map(drop);
            }
            _ => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                reduce(&function, arguments.items().ok_or(MALFORMED)?)?
            }
        };
        self.push(value)
    }

    fn push(&mut self, value: Value) -> Result<(), PyTorchError> {
        self.stack.push(Rc::new(value));
        Ok(())
    }

    /// Takes the top, which must lie above the last mark.
    fn pop(&mut self) -> Result<Rc<Value>, PyTorchError> {
        match self.marks.last() {
            Some(&mark) if mark >= self.stack.len() => Err(MALFORMED),
            _ => self.stack.pop().ok_or(MALFORMED),
        }
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Rc<Value>>, PyTorchError> {
        let start = self.stack.len().checked_sub(count).ok_or(MALFORMED)?;
        if self.marks.last().is_some_and(|&mark| mark > start) {
            return Err(MALFORMED);
        }
        Ok(self.stack.split_off(start))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Rc<Value>>, PyTorchError> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len()).ok_or(MALFORMED)?;
        Ok(self.stack.split_off(mark))
    }

    /// The top, to be changed. What the memo holds of it stays as it was: no checkpoint reads it again.
    fn top(&mut self) -> Result<&mut Value, PyTorchError> {
        self.stack.last_mut().map(Rc::make_mut).ok_or(MALFORMED)
    }

    fn put(&mut self, key: u64) -> Result<(), PyTorchError> {
        let value = self.stack.last().ok_or(MALFORMED)?;
        self.memo.insert(key, Rc::clone(value));
        Ok(())
    }

    fn get(&mut self, key: u64) -> Result<(), PyTorchError> {
        let value = self.memo.get(&key).ok_or(MALFORMED)?;
        self.stack.push(Rc::clone(value));
        Ok(())
    }
}

/// Numbers and strings.
fn constant(code: u8, input: &mut Reader) -> Result<Value, PyTorchError> {
    let text = |bytes: &[u8]| Value::Str(String::from_utf8_lossy(bytes).into_owned());
    Ok(match code {
        // NONE, True, False, float, bytes.
        b'N' | 0x88 | 0x89 => Value::Opaque,
        b'G' => input.take(8).map(|_| Value::Opaque)?,
        b'C' => input.counted(1).map(|_| Value::Opaque)?,
        b'B' => input.counted(4).map(|_| Value::Opaque)?,
        b'K' => Value::Int(input.uint(1)? as i64),
        b'M' => Value::Int(input.uint(2)? as i64),
        b'J' => Value::Int(i64::from(input.uint(4)? as u32 as i32)),
        0x8a => match input.counted(1)? {
            bytes if bytes.len() <= 8 => Value::Int(signed(bytes)),
            _ => Value::Opaque,
        },
        b'U' | 0x8c => text(input.counted(1)?),
        b'X' | b'T' => text(input.counted(4)?),
        0x8d => text(input.counted(8)?),
        other => return Err(PyTorchError::Unsupported(format!("the pickle instruction {other:#04x}"))),
    })
}

/// Little-endian two's complement of at most eight bytes.
fn signed(bytes: &[u8]) -> i64 {
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().rev().fold(fill, |value, &byte| value << 8 | i64::from(byte))
}

/// `('storage', class, key, device, elements)`, to which the older form adds a view that is always `None`.
fn storage(id: &Value) -> Result<StorageRef, PyTorchError> {
    let Some([tag, class, key, _, len, ..]) = id.items() else { return Err(MALFORMED) };
    match (tag.str(), class.as_ref(), key.str(), len.int().and_then(|len| usize::try_from(len).ok())) {
        (Some("storage"), Value::Global(class), Some(key), Some(len)) => {
            Ok(StorageRef { key: key.to_string(), kind: kind_of(class)?, len })
        }
        _ => Err(MALFORMED),
    }
}

/// What the call of `function` gives, without calling anything.
fn reduce(function: &Value, arguments: &[Rc<Value>]) -> Result<Value, PyTorchError> {
    let Value::Global(name) = function else { return Err(MALFORMED) };
    match (name.as_str(), arguments) {
        ("collections.OrderedDict", []) => Ok(Value::empty_dict()),
        ("torch._utils._rebuild_parameter", [data, ..]) => Ok(data.as_ref().clone()),
        ("torch._utils._rebuild_tensor_v2", [storage, offset, size, stride, ..]) => {
            let Value::Storage(storage) = storage.as_ref() else { return Err(MALFORMED) };
            let (offset, size, stride) = (offset.int(), size.ints(), stride.ints());
            let (Some(offset), Some(size), Some(stride)) = (offset, size, stride) else { return Err(MALFORMED) };
            Ok(Value::Tensor(View { storage: storage.clone(), offset, size, stride }))
        }
        ("torch.Size" | "torch.device", _) => Ok(Value::Opaque),
        // The name comes from the file: it must not fill the terminal or control it.
        _ => Err(PyTorchError::Call(name.chars().take(80).flat_map(char::escape_debug).collect())),
    }
}
