//! What a transaction asks of the outside world, and how it is had: collections from the store, names from the
//! resolver, programs from the system, pauses from the clock.
//!
//! Everything has a time limit; what is not there in time is answered as a failure, which the engine logs and the
//! rules take for "no". Nothing here blocks the worker.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;
use std::time::Duration;

use portcullis_engine::{Answer, CollectionUpdate, Need};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::observer::Notice;
use crate::worker::{Moment, Worker};

/// Gets what is asked for.
pub(crate) async fn answer(worker: &Worker, need: Need, started: Moment) -> Answer {
    match need {
        Need::Collection { collection, key } => load(worker, &collection, &key, started).await,
        Need::Lookup { name } => lookup(worker, &name).await,
        Need::Program { path, arguments, environment } => {
            let limits = (worker.settings().timeouts.program, worker.settings().limits.program_output);
            Answer::Program(run(&path, &arguments, &environment, limits).await)
        }
        // These need the transaction, which its driver has.
        Need::Script { .. } | Need::StoreFiles { .. } => Answer::Failed("not asked of its driver".to_owned()),
        Need::Pause { milliseconds } => {
            sleep(Duration::from_millis(milliseconds)).await;
            Answer::Pause
        }
    }
}

/// Applies what a transaction did to collections. A failure is told and does not touch the exchange.
pub(crate) async fn apply(worker: &Worker, updates: &[CollectionUpdate], started: Moment) {
    for update in updates {
        let applied = worker.shared.store.apply(update, seconds(started));
        let reason = match timeout(worker.settings().timeouts.store, applied).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "storing it timed out".to_owned(),
        };
        worker.notice(Notice::StoreFailed { collection: shown(&update.collection), reason });
    }
}

async fn load(worker: &Worker, collection: &[u8], key: &[u8], started: Moment) -> Answer {
    let loaded = worker.shared.store.load(collection, key, seconds(started));
    let reason = match timeout(worker.settings().timeouts.store, loaded).await {
        Ok(Ok(members)) => return Answer::Collection(members),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "loading it timed out".to_owned(),
    };
    worker.notice(Notice::StoreFailed { collection: shown(collection), reason: reason.clone() });
    Answer::Failed(reason)
}

fn seconds(moment: Moment) -> i64 {
    moment.wall_micros.div_euclid(1_000_000)
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

async fn lookup(worker: &Worker, name: &[u8]) -> Answer {
    let Ok(name) = std::str::from_utf8(name) else { return Answer::Lookup(None) };
    let limit = worker.settings().timeouts.lookup;
    match timeout(limit, tokio::net::lookup_host((name, 0))).await {
        Ok(Ok(addresses)) => Answer::Lookup(addresses.into_iter().find_map(|address| match address {
            SocketAddr::V4(address) => Some(*address.ip()),
            SocketAddr::V6(_) => None,
        })),
        // The C library tells "no such name" and "the resolver does not answer" apart in its text only.
        Ok(Err(error)) if error.to_string().contains("Temporary failure") => {
            Answer::Failed(error.to_string())
        }
        Ok(Err(_)) => Answer::Lookup(None),
        Err(_) => Answer::Failed(format!("no answer within {} ms", limit.as_millis())),
    }
}

/// Runs a program and returns what it prints, at most `most` bytes; it is killed when it runs too long or prints more.
async fn run(
    path: &str,
    arguments: &[Vec<u8>],
    environment: &[(Vec<u8>, Vec<u8>)],
    (limit, most): (Duration, usize),
) -> Result<Vec<u8>, String> {
    let os = |bytes: &'_ [u8]| OsStr::from_bytes(bytes).to_owned();
    let mut child = Command::new(path)
        .args(arguments.iter().map(|argument| os(argument)))
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (os(name), os(value))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = child.stdout.take().ok_or("its output is not there")?;
    let mut printed = Vec::new();
    let work = async {
        output.take(most as u64 + 1).read_to_end(&mut printed).await?;
        if printed.len() > most {
            return Err(io::Error::other(format!("it prints more than {most} bytes")));
        }
        child.wait().await.map(drop)
    };
    match timeout(limit, work).await {
        Ok(Ok(())) => Ok(printed),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("it runs longer than {} ms", limit.as_millis())),
    }
}
