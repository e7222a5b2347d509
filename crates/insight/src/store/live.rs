//! The live tail: who has subscribed, and what they are sent.
//!
//! The writer publishes each event once it is stored. A subscriber that has not taken the last [`WAITING`] of them misses
//! those that come on top; one that is gone is forgotten.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};

use crate::event::EventSummary;

/// How many events wait for a subscriber.
const WAITING: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Live {
    subscribers: Mutex<Vec<SyncSender<EventSummary>>>,
}

impl Live {
    pub(super) fn subscribe(&self) -> Receiver<EventSummary> {
        let (sender, receiver) = sync_channel(WAITING);
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    pub(super) fn publish(&self, events: impl Iterator<Item = EventSummary>) {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        if subscribers.is_empty() {
            return;
        }
        for event in events {
            subscribers.retain(|subscriber| {
                !matches!(subscriber.try_send(event.clone()), Err(TrySendError::Disconnected(_)))
            });
        }
    }
}
