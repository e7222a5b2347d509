//! Names of JSON leaves in the two conventions.
//!
//! `{"a":[{"b":1}]}` → `a.a.b` (v2) or `json.a.array_0.b` (v3). The walker reports keys, containers and leaves; this keeps
//! the path. v2 has one current key and one dotted prefix: entering a container appends the current key, leaving strips
//! the last dotted part, so keys with dots confuse it; this is reproduced, and so is its count of the depth.
//! Because a name may be as long as all its keys together, the bytes ever copied into names are limited to a multiple
//! of the text ([`BYTES_PER_BYTE`]).

use std::io::Write as _;

use super::JsonNames;
use crate::c_locale::until_nul;

/// Bytes that may be copied into names per byte of text; ordinary documents stay below two.
const BYTES_PER_BYTE: usize = 64;
/// The same allowance for every text, however short.
const BYTES_ANYWAY: usize = 1 << 20;

/// Why a name cannot be formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameError {
    /// A container is nested too deep.
    Depth,
    /// The names have become too long in total.
    Size,
}

/// The path to where the walker stands.
#[derive(Debug)]
pub(super) struct Names {
    path: Path,
    /// What may still be copied.
    budget: usize,
    depth: usize,
    limit: usize,
    /// The name handed out last.
    name: Vec<u8>,
}

#[derive(Debug)]
enum Path {
    V2 { prefix: Option<Vec<u8>>, current: Option<Vec<u8>> },
    V3 { path: Vec<u8>, open: Vec<Frame>, current: Vec<u8> },
}

/// An open container of a v3 path.
#[derive(Debug)]
struct Frame {
    /// Where its parent's path ends.
    parent: usize,
    /// The index of the next element, in an array.
    index: Option<usize>,
}

impl Names {
    /// Names for a text of `size` bytes with at most `limit` nested containers.
    pub(super) fn new(names: JsonNames, limit: usize, size: usize) -> Self {
        let path = match names {
            JsonNames::V2 => Path::V2 { prefix: None, current: None },
            JsonNames::V3 => Path::V3 { path: Vec::new(), open: Vec::new(), current: Vec::new() },
        };
        let budget = size.saturating_mul(BYTES_PER_BYTE).saturating_add(BYTES_ANYWAY);
        Self { path, budget, depth: 0, limit, name: Vec::new() }
    }

    /// A key was read.
    pub(super) fn key(&mut self, key: &[u8]) {
        match &mut self.path {
            Path::V2 { current, .. } => {
                let current = current.get_or_insert_default();
                current.clear();
                current.extend_from_slice(until_nul(key));
            }
            Path::V3 { current, .. } => {
                current.clear();
                current.extend_from_slice(key);
            }
        }
    }

    /// An array begins.
    pub(super) fn enter_array(&mut self) -> Result<(), NameError> {
        match &mut self.path {
            Path::V2 { prefix: prefix @ None, current: current @ None } => {
                *prefix = Some(b"array".to_vec());
                *current = Some(b"array".to_vec());
            }
            Path::V2 { .. } => self.enter_v2()?,
            Path::V3 { .. } => self.enter_v3(Some(0))?,
        }
        self.deeper()
    }

    /// An object begins.
    pub(super) fn enter_map(&mut self) -> Result<(), NameError> {
        match &mut self.path {
            Path::V2 { current: None, .. } => return Ok(()),
            Path::V2 { .. } => self.enter_v2()?,
            Path::V3 { .. } => self.enter_v3(None)?,
        }
        self.deeper()
    }

    /// An array ends.
    pub(super) fn leave_array(&mut self) {
        self.leave(false);
    }

    /// An object ends.
    pub(super) fn leave_map(&mut self) {
        self.leave(true);
    }

    /// The name of a leaf at this place.
    pub(super) fn leaf(&mut self) -> Result<&[u8], NameError> {
        self.name.clear();
        match &mut self.path {
            Path::V2 { prefix, current } => {
                let current = current.get_or_insert_default();
                if let Some(prefix) = prefix {
                    self.name.extend_from_slice(prefix);
                    self.name.push(b'.');
                }
                self.name.extend_from_slice(current);
            }
            Path::V3 { path, open, current } => {
                self.name.extend_from_slice(path);
                push_step(&mut self.name, open.last(), current);
            }
        }
        spend(&mut self.budget, self.name.len())?;
        Ok(&self.name)
    }

    /// The leaf has been delivered.
    pub(super) fn after_leaf(&mut self) {
        if let Path::V3 { open, current, .. } = &mut self.path {
            count_element(open);
            current.clear();
        }
    }

    fn deeper(&mut self) -> Result<(), NameError> {
        self.depth += 1;
        if self.depth > self.limit { Err(NameError::Depth) } else { Ok(()) }
    }

    /// Appends the current key to the prefix.
    fn enter_v2(&mut self) -> Result<(), NameError> {
        let Path::V2 { prefix, current } = &mut self.path else { return Ok(()) };
        let current = current.as_deref().unwrap_or_default();
        spend(&mut self.budget, current.len())?;
        match prefix {
            Some(prefix) => {
                prefix.push(b'.');
                prefix.extend_from_slice(current);
            }
            None => *prefix = Some(current.to_vec()),
        }
        Ok(())
    }

    fn enter_v3(&mut self, index: Option<usize>) -> Result<(), NameError> {
        let Path::V3 { path, open, current } = &mut self.path else { return Ok(()) };
        spend(&mut self.budget, current.len())?;
        let parent = path.len();
        push_step(path, open.last(), current);
        current.clear();
        open.push(Frame { parent, index });
        Ok(())
    }

    fn leave(&mut self, map: bool) {
        match &mut self.path {
            Path::V2 { prefix, current } => {
                let Some(text) = prefix else { return };
                let dot = memchr::memrchr(b'.', text);
                if map {
                    let last = text.get(dot.map_or(0, |dot| dot + 1)..).unwrap_or_default();
                    *current = Some(last.to_vec());
                }
                match dot {
                    Some(dot) => text.truncate(dot),
                    None => *prefix = None,
                }
                self.depth = self.depth.saturating_sub(1);
            }
            Path::V3 { path, open, .. } => {
                if let Some(frame) = open.pop() {
                    path.truncate(frame.parent);
                }
                count_element(open);
                self.depth = self.depth.saturating_sub(1);
            }
        }
    }
}

/// Appends the step from the innermost container to its member.
fn push_step(path: &mut Vec<u8>, container: Option<&Frame>, key: &[u8]) {
    match container {
        None => path.extend_from_slice(b"json"),
        Some(Frame { index: Some(index), .. }) => {
            // Writing to a vector cannot fail.
            let _ = write!(path, ".array_{index}");
        }
        Some(Frame { index: None, .. }) => {
            path.push(b'.');
            path.extend_from_slice(if key.is_empty() { b"empty-key" } else { key });
        }
    }
}

fn count_element(open: &mut [Frame]) {
    if let Some(Frame { index: Some(index), .. }) = open.last_mut() {
        *index += 1;
    }
}

fn spend(budget: &mut usize, bytes: usize) -> Result<(), NameError> {
    *budget = budget.checked_sub(bytes).ok_or(NameError::Size)?;
    Ok(())
}
