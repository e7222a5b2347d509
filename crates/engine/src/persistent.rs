//! Persistent collections as one transaction sees them: loaded once, changed locally, handed back as changes.
//!
//! What is stored is the driver's business. Here is what the language says of a collection: built-in members, expiry of
//! members, and which changes are relative (`=+1` of two instances add up to 2). (spec: persistent collections)

use crate::arena::{Arena, Text};

/// A loaded or new collection.
#[derive(Debug)]
pub(crate) struct Collection {
    /// Name in the language, lower case.
    pub(crate) name: Vec<u8>,
    /// Name of the store.
    pub(crate) storage: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) members: Vec<CollectionMember>,
    pub(crate) is_new: bool,
    pub(crate) dirty: bool,
    pub(crate) removed: Vec<Vec<u8>>,
}

/// A member of a collection.
#[derive(Debug, Clone)]
pub(crate) struct CollectionMember {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Text,
    /// The value when it was first changed relatively.
    pub(crate) base: Option<i64>,
    pub(crate) changed: bool,
}

/// What a transaction did to a collection, for the store to apply atomically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionUpdate {
    /// Storage name.
    pub collection: Vec<u8>,
    /// Key.
    pub key: Vec<u8>,
    /// Changes in order.
    pub changes: Vec<MemberChange>,
    /// Seconds until the whole collection expires.
    pub timeout_seconds: u64,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    /// The member has this value; the last writer wins.
    Set {
        /// Name.
        name: Vec<u8>,
        /// Value.
        value: Vec<u8>,
    },
    /// The member's number changes by this much, never below 0.
    Add {
        /// Name.
        name: Vec<u8>,
        /// Difference.
        delta: i64,
    },
    /// The member is gone.
    Remove {
        /// Name.
        name: Vec<u8>,
    },
    /// The whole collection is gone.
    RemoveAll,
}

impl Collection {
    /// Builds a collection from what the store holds, at `now` seconds; members that have expired are dropped.
    pub(crate) fn load(
        name: &[u8],
        storage: Vec<u8>,
        key: &[u8],
        stored: Option<Vec<(Vec<u8>, Vec<u8>)>>,
        timeout: u64,
        now: i64,
        arena: &mut Arena,
    ) -> Collection {
        let mut collection = Collection {
            name: name.to_vec(),
            storage,
            key: key.to_vec(),
            members: Vec::new(),
            is_new: false,
            dirty: false,
            removed: Vec::new(),
        };
        for (name, value) in stored.unwrap_or_default() {
            let value = arena.push(&value);
            collection.members.push(CollectionMember { name, value, base: None, changed: false });
        }
        collection.drop_expired(now, arena);
        if collection.get(b"KEY").is_none() {
            collection.members.clear();
            collection.removed.clear();
            collection.create(timeout, now, arena);
        } else {
            collection.compute_rate(now, arena);
        }
        collection
    }

    fn create(&mut self, timeout: u64, now: i64, arena: &mut Arena) {
        self.is_new = true;
        self.dirty = true;
        let key = self.key.clone();
        self.set(b"KEY", &key, arena);
        self.set(b"TIMEOUT", timeout.to_string().as_bytes(), arena);
        self.set(b"__expire_KEY", (now + timeout as i64).to_string().as_bytes(), arena);
        self.set(b"CREATE_TIME", now.to_string().as_bytes(), arena);
        self.set(b"UPDATE_COUNTER", b"0", arena);
        self.set(b"IS_NEW", b"1", arena);
    }

    fn drop_expired(&mut self, now: i64, arena: &Arena) {
        let expired: Vec<Vec<u8>> = self
            .members
            .iter()
            .filter(|m| number(arena.get(m.value)) <= now)
            .filter_map(|m| strip_prefix_ignore_case(&m.name, b"__expire_").map(<[u8]>::to_vec))
            .collect();
        for name in expired {
            self.remove(&name);
            self.remove(&[b"__expire_".as_slice(), &name].concat());
        }
    }

