//! TX: the variables of one transaction.
//!
//! Names that occur in the configuration have a slot, so the request path does not hash them; names built at run time
//! (`setvar:'tx.%{rule.id}-…'`) live in a map. Iteration is in order of creation, as in ModSecurity's tables.

use std::collections::HashMap;
use std::ops::Range;

use crate::arena::Text;
use crate::ruleset::TxSlot;

/// Buffers of names that are kept for the next transaction: how many, and up to which size.
const MOST_SPARE_KEYS: usize = 64;
const LARGEST_SPARE_KEY: usize = 128;

/// One member: its value, its name as it was spelled when it was last assigned, and when it was created.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Member {
    pub(crate) value: Text,
    pub(crate) name: Text,
    /// Unset unless this is later than the last reset.
    pub(crate) created: u32,
}

/// TX.
#[derive(Debug, Default)]
pub(crate) struct TxMembers {
    slots: Vec<Member>,
    others: HashMap<Vec<u8>, Member, foldhash::fast::RandomState>,
    /// Buffers for keys of `others`, those of the transaction before.
    spare_keys: Vec<Vec<u8>>,
    clock: u32,
    /// What the clock showed at the last reset, so that a reset need not touch the slots.
    begun: u32,
    /// Whether the first change leaves a copy of what was there in `original`.
    keeps_original: bool,
    original: Option<Box<TxMembers>>,
}

impl TxMembers {
    /// Forgets everything; `slots` is the number of names known at compile time.
    pub(crate) fn reset(&mut self, slots: usize) {
        // Half the numbers are more than one transaction can use up.
        if self.clock > u32::MAX / 2 {
            self.slots.clear();
            self.clock = 0;
        }
        self.slots.resize(slots, Member::default());
        let keys = self.others.drain().map(|(key, _)| key);
        self.spare_keys.extend(keys.filter(|key| key.capacity() <= LARGEST_SPARE_KEY).take(MOST_SPARE_KEYS));
        self.spare_keys.truncate(MOST_SPARE_KEYS);
        self.begun = self.clock;
    }

    /// Whether nothing has been set since the last reset.
    pub(crate) fn is_empty(&self) -> bool {
        self.clock == self.begun
    }

    /// Whether nothing has been set since the last reset, and nobody waits for the first change.
    pub(crate) fn is_untouched(&self) -> bool {
        self.is_empty() && !self.keeps_original
    }

    /// The members with slots, in order of slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (TxSlot, Member)> {
        let slots = self.slots.iter().enumerate().map(|(slot, member)| (slot as TxSlot, *member));
        slots.filter(|(_, member)| self.is_set(member))
    }

    fn is_set(&self, member: &Member) -> bool {
        member.created > self.begun
    }

    /// Sets members that were created in a transaction of new slots, when nothing has been set in this one.
    pub(crate) fn begin_with(&mut self, members: impl Iterator<Item = (TxSlot, Member)>) {
        for (slot, member) in members {
            if let Some(place) = self.slots.get_mut(usize::from(slot)) {
                *place = Member { created: self.begun + member.created, ..member };
                self.clock = self.clock.max(place.created);
            }
        }
    }

    /// From now on the first change keeps what was there, for [`TxMembers::take_original`].
    pub(crate) fn keep_original(&mut self) {
        self.keeps_original = true;
    }

    /// What was there before the first change since [`TxMembers::keep_original`]; `None` when nothing has changed.
    pub(crate) fn take_original(&mut self) -> Option<TxMembers> {
        self.keeps_original = false;
        self.original.take().map(|original| *original)
    }

    #[inline]
    fn before_change(&mut self) {
        if self.keeps_original {
            self.keep_copy();
        }
    }

    #[cold]
    fn keep_copy(&mut self) {
        self.keeps_original = false;
        let copy = Self {
            slots: self.slots.clone(),
            others: self.others.clone(),
            spare_keys: Vec::new(),
            clock: self.clock,
            begun: self.begun,
            keeps_original: false,
            original: None,
        };
        self.original = Some(Box::new(copy));
    }

    /// The member in a slot.
    pub(crate) fn slot(&self, slot: TxSlot) -> Option<Member> {
        self.slots.get(usize::from(slot)).copied().filter(|member| self.is_set(member))
    }

    /// A member whose name has no slot; `lower` is lower-cased.
    pub(crate) fn other(&self, lower: &[u8]) -> Option<Member> {
        self.others.get(lower).copied()
    }

    /// Sets a slot under a name; its place in the order of creation stays.
    pub(crate) fn set_slot(&mut self, slot: TxSlot, value: Text, name: Text) {
        self.before_change();
        let Some(member) = self.slots.get_mut(usize::from(slot)) else { return };
        if member.created <= self.begun {
            self.clock += 1;
            member.created = self.clock;
        }
        member.value = value;
        member.name = name;
    }

    /// Sets a member without a slot; `lower` is lower-cased.
    pub(crate) fn set_other(&mut self, lower: &[u8], value: Text, name: Text) {
        self.before_change();
        if let Some(member) = self.others.get_mut(lower) {
            (member.value, member.name) = (value, name);
            return;
        }
        self.clock += 1;
        let mut key = self.spare_keys.pop().unwrap_or_default();
        key.clear();
        key.extend_from_slice(lower);
        self.others.insert(key, Member { value, name, created: self.clock });
    }

    /// Unsets a slot.
    pub(crate) fn unset_slot(&mut self, slot: TxSlot) {
        self.unset_slots(slot..slot.saturating_add(1));
    }

    /// Unsets neighbouring slots.
    #[inline]
    pub(crate) fn unset_slots(&mut self, slots: Range<TxSlot>) {
        self.before_change();
        for member in self.slots.get_mut(usize::from(slots.start)..usize::from(slots.end)).unwrap_or_default()
        {
            member.created = 0;
        }
    }

    /// Unsets a member without a slot.
    pub(crate) fn unset_other(&mut self, lower: &[u8]) {
        self.before_change();
        self.others.remove(lower);
    }

    /// All members, in no order.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member> {
        self.slots.iter().copied().filter(|member| self.is_set(member)).chain(self.others())
    }

    /// The members whose names have no slot, in no order.
    pub(crate) fn others(&self) -> impl Iterator<Item = Member> {
        self.others.values().copied()
    }

    /// All members in order of creation, with the slot of those that have one.
    pub(crate) fn in_order(&self) -> Vec<(Option<TxSlot>, Member)> {
        let slots = self.slots.iter().enumerate().map(|(slot, member)| (Some(slot as TxSlot), *member));
        let others = self.others.values().map(|member| (None, *member));
        let mut all: Vec<_> = slots.chain(others).filter(|(_, member)| self.is_set(member)).collect();
        all.sort_unstable_by_key(|(_, member)| member.created);
        all
    }
}
