//! One stored collection: its text form, and how a transaction's changes meet what others stored meanwhile.
//!
//! stored `hits` = 7, change `Add { hits, +1, otherwise 5 }` → 8, whatever the transaction had loaded. Every store
//! calls [`merge`] under its lock. The rules are ModSecurity v2's (the engine says which changes are relative); in
//! contrast to v2, members the transaction did not touch stay as they are stored, where v2 writes its whole copy back.
//! A record that vanished since it was loaded (expired, evicted) is begun anew from the changes.
//! (manual: "Persistent collections, concurrency")

use portcullis_engine::{
    CollectionUpdate, MemberChange, StoredMembers, drop_expired_members, leading_number,
};

/// Records are searched from front to back, so they hold no more members than that.
const MEMBER_LIMIT: usize = 256;

/// What a member costs beside its text: two lengths.
const MEMBER_OVERHEAD: usize = 8;

/// The text form: for each member the lengths of name and value, 32 bits little-endian each, then both.
pub(crate) fn encode(members: &StoredMembers) -> Box<[u8]> {
    let mut out = Vec::with_capacity(members.iter().map(size).sum());
    for (name, value) in members {
        for text in [name, value] {
            // A record's limit is far below 4 GiB.
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }
    out.into_boxed_slice()
}

/// Reads the text form back; `None` when it is damaged.
pub(crate) fn decode(mut text: &[u8]) -> Option<StoredMembers> {
    let mut members = Vec::new();
    while !text.is_empty() {
        let name_length = take_length(&mut text)?;
        let value_length = take_length(&mut text)?;
        members.push((take(&mut text, name_length)?.to_vec(), take(&mut text, value_length)?.to_vec()));
    }
    Some(members)
}

fn take_length(text: &mut &[u8]) -> Option<usize> {
    let (head, rest) = text.split_first_chunk::<4>()?;
    *text = rest;
    usize::try_from(u32::from_le_bytes(*head)).ok()
}

fn take<'a>(text: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(length)?;
    *text = rest;
    Some(head)
}

/// When the record as a whole expires, seconds since the epoch; never when it does not say.
pub(crate) fn expiry(members: &StoredMembers) -> i64 {
    find(members, b"__expire_KEY").map_or(i64::MAX, |at| leading_number(&members[at].1))
}

/// What is left of a record at a time; `None` when it has expired as a whole.
pub(crate) fn alive(mut members: StoredMembers, now_seconds: i64) -> Option<StoredMembers> {
    drop_expired_members(&mut members, now_seconds);
    find(&members, b"KEY").is_some().then_some(members)
}

/// The outcome of [`merge`].
pub(crate) struct Merged {
    /// What is to be stored; `None`: the record is to be removed.
    pub(crate) members: Option<StoredMembers>,
    /// Changes that would have taken the record over its limit.
    pub(crate) left_out: usize,
}

/// Applies changes to what is stored.
pub(crate) fn merge(
    stored: Option<StoredMembers>,
    update: &CollectionUpdate,
    now_seconds: i64,
    byte_limit: usize,
) -> Merged {
    let members = stored.and_then(|members| alive(members, now_seconds)).unwrap_or_default();
    let bytes = members.iter().map(size).sum();
    let mut draft = Draft { members, bytes, byte_limit, left_out: 0 };
    update.changes.iter().for_each(|change| draft.change(change));
    let kept = !draft.members.is_empty();
    if kept {
        draft.complete(update, now_seconds);
    }
    Merged { left_out: draft.left_out, members: kept.then_some(draft.members) }
}

struct Draft {
    members: StoredMembers,
    bytes: usize,
    byte_limit: usize,
    left_out: usize,
}

impl Draft {
    fn change(&mut self, change: &MemberChange) {
        match change {
            MemberChange::Set { name, value } => self.set(name, value),
            MemberChange::Add { name, delta, otherwise } => match find(&self.members, name) {
                Some(at) => {
                    let sum = leading_number(&self.members[at].1).saturating_add(*delta);
                    self.replace_value(at, number(sum));
                }
                None => self.set(name, &number(*otherwise)),
            },
            MemberChange::Remove { name } => self.remove(name),
            MemberChange::RemoveAll => {
                self.members.clear();
                self.bytes = 0;
            }
        }
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        let member = (name.to_vec(), value.to_vec());
        let known = find(&self.members, name);
        let others = self.bytes - known.map_or(0, |at| size(&self.members[at]));
        let bytes = others + size(&member);
        let grows = bytes > self.bytes && (bytes > self.byte_limit);
        if grows || (known.is_none() && self.members.len() >= MEMBER_LIMIT) {
            self.left_out += 1;
            return;
        }
        self.bytes = bytes;
        match known {
            Some(at) => self.members[at] = member,
            None => self.members.push(member),
        }
    }

    /// Numbers are short: a counter goes on counting in a record that is full.
    fn replace_value(&mut self, at: usize, value: Vec<u8>) {
        self.bytes = self.bytes - self.members[at].1.len() + value.len();
        self.members[at].1 = value;
    }

    fn remove(&mut self, name: &[u8]) {
        if let Some(at) = find(&self.members, name) {
            self.bytes -= size(&self.members[at]);
            self.members.remove(at);
        }
    }

    /// The members without which the engine would not take the record for one. They are missing only where a record
    /// vanished between load and apply.
    fn complete(&mut self, update: &CollectionUpdate, now_seconds: i64) {
        let created = now_seconds.to_string();
        let required: [(&[u8], &[u8]); 4] = [
            (b"KEY", &update.key),
            (b"__key", &update.key),
            (b"__name", &update.collection),
            (b"CREATE_TIME", created.as_bytes()),
        ];
        for (name, value) in required {
            if find(&self.members, name).is_none() {
                self.members.push((name.to_vec(), value.to_vec()));
            }
        }
    }
}

/// Members are found in any case.
fn find(members: &StoredMembers, name: &[u8]) -> Option<usize> {
    members.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))
}

fn size((name, value): &(Vec<u8>, Vec<u8>)) -> usize {
    MEMBER_OVERHEAD + name.len() + value.len()
}

/// Counters are 32 bits wide and never negative.
fn number(value: i64) -> Vec<u8> {
    value.clamp(0, i64::from(i32::MAX)).to_string().into_bytes()
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
