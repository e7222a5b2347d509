//! The contract of a store, one module of tests over every backend.
//!
//! `contract` states it call by call; `sequences` plays files of rules and requests through the engine and compares
//! what rules see of their collections with what ModSecurity 2.9.7 showed for the same.

#![allow(missing_docs, reason = "helpers of the tests below")]

mod contract;
mod disk;
mod engine;
mod sequences;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use portcullis_state::{
    CollectionUpdate, DiskStore, Limits, MemberChange, MemoryStore, Statistics, Store, StoreError,
};

/// A store that a test can ask for its figures.
pub trait Counted: Store {
    fn figures(&self) -> Statistics;
}

impl Counted for MemoryStore {
    fn figures(&self) -> Statistics {
        self.statistics()
    }
}

impl Counted for DiskStore {
    fn figures(&self) -> Statistics {
        self.statistics()
    }
}

/// Runs a test on a fresh store of each backend.
pub fn each_backend(limits: Limits, test: impl Fn(&dyn Counted)) {
    println!("memory");
    test(&MemoryStore::new(limits));
    println!("disk");
    let directory = tempfile::tempdir().unwrap();
    test(&DiskStore::open(directory.path(), limits, Box::new(|text| panic!("{text}"))).unwrap());
}

/// Backends answer at once.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the store did not answer at once"),
    }
}

pub fn set(name: &str, value: &str) -> MemberChange {
    MemberChange::Set { name: name.into(), value: value.into() }
}

pub fn add(name: &str, delta: i64) -> MemberChange {
    MemberChange::Add { name: name.into(), delta, otherwise: delta }
}

pub fn apply(store: &dyn Counted, key: &str, changes: Vec<MemberChange>, at: i64) -> Result<(), StoreError> {
    let update = CollectionUpdate { collection: b"ip".to_vec(), key: key.into(), changes };
    now(store.apply(&update, at))
}

/// The members of a record of collection `ip` as text, `None` when there is no record.
pub fn load(store: &dyn Counted, key: &str, at: i64) -> Option<String> {
    let members = now(store.load(b"ip", key.as_bytes(), at)).unwrap()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = members.iter().map(|(name, value)| format!("{}={}", text(name), text(value)));
    Some(pairs.collect::<Vec<_>>().join(" "))
}
