//! The store of persistent collections that a site asks for.
//!
//! `SecDataDir data/` → records in `S/data/collections.redb`, which survive a restart; without the directive they live in
//! memory. `run` opens it once: a reload does not change where collections are. The folder is made when it is missing, for
//! a repository does not keep empty folders.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use portcullis_engine::Settings;
use portcullis_state::{DiskStore, Limits, MemoryStore, OpenError, Store};

use crate::messages::say;

/// How long the end waits for the last save.
const SAVE_TIME: Duration = Duration::from_secs(10);

/// See the module.
pub enum Collections {
    /// Gone with the process.
    Memory(Arc<MemoryStore>),
    /// Saved once a second.
    Disk(Arc<DiskStore>),
}

impl Collections {
    /// Opens what the site asks for.
    pub fn open(site: &Settings, root: &Path, limits: Limits) -> Result<Self> {
        let Some(folder) = &site.data_dir else {
            return Ok(Self::Memory(Arc::new(MemoryStore::new(limits))));
        };
        let store = DiskStore::open(&root.join(folder), limits, Box::new(say));
        store.map(|store| Self::Disk(Arc::new(store))).map_err(|error| not_opened(&error))
    }

    /// The store for the proxy.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::Disk(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// Brings what changed to the disk; false when that failed.
    pub fn save(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Disk(store) => store.save(SAVE_TIME),
        }
    }
}

fn not_opened(error: &OpenError) -> anyhow::Error {
    let help = match error {
        OpenError::InUse { .. } => "; one process at a time keeps collections there: name another SecDataDir",
        OpenError::Io { .. } => "; name another SecDataDir, or make this one writable",
        _ => "",
    };
    anyhow!("{error}{help}")
}
