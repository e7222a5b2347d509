//! Load, apply, expiry, bounds: what every backend does alike.

use super::{add, apply, each_backend, load, now, set};
use portcullis_state::{CollectionUpdate, Limits, MemberChange, StoreError};

/// Bounds under which every backend has one shard, so that its order of eviction is exact.
fn small(records: usize) -> Limits {
    Limits { records, ..Limits::default() }
}

#[test]
fn what_is_applied_is_loaded() {
    each_backend(Limits::default(), |store| {
        assert_eq!(load(store, "a", 5), None);
        apply(store, "a", vec![set("KEY", "a"), add("n", 3)], 5).unwrap();
        assert_eq!(load(store, "a", 5).unwrap(), "KEY=a n=3 __key=a __name=ip CREATE_TIME=5");
        apply(store, "a", vec![add("n", 4), set("m", "x")], 6).unwrap();
        assert_eq!(load(store, "a", 6).unwrap(), "KEY=a n=7 __key=a __name=ip CREATE_TIME=5 m=x");
        apply(store, "a", vec![MemberChange::RemoveAll], 7).unwrap();
        assert_eq!(load(store, "a", 7), None);
        assert_eq!(store.figures().records, 0);
        assert_eq!(store.figures().bytes, 0);
    });
}

#[test]
fn collection_and_key_together_name_a_record() {
    each_backend(Limits::default(), |store| {
        let one = |collection: &[u8], key: &[u8], value| {
            let (collection, key) = (collection.to_vec(), key.to_vec());
            now(store.apply(&CollectionUpdate { collection, key, changes: vec![set("v", value)] }, 1))
                .unwrap();
        };
        one(b"ab", b"c", "1");
        one(b"a", b"bc", "2");
        one(b"", b"abc", "3");
        one(b"a", b"\x00\xff", "4");
        one(b"a", b"", "5");
        let value = |collection: &[u8], key: &[u8]| {
            let members = now(store.load(collection, key, 1)).unwrap().unwrap();
            members.iter().find(|(name, _)| name == b"v").map(|(_, v)| String::from_utf8(v.clone()).unwrap())
        };
        assert_eq!(value(b"ab", b"c").unwrap(), "1");
        assert_eq!(value(b"a", b"bc").unwrap(), "2");
        assert_eq!(value(b"", b"abc").unwrap(), "3");
        assert_eq!(value(b"a", b"\x00\xff").unwrap(), "4");
        assert_eq!(value(b"a", b"").unwrap(), "5");
        assert_eq!(store.figures().records, 5);
    });
}

#[test]
fn records_and_members_expire_at_their_second() {
    each_backend(Limits::default(), |store| {
        let changes =
            vec![set("__expire_KEY", "20"), set("KEY", "a"), set("n", "1"), set("__expire_n", "10")];
        apply(store, "a", changes, 5).unwrap();
        assert!(load(store, "a", 9).unwrap().contains(" n=1 __expire_n=10"));
        assert!(!load(store, "a", 10).unwrap().contains("n=1"));
        assert!(load(store, "a", 19).is_some());
        assert_eq!(load(store, "a", 20), None);
        assert_eq!(store.figures().expired, 1);
        assert_eq!(store.figures().records, 0);
    });
}

#[test]
fn an_expired_record_is_not_merged_with() {
    each_backend(Limits::default(), |store| {
        apply(store, "a", vec![set("__expire_KEY", "20"), set("KEY", "a"), add("n", 9)], 5).unwrap();
        apply(store, "a", vec![set("KEY", "a"), add("n", 1)], 20).unwrap();
        assert!(load(store, "a", 20).unwrap().contains("n=1 "));
    });
}

#[test]
fn a_transaction_that_began_before_the_expiry_still_counts() {
    each_backend(Limits::default(), |store| {
        apply(store, "a", vec![set("__expire_KEY", "20"), set("KEY", "a"), add("n", 9)], 5).unwrap();
        apply(store, "a", vec![set("__expire_KEY", "30"), add("n", 1)], 19).unwrap();
        assert!(load(store, "a", 25).unwrap().contains("n=10"));
    });
}

#[test]
fn applies_of_many_threads_add_up() {
    each_backend(Limits::default(), |store| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| apply(store, "a", vec![add("n", 2)], 1).unwrap()));
            }
        });
        assert!(load(store, "a", 1).unwrap().starts_with("n=4000 "));
    });
}

#[test]
fn room_is_made_by_the_expired_first_and_then_by_the_least_used() {
    each_backend(small(3), |store| {
        apply(store, "a", vec![set("v", "1")], 1).unwrap();
        apply(store, "b", vec![set("v", "1"), set("__expire_KEY", "10")], 1).unwrap();
        apply(store, "c", vec![set("v", "1")], 1).unwrap();
        apply(store, "d", vec![set("v", "1")], 10).unwrap();
        assert_eq!(load(store, "b", 9), None, "expired at 10, though not the oldest");
        assert_eq!((store.figures().expired, store.figures().evicted), (1, 0));
        assert!(load(store, "a", 10).is_some(), "used now: c is the oldest");
        apply(store, "e", vec![set("v", "1")], 10).unwrap();
        assert_eq!(load(store, "c", 10), None);
        let left = ["a", "d", "e"].map(|key| load(store, key, 10).is_some());
        assert_eq!(left, [true; 3]);
        assert_eq!((store.figures().records, store.figures().evicted), (3, 1));
    });
}

#[test]
fn bytes_are_bounded_too() {
    let limits = Limits { bytes: 20_000, ..small(1000) };
    each_backend(limits, |store| {
        for number in 0..200 {
            apply(store, &format!("k{number}"), vec![set("v", &"x".repeat(500))], 1).unwrap();
            assert!(store.figures().bytes <= 20_000);
        }
        let figures = store.figures();
        assert!(figures.records > 20, "{figures:?}");
        assert_eq!(figures.records + usize::try_from(figures.evicted).unwrap(), 200);
        assert!(load(store, "k199", 1).is_some() && load(store, "k0", 1).is_none());
    });
}

#[test]
fn expired_records_go_without_being_asked_for() {
    each_backend(small(1000), |store| {
        for number in 0..100 {
            apply(store, &format!("k{number}"), vec![set("v", "1"), set("__expire_KEY", "10")], 1).unwrap();
        }
        for _ in 0..100 {
            apply(store, "other", vec![add("n", 1)], 10).unwrap();
        }
        assert_eq!(store.figures().records, 1);
        assert_eq!((store.figures().expired, store.figures().evicted), (100, 0));
    });
}

#[test]
fn a_full_record_says_so_and_keeps_counting() {
    each_backend(Limits { record_bytes: 300, ..Limits::default() }, |store| {
        apply(store, "a", vec![set("KEY", "a"), add("n", 1)], 1).unwrap();
        let result = apply(store, "a", vec![set("big", &"x".repeat(300)), add("n", 1)], 1);
        assert_eq!(result, Err(StoreError::RecordFull { collection: "ip".into(), left_out: 1 }));
        assert_eq!(load(store, "a", 1).unwrap(), "KEY=a n=2 __key=a __name=ip CREATE_TIME=1");
    });
}
