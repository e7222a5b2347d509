//! Persistent collections as one transaction sees them: loaded once, changed locally, handed back as changes.
//!
//! `setvar:ip.hits=+1` on a collection loaded with `hits` = 4 → the rules see 5, the store is told `Add { hits, 1 }`, so
//! that two instances that each count one request add up. `initcol` and its relatives load, effects change, and
//! [`Transaction::collection_updates`](crate::Transaction::collection_updates) hands out what there is to store.
//!
//! What is stored is the driver's business (the state crate's stores). Here is what the language says of a collection:
//! its built-in members, which changes are relative, and what makes it worth storing: a collection that no effect
//! touched is never stored, not even a new one, and members that merely expired do not count as a touch.
//! Names are found in any case; an assignment takes the newest spelling, arithmetic keeps the old one, as in v2.
//! (manual: "Persistent collections")

use std::collections::HashSet;

use crate::arena::{Arena, Text};

/// Members of a stored collection, (name, value) in order of creation.
pub type StoredMembers = Vec<(Vec<u8>, Vec<u8>)>;

/// A loaded or new collection.
#[derive(Debug)]
pub(crate) struct Collection {
    /// Name in the language, lower case.
    pub(crate) name: Vec<u8>,
    /// Name of the store.
    storage: Vec<u8>,
    key: Vec<u8>,
    pub(crate) members: Vec<CollectionMember>,
    /// An effect touched it: it is to be stored.
    dirty: bool,
    removed: Vec<Vec<u8>>,
}

/// A member of a collection.
#[derive(Debug, Clone)]
pub(crate) struct CollectionMember {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Text,
    /// The value when it was first changed relatively.
    base: Option<i64>,
    changed: bool,
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
}

/// One change. Names are compared in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    /// The member has this value and this spelling; the last writer wins.
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
        /// The member's value when the store holds none of this name.
        otherwise: i64,
    },
    /// The member is gone.
    Remove {
        /// Name.
        name: Vec<u8>,
    },
    /// The whole collection is gone.
    RemoveAll,
}

const EXPIRE: &[u8] = b"__expire_";

/// Drops the members whose time has come, each with the member that says so (`__expire_NAME`). What is left has no
/// `KEY` when the collection as a whole has expired.
pub fn drop_expired_members(members: &mut StoredMembers, now_seconds: i64) {
    let due = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let subject = name.strip_prefix(EXPIRE).filter(|_| leading_number(value) <= now_seconds)?;
        Some(subject.to_ascii_lowercase())
    };
    let expired: HashSet<Vec<u8>> = members.iter().filter_map(due).collect();
    if expired.is_empty() {
        return;
    }
    members.retain(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !expired.contains(&name)
            && !name.strip_prefix(EXPIRE).is_some_and(|subject| expired.contains(subject))
    });
}

