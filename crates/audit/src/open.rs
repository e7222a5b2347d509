//! From a site's `SecAudit…` directives to an open audit log.
//!
//! ```text
//! SecAuditLogType Serial, SecAuditLog logs/audit.log, base /srv/site → a queue over /srv/site/logs/audit.log
//! SecAuditLogType Concurrent, SecAuditLogStorageDir /var/audit       → a queue that stores a file per entry, and an index
//! ```
//!
//! A plan is a value: the binary compares the one of a new configuration with the old one and opens a log only when they
//! differ. Relative paths start from the site's directory, as httpd's start from its `ServerRoot`; `|program` is no path.
//! Whether entries are written at all is the transaction's business (`SecAuditEngine`, `Record::audit`), so a site with
//! the engine off has a log all the same: a rule may switch it on. (manual: "Audit log")

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_engine::Settings;
use portcullis_engine::settings::{AuditLogFormat, AuditLogType};

use crate::audit_log::{AuditFormat, AuditLog, Target};
use crate::formats::AuditStyle;
use crate::writers::{
    ConcurrentWriter, FileOptions, Losses, Queue, QueueLimits, Storage, Weight, Writer, open_serial,
};

/// The name in notices.
const NAME: &str = "audit log";

/// What the operator of the proxy decides about audit logs; everything else is the site's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOptions {
    /// A file or `|program` that gets every entry, one after the other, instead of where the site says.
    pub target: Option<String>,
    /// `SecAuditLogFormat JSON` means libmodsecurity 3's schema.
    pub json_v3: bool,
    /// The directory under the storage directory, since mod_security2 2.9.7 the name of the user the server runs as;
    /// `None` leaves it out.
    pub user_directory: Option<String>,
    /// What entries show beside the record.
    pub style: AuditStyle,
    /// Bounds of the queue.
    pub queue: QueueLimits,
    /// Time between two notices of losses.
    pub notice_interval: Duration,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            target: None,
            json_v3: false,
            user_directory: None,
            style: AuditStyle::default(),
            queue: QueueLimits::default(),
            notice_interval: Duration::from_secs(10),
        }
    }
}

/// Why an audit log cannot be opened. The texts name the directive and what it names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenAuditError {
    /// A file cannot be opened, or a program cannot be started.
    #[error(
        "cannot open {directive} `{target}`: {}; name another place or make this one writable",
        reason(source)
    )]
    Log {
        /// `SecAuditLog` or `SecAuditLog2`.
        directive: &'static str,
        /// The file or `|program`.
        target: String,
        /// What the system says.
        source: io::Error,
    },
    /// Entries cannot be stored here.
    #[error("cannot keep audit entries in `{}` ({directive}): {}; name another directory or make this one writable",
        path.display(), reason(source))]
    Storage {
        /// `SecAuditLogStorageDir`, or `SecAuditLog` whose directory stands in for it.
        directive: &'static str,
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start the thread of the audit log: {}", reason(source))]
    Thread {
        /// What the system says.
        source: io::Error,
    },
}

/// What an audit log is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPlan {
    format: AuditFormat,
    place: Place,
    options: AuditOptions,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Serial(Named),
    Concurrent { directive: &'static str, storage: Storage, indexes: Vec<Named> },
}

/// A destination and the directive that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    directive: &'static str,
    target: String,
}

impl AuditPlan {
    /// What a site asks for; `None` when it names no audit log.
    pub fn of(settings: &Settings, options: &AuditOptions, base: &Path) -> Option<Self> {
        let format = match settings.audit_log_format {
            AuditLogFormat::Native => AuditFormat::Native,
            AuditLogFormat::Json if options.json_v3 => AuditFormat::JsonV3,
            AuditLogFormat::Json => AuditFormat::Json,
        };
        if let Some(target) = &options.target {
            let place = Place::Serial(Named { directive: "audit_log", target: target.clone() });
            return Some(Self { format, place, options: options.clone() });
        }
        let first = Named::new("SecAuditLog", settings.audit_log.as_deref()?, base);
        let second = settings.audit_log_2.as_deref().map(|target| Named::new("SecAuditLog2", target, base));
        let place = match settings.audit_log_type {
            // It has one place: SecAuditLog2 is for the index of a concurrent log.
            AuditLogType::Serial => Place::Serial(first),
            AuditLogType::Concurrent => concurrent(settings, first, second, base),
        };
        Some(Self { format, place, options: options.clone() })
    }

