//! The queue: order, bounds, flush, end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use portcullis_audit::writers::{Log as _, Queue, QueueLimits};

use super::{PATIENCE, gate, losses, said};

fn limits(entries: usize, bytes: usize) -> QueueLimits {
    QueueLimits { entries, bytes, patience: Duration::ZERO }
}

#[test]
fn entries_keep_their_order_and_flush_waits_for_all_of_them() {
    let (gate, keeper) = gate();
    let (losses, _) = losses(PATIENCE);
    let queue = Queue::start("test", gate, limits(2000, usize::MAX), losses).unwrap();
    (0..1000).for_each(|n| queue.write(n.to_string().into_bytes()));
    assert!(!queue.flush(Duration::ZERO), "nothing was let through yet");
    keeper.admit(1000);
    assert!(queue.flush(PATIENCE));
    assert_eq!(queue.counters().written(), 1000);
    let order: Vec<String> = keeper.started.try_iter().collect();
    assert_eq!(order, (0..1000).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_full_queue_loses_new_entries_and_counts_them() {
    let (gate, keeper) = gate();
    let (losses, notices) = losses(PATIENCE);
    let queue = Queue::start("test", gate, limits(2, usize::MAX), losses).unwrap();
    queue.write(b"1".to_vec());
    // The writer holds the first entry, so two more fill the queue.
    assert_eq!(keeper.next(), "1");
    for entry in [b"2", b"3", b"4", b"5"] {
        queue.write(entry.to_vec());
    }
    assert_eq!(queue.counters().lost(), 2);
    assert_eq!(said(&notices), ["portcullis: test log: 1 entry lost: the queue is full"]);
    keeper.admit(3);
    assert!(queue.flush(PATIENCE));
    assert_eq!((queue.counters().written(), queue.counters().lost()), (3, 2));
    assert_eq!(keeper.started.try_iter().collect::<Vec<_>>(), ["2", "3"]);
    drop(queue);
    assert_eq!(said(&notices).last().unwrap(), "portcullis: test log: 1 entry lost: the queue is full");
}

#[test]
fn bytes_are_bounded_and_a_large_entry_passes_through_an_empty_queue() {
    let (gate, keeper) = gate();
    let (losses, _) = losses(PATIENCE);
    let queue = Queue::start("test", gate, limits(100, 10), losses).unwrap();
    queue.write(b"in the writer's hands".to_vec());
    keeper.next();
    queue.write(b"larger than ten bytes".to_vec());
    queue.write(b"x".to_vec());
    assert_eq!(queue.counters().lost(), 1);
    keeper.admit(2);
    assert!(queue.flush(PATIENCE));
    assert_eq!(queue.counters().written(), 2);
}

#[test]
fn failed_writes_are_counted_and_said_once_per_interval() {
    let (gate, keeper) = gate();
    let (losses, notices) = losses(PATIENCE);
    let queue = Queue::start("test", gate, limits(100, usize::MAX), losses).unwrap();
    for _ in 0..5 {
        queue.write(b"x".to_vec());
        keeper.permits.send(Err(io::Error::from(io::ErrorKind::StorageFull))).unwrap();
    }
    assert!(queue.flush(PATIENCE));
    assert_eq!((queue.counters().written(), queue.counters().lost()), (0, 5));
    assert_eq!(said(&notices), ["portcullis: test log: 1 entry lost: no storage space"]);
    drop(queue);
    assert_eq!(said(&notices).last().unwrap(), "portcullis: test log: 4 entries lost: no storage space");
    assert_eq!(said(&notices).len(), 2);
}

#[test]
fn losses_are_said_when_the_interval_is_over_though_the_log_goes_on() {
    let (gate, keeper) = gate();
    let (losses, notices) = losses(Duration::ZERO);
    let queue = Queue::start("test", gate, limits(1, usize::MAX), losses).unwrap();
    queue.write(b"1".to_vec());
    keeper.next();
    queue.write(b"2".to_vec());
    queue.write(b"3".to_vec());
    queue.write(b"4".to_vec());
    keeper.admit(2);
    assert!(queue.flush(PATIENCE));
    let lost: usize = said(&notices).len();
    assert_eq!((lost, queue.counters().lost()), (2, 2));
}

#[test]
fn a_stuck_destination_holds_up_neither_flush_nor_the_end() {
    let (gate, keeper) = gate();
    let (losses, notices) = losses(PATIENCE);
    let queue = Queue::start("test", gate, limits(100, usize::MAX), losses).unwrap();
    (0..3).for_each(|_| queue.write(b"x".to_vec()));
    keeper.next();
    assert!(!queue.flush(Duration::from_millis(1)));
    drop(queue);
    let expected = "portcullis: test log: 3 entries lost: the destination took too long at shutdown";
    assert_eq!(said(&notices), [expected]);
}

#[test]
fn reopening_is_the_writing_thread_s_work() {
    let (gate, keeper) = gate();
    let reopened = Arc::clone(&gate.reopened);
    let (losses, _) = losses(PATIENCE);
    let queue = Queue::start("test", gate, limits(100, usize::MAX), losses).unwrap();
    queue.write(b"1".to_vec());
    keeper.next();
    queue.reopen();
    assert_eq!(*reopened.lock().unwrap(), 0, "the thread is still writing");
    queue.write(b"2".to_vec());
    keeper.admit(2);
    assert!(queue.flush(PATIENCE));
    assert_eq!(*reopened.lock().unwrap(), 1);
}

#[test]
fn many_threads_lose_nothing_and_each_keeps_its_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let writer = portcullis_audit::writers::FileWriter::open(&path, Default::default()).unwrap();
    let (losses, _) = losses(PATIENCE);
    let queue = Queue::start("test", writer, QueueLimits::default(), losses).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let queue = &queue;
            scope.spawn(move || (0..500).for_each(|n| queue.write(format!("{thread} {n}\n").into_bytes())));
        }
    });
    drop(queue);
    let text = super::read(&path);
    for thread in 0..4 {
        let own = text.lines().filter_map(|line| line.strip_prefix(&format!("{thread} ")));
        assert!(own.map(|n| n.parse::<u32>().unwrap()).eq(0..500));
    }
}
