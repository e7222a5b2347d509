//! What `merge` does to a record, in one notation: stored members, changes, the members afterwards.

use super::*;

const ROOM: usize = 10_000;

fn members(text: &str) -> StoredMembers {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.into(), value.into())).unwrap();
    text.split_whitespace().map(pair).collect()
}

fn shown(members: &StoredMembers) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs: Vec<_> =
        members.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    pairs.join(" ")
}

/// `n=5` sets, `n+1` or `n-1` adds (`/9` behind it: 9 when absent), `!n` removes, `!` removes all.
fn changes(text: &str) -> Vec<MemberChange> {
    text.split_whitespace().map(change).collect()
}

fn change(text: &str) -> MemberChange {
    if text == "!" {
        return MemberChange::RemoveAll;
    }
    if let Some(name) = text.strip_prefix('!') {
        return MemberChange::Remove { name: name.into() };
    }
    if let Some((name, value)) = text.split_once('=') {
        return MemberChange::Set { name: name.into(), value: value.into() };
    }
    let at = text.find(['+', '-']).unwrap();
    let (delta, otherwise) = text[at..].split_once('/').unwrap_or((&text[at..], "0"));
    MemberChange::Add {
        name: text[..at].into(),
        delta: delta.parse().unwrap(),
        otherwise: otherwise.parse().unwrap(),
    }
}

fn merged(stored: Option<&str>, with: &str, now: i64, limit: usize) -> (String, usize) {
    let update = CollectionUpdate { collection: b"ip".to_vec(), key: b"k".to_vec(), changes: changes(with) };
    let merged = merge(stored.map(members), &update, now, limit);
    (merged.members.as_ref().map_or("-".to_owned(), shown), merged.left_out)
}

#[track_caller]
fn check(stored: &str, with: &str, expected: &str) {
    let base = "KEY=k __key=k __name=ip CREATE_TIME=1";
    let (got, left_out) = merged(Some(&format!("{base} {stored}")), with, 100, ROOM);
    assert_eq!(got.strip_prefix(base).unwrap_or(&got).trim_start(), expected);
    assert_eq!(left_out, 0);
}

#[test]
fn changes_meet_what_is_stored_now() {
    check("n=7", "n+1/5", "n=8");
    check("n=7", "n-9/0", "n=0");
    check("", "n+1/5", "n=5");
    check("n=abc", "n+5/9", "n=5");
    check("n=2147483647", "n+1/0", "n=2147483647");
    check("n=7 m=1", "n=x", "n=x m=1");
    check("Name=1", "nAME=2", "nAME=2");
    check("Name=1", "nAME+2/0", "Name=3");
    check("n=1 m=2", "!N", "m=2");
    check("n=1", "!x", "n=1");
    check("n=1", "!n n=2", "n=2");
}

#[test]
fn a_record_without_key_is_no_record() {
    assert_eq!(merged(Some("KEY=k n=1"), "!", 100, ROOM).0, "-");
    assert_eq!(merged(None, "!", 100, ROOM).0, "-");
    assert_eq!(merged(None, "", 100, ROOM).0, "-");
    assert_eq!(merged(Some("n=1"), "m=2", 100, ROOM).0, "m=2 KEY=k __key=k __name=ip CREATE_TIME=100");
    assert_eq!(merged(None, "n+1/5", 100, ROOM).0, "n=5 KEY=k __key=k __name=ip CREATE_TIME=100");
    let new = "__expire_KEY=200 KEY=k TIMEOUT=100 __key=k __name=ip CREATE_TIME=100 UPDATE_COUNTER=1";
    assert_eq!(merged(None, new, 100, ROOM).0, new);
}

#[test]
fn what_has_expired_is_not_merged_with() {
    let stored = "KEY=k __key=k __name=ip CREATE_TIME=1 n=7 __expire_n=99 m=7 __expire_M=101";
    let left = "KEY=k __key=k __name=ip CREATE_TIME=1 m=7 __expire_M=101";
    assert_eq!(merged(Some(stored), "", 100, ROOM).0, left);
    assert_eq!(merged(Some(stored), "n+1/8", 100, ROOM).0, format!("{left} n=8"));
    let whole = "KEY=k n=7 __expire_KEY=100";
    assert_eq!(
        merged(Some(whole), "m=1", 99, ROOM).0,
        "KEY=k n=7 __expire_KEY=100 m=1 __key=k __name=ip CREATE_TIME=99"
    );
    assert_eq!(merged(Some(whole), "m=1", 100, ROOM).0, "m=1 KEY=k __key=k __name=ip CREATE_TIME=100");
}

#[test]
fn a_full_record_refuses_growth_and_goes_on_counting() {
    let base = "KEY=k __key=k __name=ip CREATE_TIME=1 n=9 m=1";
    let limit = members(base).iter().map(size).sum();
    assert_eq!(
        merged(Some(base), "m=12 x=1 n+1/0 m=2", 100, limit),
        (base.replace("n=9 m=1", "n=10 m=2"), 2)
    );
    let many = (0..300).map(|n| format!("v{n}=1")).collect::<Vec<_>>().join(" ");
    let (got, left_out) = merged(Some(base), &many, 100, ROOM);
    assert_eq!((got.split(' ').count(), left_out), (256, 50));
}

#[test]
fn the_text_form_reads_back_and_damage_is_noticed() {
    let record: StoredMembers = vec![(b"a".to_vec(), vec![0, 255, b'=']), (Vec::new(), Vec::new())];
    let text = encode(&record);
    assert_eq!(decode(&text), Some(record));
    assert_eq!(decode(&[]), Some(Vec::new()));
    for end in 1..text.len() {
        let whole_member = end == 12;
        assert_eq!(decode(&text[..end]).is_some(), whole_member, "cut at {end}");
    }
    assert_eq!(decode(&[255, 255, 255, 255, 0, 0, 0, 0, 1]), None);
}

#[test]
fn the_expiry_is_the_key_s() {
    assert_eq!(expiry(&members("KEY=k __expire_KEY=55")), 55);
    assert_eq!(expiry(&members("KEY=k __expire_n=55")), i64::MAX);
}