impl Collection {
    /// Builds a collection from what the store holds, at `now` seconds; members that have expired are dropped.
    pub(crate) fn load(
        name: &[u8],
        storage: Vec<u8>,
        key: &[u8],
        stored: Option<StoredMembers>,
        timeout: u64,
        now: i64,
        arena: &mut Arena,
    ) -> Collection {
        let mut stored = stored.unwrap_or_default();
        drop_expired_members(&mut stored, now);
        let mut collection = Collection {
            name: name.to_vec(),
            storage,
            key: key.to_vec(),
            members: Vec::with_capacity(stored.len().max(8)),
            dirty: false,
            removed: Vec::new(),
        };
        if stored.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"KEY")) {
            for (name, value) in stored {
                collection.push(name, &value, false, arena);
            }
            collection.compute_rate(now, arena);
        } else {
            collection.create(timeout, now, arena);
        }
        // Counted relatively from the start: each store of any instance is one update.
        if let Some(counter) = collection.member_mut(b"UPDATE_COUNTER") {
            counter.base = Some(leading_number(arena.get(counter.value)));
        }
        collection
    }

    fn create(&mut self, timeout: u64, now: i64, arena: &mut Arena) {
        let expiry = now.saturating_add_unsigned(timeout).to_string();
        let (key, storage) = (self.key.clone(), self.storage.clone());
        let (timeout, now) = (timeout.to_string(), now.to_string());
        let members: [(&[u8], &[u8]); 8] = [
            (b"__expire_KEY", expiry.as_bytes()),
            (b"KEY", &key),
            (b"TIMEOUT", timeout.as_bytes()),
            (b"__key", &key),
            (b"__name", &storage),
            (b"CREATE_TIME", now.as_bytes()),
            (b"UPDATE_COUNTER", b"0"),
            (b"IS_NEW", b"1"),
        ];
        for (name, value) in members {
            self.push(name.to_vec(), value, true, arena);
        }
    }

    /// UPDATE_RATE, updates per minute over the whole life. It is never stored.
    fn compute_rate(&mut self, now: i64, arena: &mut Arena) {
        let read = |name: &[u8]| self.get(name).map(|m| leading_number(arena.get(m.value)));
        let (Some(created), Some(updates)) = (read(b"CREATE_TIME"), read(b"UPDATE_COUNTER")) else { return };
        let age = now - created;
        let rate = if age == 0 { 0 } else { 60 * updates / age };
        self.push(b"UPDATE_RATE".to_vec(), rate.to_string().as_bytes(), false, arena);
    }

    fn push(&mut self, name: Vec<u8>, value: &[u8], changed: bool, arena: &mut Arena) {
        let value = arena.push(value);
        self.members.push(CollectionMember { name, value, base: None, changed });
    }

    /// A member by name in any case.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&CollectionMember> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    fn member_mut(&mut self, name: &[u8]) -> Option<&mut CollectionMember> {
        self.members.iter_mut().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// Sets a member. It is spelled as here from now on.
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8], arena: &mut Arena) {
        self.dirty = true;
        match self.member_mut(name) {
            Some(member) => {
                name.clone_into(&mut member.name);
                member.value = arena.push(value);
                member.changed = true;
            }
            None => self.push(name.to_vec(), value, true, arena),
        }
    }

    /// Adds to a member's number; the result is never below 0.
    pub(crate) fn add(&mut self, name: &[u8], delta: i32, arena: &mut Arena) {
        self.dirty = true;
        let current = self.get(name).map_or(0, |member| leading_number(arena.get(member.value)));
        // 32 bits that wrap around, as in v2.
        let sum = (current as i32).wrapping_add(delta).max(0).to_string();
        if self.get(name).is_none() {
            self.push(name.to_vec(), b"", true, arena);
        }
        if let Some(member) = self.member_mut(name) {
            member.value = arena.push(sum.as_bytes());
            member.base.get_or_insert(current);
            member.changed = true;
        }
    }

    /// Lets a number decay. That is no relative change: the last writer wins, as in v2.
    pub(crate) fn deprecate(&mut self, name: &[u8], left: i64, arena: &mut Arena) {
        self.dirty = true;
        if let Some(member) = self.member_mut(name) {
            member.value = arena.push(left.to_string().as_bytes());
            member.changed = true;
        }
    }

    /// Removes a member. The collection counts as touched even when there was none, as in v2.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.dirty = true;
        self.members.retain(|member| !member.name.eq_ignore_ascii_case(name));
        self.removed.push(name.to_vec());
    }

    /// What the store has to apply at the end of the transaction, at `now` seconds; `None` when nothing touched the
    /// collection.
    pub(crate) fn update(&self, now: i64, arena: &Arena) -> Option<CollectionUpdate> {
        if !self.dirty {
            return None;
        }
        let changes = match self.get(b"KEY") {
            Some(_) => self.changes(now, arena),
            None => vec![MemberChange::RemoveAll],
        };
        Some(CollectionUpdate { collection: self.storage.clone(), key: self.key.clone(), changes })
    }

    fn changes(&self, now: i64, arena: &Arena) -> Vec<MemberChange> {
        // A member that was deleted and then added to is added to where it is stored, as in v2.
        let gone =
            self.removed.iter().filter(|name| self.get(name).is_none_or(|member| member.base.is_none()));
        let mut changes: Vec<_> = gone.map(|name| MemberChange::Remove { name: name.clone() }).collect();
        changes.extend(self.members.iter().filter_map(|member| self.change(member, now, arena)));
        let set = |name: &[u8], value: i64| MemberChange::Set {
            name: name.to_vec(),
            value: value.to_string().into(),
        };
        // Every store leaves these two, also behind rules that deleted them.
        if self.get(b"LAST_UPDATE_TIME").is_none() {
            changes.push(set(b"LAST_UPDATE_TIME", now));
        }
        if self.get(b"UPDATE_COUNTER").is_none() {
            changes.push(set(b"UPDATE_COUNTER", 1));
        }
        changes
    }

    /// What the store has to do about one member.
    fn change(&self, member: &CollectionMember, now: i64, arena: &Arena) -> Option<MemberChange> {
        let is = |name: &[u8]| member.name.eq_ignore_ascii_case(name);
        let name = member.name.clone();
        let value = arena.get(member.value);
        if is(b"IS_NEW") || is(b"UPDATE_RATE") {
            return None;
        }
        if is(b"UPDATE_COUNTER") {
            let counted = leading_number(value) + 1;
            let delta = counted - member.base.unwrap_or(0);
            return Some(MemberChange::Add { name, delta, otherwise: counted });
        }
        if is(b"LAST_UPDATE_TIME") {
            return Some(MemberChange::Set { name, value: now.to_string().into() });
        }
        if let Some(timeout) = self.get(b"TIMEOUT").filter(|_| is(b"__expire_KEY")) {
            let expiry = now + leading_number(arena.get(timeout.value));
            return Some(MemberChange::Set { name, value: expiry.to_string().into() });
        }
        if !member.changed {
            return None;
        }
        Some(match member.base {
            Some(base) => {
                let ours = leading_number(value);
                MemberChange::Add { name, delta: ours - base, otherwise: ours }
            }
            None => MemberChange::Set { name, value: value.to_vec() },
        })
    }
}

/// The 32-bit number at the start of a text, 0 when there is none: how the language reads members as numbers.
pub fn leading_number(text: &[u8]) -> i64 {
    i64::from(crate::actions::atoi(text))
}
