//! Names of JSON leaves in the three conventions.
//!
//! `{"a":[{"b":1}]}` → `a.a.b` (v2), `json.a.array_0.b` (v3) or `json.a.0.b` (Coraza). The walker reports keys, containers and leaves; this keeps
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
    V2 {
        prefix: Option<Vec<u8>>,
        current: Option<Vec<u8>>,
    },
    /// v3's and Coraza's, which begin with `json`.
    Rooted {
        path: Vec<u8>,
        open: Vec<Frame>,
        current: Vec<u8>,
        words: &'static Words,
    },
}

/// How members are called that have no name.
#[derive(Debug)]
struct Words {
    /// Before the index of an element.
    element: &'static str,
    empty_key: &'static [u8],
    /// An array has a leaf of its own, the number of its elements.
    counts: bool,
}

const V3: Words = Words { element: "array_", empty_key: b"empty-key", counts: false };
const CORAZA: Words = Words { element: "", empty_key: b"", counts: true };

/// An open container of a rooted path.
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
        let rooted = |words| Path::Rooted { path: Vec::new(), open: Vec::new(), current: Vec::new(), words };
        let path = match names {
            JsonNames::V2 => Path::V2 { prefix: None, current: None },
            JsonNames::V3 => rooted(&V3),
            JsonNames::Coraza => rooted(&CORAZA),
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
            Path::Rooted { current, .. } => {
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
            Path::Rooted { .. } => self.enter_rooted(Some(0))?,
        }
        self.deeper()
    }

    /// An object begins.
    pub(super) fn enter_map(&mut self) -> Result<(), NameError> {
        match &mut self.path {
            Path::V2 { current: None, .. } => return Ok(()),
            Path::V2 { .. } => self.enter_v2()?,
            Path::Rooted { .. } => self.enter_rooted(None)?,
        }
        self.deeper()
    }

    /// The name and the number of the elements of the array that is about to end, where that is a leaf.
    pub(super) fn count(&mut self) -> Result<Option<(&[u8], usize)>, NameError> {
        let Path::Rooted { path, open, words: Words { counts: true, .. }, .. } = &self.path else {
            return Ok(None);
        };
        let Some(Frame { index: Some(count @ 1..), .. }) = open.last() else { return Ok(None) };
        spend(&mut self.budget, path.len())?;
        Ok(Some((path, *count)))
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
            Path::Rooted { path, open, current, words } => {
                self.name.extend_from_slice(path);
                push_step(&mut self.name, open.last(), current, words);
            }
        }
        spend(&mut self.budget, self.name.len())?;
        Ok(&self.name)
    }

    /// The leaf has been delivered.
    pub(super) fn after_leaf(&mut self) {
        if let Path::Rooted { open, current, .. } = &mut self.path {
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

    fn enter_rooted(&mut self, index: Option<usize>) -> Result<(), NameError> {
        let Path::Rooted { path, open, current, words } = &mut self.path else { return Ok(()) };
        spend(&mut self.budget, current.len())?;
        let parent = path.len();
        push_step(path, open.last(), current, words);
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
            Path::Rooted { path, open, .. } => {
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
fn push_step(path: &mut Vec<u8>, container: Option<&Frame>, key: &[u8], words: &Words) {
    match container {
        None => path.extend_from_slice(b"json"),
        Some(Frame { index: Some(index), .. }) => {
            // Writing to a vector cannot fail.
            let _ = write!(path, ".{}{index}", words.element);
        }
        Some(Frame { index: None, .. }) => {
            path.push(b'.');
            path.extend_from_slice(if key.is_empty() { words.empty_key } else { key });
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