    /// Opens the log.
    pub fn open(&self) -> Result<AuditLog, OpenAuditError> {
        let target = match &self.place {
            Place::Serial(log) => Target::Serial(Box::new(self.queue(log.open()?)?)),
            Place::Concurrent { directive, storage, indexes } => {
                self.prepare(directive, storage)?;
                let indexes = indexes.iter().map(Named::open).collect::<Result<_, _>>()?;
                let writer = ConcurrentWriter::new(storage.clone(), indexes);
                let user = self.options.user_directory.clone();
                Target::Concurrent { log: Box::new(self.queue(writer)?), user }
            }
        };
        Ok(AuditLog { format: self.format, style: self.options.style.clone(), target })
    }

    fn queue<E>(&self, writer: impl Writer<E> + 'static) -> Result<Queue<E>, OpenAuditError>
    where
        E: Weight + Send + 'static,
    {
        let losses = Losses::new(NAME, self.options.notice_interval);
        Queue::start("audit-log", writer, self.options.queue, losses)
            .map_err(|source| OpenAuditError::Thread { source })
    }

    /// Finds out now, not with the first entry, when entries cannot be stored.
    fn prepare(&self, directive: &'static str, storage: &Storage) -> Result<(), OpenAuditError> {
        let user = self.options.user_directory.as_ref().map(|user| storage.directory.join(user));
        let ready = is_directory(&storage.directory).and_then(|()| match user {
            Some(user) => storage.create_directory(&user).and_then(|()| is_directory(&user)),
            None => Ok(()),
        });
        ready.map_err(|source| OpenAuditError::Storage { directive, path: storage.directory.clone(), source })
    }
}

impl AuditLog {
    /// Opens the audit log a site asks for; `None` when it names none.
    pub fn open(
        settings: &Settings,
        options: &AuditOptions,
        base: &Path,
    ) -> Result<Option<AuditLog>, OpenAuditError> {
        AuditPlan::of(settings, options, base).map(|plan| plan.open()).transpose()
    }
}

fn concurrent(settings: &Settings, first: Named, second: Option<Named>, base: &Path) -> Place {
    let (directive, directory) = match settings.audit_log_storage_dir.as_deref() {
        Some(directory) => ("SecAuditLogStorageDir", base.join(directory)),
        // v2: entries lie beside their index.
        None => ("SecAuditLog", Path::new(&first.target).parent().unwrap_or(base).to_owned()),
    };
    let storage = Storage {
        directory,
        // The defaults are subject to the umask, what a site asks for is not.
        directory_mode: Some(settings.audit_log_dir_mode).filter(|mode| *mode != Storage::DIRECTORY_MODE),
        file_mode: Some(settings.audit_log_file_mode).filter(|mode| *mode != Storage::FILE_MODE),
    };
    Place::Concurrent { directive, storage, indexes: std::iter::once(first).chain(second).collect() }
}

impl Named {
    fn new(directive: &'static str, target: &str, base: &Path) -> Self {
        let target = match target.starts_with('|') {
            true => target.to_owned(),
            false => base.join(target).to_string_lossy().into_owned(),
        };
        Self { directive, target }
    }

    fn open(&self) -> Result<Box<dyn Writer<Vec<u8>>>, OpenAuditError> {
        open_serial(&self.target, FileOptions::default()).map_err(|source| OpenAuditError::Log {
            directive: self.directive,
            target: self.target.clone(),
            source,
        })
    }
}

fn is_directory(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path)?.is_dir() {
        true => Ok(()),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }
}

/// What the system says, without the number people do not need.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
