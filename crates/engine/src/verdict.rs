//! What a transaction decides and what it asks of its driver.
//!
//! `Transaction::run(phase)` returns a [`Step`]: either the phase is over ([`Verdict`]) or something from outside is
//! needed ([`Need`]); the driver answers with `provide` and calls `run` again.

use std::sync::Arc;

use portcullis_lua::Script;

/// The five phases, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// 1: the head of the request is known.
    RequestHeaders = 1,
    /// 2: the request body is known (always runs, also without a body).
    RequestBody = 2,
    /// 3: the head of the response is known.
    ResponseHeaders = 3,
    /// 4: the response body is known, or not inspected.
    ResponseBody = 4,
    /// 5: everything is over; nothing can be intercepted.
    Logging = 5,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Phase; 5] = [
        Phase::RequestHeaders,
        Phase::RequestBody,
        Phase::ResponseHeaders,
        Phase::ResponseBody,
        Phase::Logging,
    ];

    /// Zero-based index for tables.
    pub fn index(self) -> usize {
        self as usize - 1
    }

    /// The number used in configuration and logs, 1 to 5.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// What happens to the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Answer with an error page of this status. Statuses httpd has no text for reach the client as 500.
    Deny {
        /// The status asked for.
        status: u16,
    },
    /// Answer with a redirect.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The value of `Location`, without CR or LF.
        location: Vec<u8>,
    },
    /// Close the connection without an answer.
    Drop,
    /// Send the request to another origin.
    Proxy {
        /// The URL.
        url: Vec<u8>,
    },
}

/// Where a `run` stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The phase is over.
    Done(Verdict),
    /// The phase waits for an answer.
    Need(Need),
}

/// What a transaction needs from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// `initcol`, `setsid`, `setuid`, `setrsc`: the stored members of a collection.
    Collection {
        /// The storage name (`ip`, `default_SESSION`).
        collection: Vec<u8>,
        /// The expanded key.
        key: Vec<u8>,
    },
    /// `@rbl`, `@geoLookup` of a name: whether it has an IPv4 address, and which.
    Lookup {
        /// The name to resolve.
        name: Vec<u8>,
    },
    /// `exec`, `@inspectFile`: run a program and return its standard output.
    Program {
        /// The program as configured.
        path: String,
        /// Its arguments.
        arguments: Vec<Vec<u8>>,
        /// Its environment.
        environment: Vec<(Vec<u8>, Vec<u8>)>,
    },
    /// `SecRuleScript`, `@inspectFile`, `exec`: run a Lua script with the transaction as its host.
    Script {
        /// The script.
        script: Arc<Script>,
        /// What `main` is called with.
        argument: Option<Vec<u8>>,
    },
    /// Files of the body: store them until the transaction is over, so that rules and programs have paths.
    StoreFiles {
        /// The content of each.
        contents: Vec<Vec<u8>>,
    },
    /// `pause`: let this many milliseconds pass.
    Pause {
        /// Milliseconds.
        milliseconds: u64,
    },
}

/// What a driver answers to a [`Need`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The stored members (name, value); `None` when nothing is stored under the key or it has expired.
    Collection(Option<Vec<(Vec<u8>, Vec<u8>)>>),
    /// The address found, `None` when the name does not exist.
    Lookup(Option<std::net::Ipv4Addr>),
    /// What the program printed; `Err` when it could not be run.
    Program(Result<Vec<u8>, String>),
    /// What the script's `main` returned; `Err` when it failed.
    Script(Result<Option<Vec<u8>>, String>),
    /// The paths of the files, in their order.
    Files(Vec<String>),
    /// The pause is over.
    Pause,
    /// It could not be had (no store, no resolver, a time-out); the text goes to the log.
    Failed(String),
}

/// What the driver does with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyPlan {
    /// No rule needs it: let it stream.
    Skip,
    /// Feed it to the transaction before the phase runs, and let nothing pass before the verdict.
    Inspect,
    /// Its announced length is over a limit whose action is `Reject`.
    Reject(Verdict),
}

/// What the driver does after feeding a piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyProgress {
    /// Feed on.
    Continue,
    /// Inspect no more; what follows passes unseen once the verdict allows it (`ProcessPartial`).
    Enough,
    /// A limit whose action is `Reject` was passed, or the body cannot be read.
    Reject(Verdict),
}
