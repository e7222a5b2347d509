//! The engine's workspaces that a worker's transactions use one after the other.
//!
//! A request that begins takes one, a request that ends gives it back; ten requests at a time need ten. What a workspace
//! remembers of values helps only the transactions that get it, so the one given back last is taken first, and no more
//! than [`KEPT`] wait: a burst of slow requests leaves no memory behind that nobody uses.

use std::cell::RefCell;

use portcullis_engine::Workspace;

/// How many wait at most.
const KEPT: usize = 8;

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Workspaces {
    waiting: RefCell<Vec<Workspace>>,
}

impl Workspaces {
    /// One for a transaction that begins.
    pub(crate) fn take(&self) -> Workspace {
        // The default one would not remember values.
        match self.waiting.borrow_mut().pop() {
            Some(workspace) => workspace,
            None => Workspace::new(),
        }
    }

    /// Takes back the one of a transaction that is over.
    pub(crate) fn give_back(&self, workspace: Workspace) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < KEPT {
            waiting.push(workspace);
        }
    }
}