    fn compute_rate(&mut self, now: i64, arena: &mut Arena) {
        let read = |name: &[u8]| self.get(name).map_or(0, |m| number(arena.get(m.value)));
        let age = now - read(b"CREATE_TIME");
        let rate = if age > 0 { 60 * read(b"UPDATE_COUNTER") / age } else { 0 };
        let value = arena.push_number(rate);
        self.members.push(CollectionMember {
            name: b"UPDATE_RATE".to_vec(),
            value,
            base: None,
            changed: false,
        });
    }

    /// A member by name in any case.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&CollectionMember> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// Sets a member.
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8], arena: &mut Arena) {
        self.dirty = true;
        let value = arena.push(value);
        match self.members.iter_mut().find(|member| member.name.eq_ignore_ascii_case(name)) {
            Some(member) => {
                member.value = value;
                member.changed = true;
            }
            None => {
                self.members.push(CollectionMember { name: name.to_vec(), value, base: None, changed: true });
            }
        }
    }

    /// Adds to a member's number; the result is never below 0.
    pub(crate) fn add(&mut self, name: &[u8], delta: i32, arena: &mut Arena) {
        let current = self.get(name).map_or(0, |member| number(arena.get(member.value)));
        let sum = (current as i32).wrapping_add(delta).max(0);
        self.set(name, sum.to_string().as_bytes(), arena);
        if let Some(member) = self.members.iter_mut().find(|member| member.name.eq_ignore_ascii_case(name)) {
            member.base.get_or_insert(current);
        }
    }

    /// Removes a member.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        let before = self.members.len();
        self.members.retain(|member| !member.name.eq_ignore_ascii_case(name));
        if self.members.len() != before {
            self.dirty = true;
            self.removed.push(name.to_vec());
        }
    }

    /// What the store has to apply at the end of the transaction; `None` when nothing changed.
    pub(crate) fn update(&self, now: i64, default_timeout: u64, arena: &Arena) -> Option<CollectionUpdate> {
        if !self.dirty {
            return None;
        }
        let update = |changes, timeout_seconds| CollectionUpdate {
            collection: self.storage.clone(),
            key: self.key.clone(),
            changes,
            timeout_seconds,
        };
        if self.get(b"KEY").is_none() {
            return Some(update(vec![MemberChange::RemoveAll], 0));
        }
        let timeout =
            self.get(b"TIMEOUT").map_or(default_timeout, |m| number(arena.get(m.value)).max(0) as u64);
        let mut changes: Vec<MemberChange> =
            self.removed.iter().map(|name| MemberChange::Remove { name: name.clone() }).collect();
        const COMPUTED: [&[u8]; 5] =
            [b"IS_NEW", b"UPDATE_RATE", b"UPDATE_COUNTER", b"LAST_UPDATE_TIME", b"__expire_KEY"];
        for member in self.members.iter().filter(|member| member.changed) {
            if COMPUTED.iter().any(|name| member.name.eq_ignore_ascii_case(name)) {
                continue;
            }
            let value = arena.get(member.value);
            let name = member.name.clone();
            changes.push(match member.base {
                Some(base) => MemberChange::Add { name, delta: number(value) - base },
                None => MemberChange::Set { name, value: value.to_vec() },
            });
        }
        let set = |name: &[u8], value: i64| MemberChange::Set {
            name: name.to_vec(),
            value: value.to_string().into(),
        };
        changes.push(MemberChange::Add { name: b"UPDATE_COUNTER".to_vec(), delta: 1 });
        changes.push(set(b"LAST_UPDATE_TIME", now));
        changes.push(set(b"__expire_KEY", now + timeout as i64));
        Some(update(changes, timeout))
    }
}

/// The number at the start of a text, 0 when there is none.
pub(crate) fn number(text: &[u8]) -> i64 {
    i64::from(crate::actions::atoi(text))
}

fn strip_prefix_ignore_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}
