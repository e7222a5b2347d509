//! Persistent collections for one process and one run: what rules stored stays until the driver is dropped.
//!
//! `initcol:ip=10.0.0.1` loads what an earlier request of the same run stored under `ip` and `10.0.0.1`. The driver in
//! [`super`] is the only caller; servers keep their collections in the state crate's stores instead. Nothing expires
//! here on its own: the engine drops expired members when it loads a collection.

use portcullis_engine::{CollectionUpdate, MemberChange};
use std::collections::BTreeMap;

/// Names and values of a collection.
type Members = Vec<(Vec<u8>, Vec<u8>)>;

/// All collections of a run, by storage name and key.
#[derive(Debug, Default)]
pub(super) struct Collections {
    stored: BTreeMap<(Vec<u8>, Vec<u8>), Members>,
}

impl Collections {
    /// What is stored under a key.
    pub(super) fn load(&self, collection: &[u8], key: &[u8]) -> Option<Members> {
        self.stored.get(&(collection.to_vec(), key.to_vec())).cloned()
    }

    /// Applies what a transaction changed.
    pub(super) fn apply(&mut self, update: CollectionUpdate) {
        let place = (update.collection, update.key);
        if update.changes.contains(&MemberChange::RemoveAll) {
            self.stored.remove(&place);
            return;
        }
        let members = self.stored.entry(place).or_default();
        for change in update.changes {
            apply(members, change);
        }
    }
}

fn apply(members: &mut Members, change: MemberChange) {
    match change {
        MemberChange::Set { name, value } => set(members, name, value),
        MemberChange::Add { name, delta } => {
            let old = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
            let sum = old.map_or(0, |(_, value)| number(value)).saturating_add(delta).max(0);
            set(members, name, sum.to_string().into_bytes());
        }
        MemberChange::Remove { name } => members.retain(|(known, _)| !known.eq_ignore_ascii_case(&name)),
        MemberChange::RemoveAll => members.clear(),
    }
}

fn set(members: &mut Members, name: Vec<u8>, value: Vec<u8>) {
    match members.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
        Some(member) => member.1 = value,
        None => members.push((name, value)),
    }
}

/// The digits at the start of a value.
fn number(value: &[u8]) -> i64 {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
}
