//! Starting and ending the proxy: binds, starts the workers, and at the end waits for them.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portcullis_state::Store;
use tokio::sync::watch;

use crate::listener;
use crate::observer::Observer;
use crate::settings::Settings;
use crate::shared_rules::SharedRules;
use crate::standing::Standings;
use crate::upstream::Health;
use crate::worker::{Ending, Ready, Shared};

/// Why the proxy does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is nothing to listen on.
    #[error("no address to listen on")]
    NoAddress,
    /// An address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A worker cannot be started.
    #[error("cannot start a worker: {0}")]
    Worker(String),
}

/// A running proxy. Dropping it ends it at once; [`Proxy::shutdown`] lets it finish.
#[derive(Debug)]
pub struct Proxy {
    addresses: Vec<SocketAddr>,
    ending: watch::Sender<Ending>,
    workers: Vec<JoinHandle<()>>,
}

impl Proxy {
    /// Binds the addresses and starts the workers. When it returns, connections are being accepted.
    ///
    /// # Errors
    /// When an address is taken or the system refuses a thread; nothing is left running then.
    pub fn start(
        settings: Settings,
        rules: Arc<SharedRules>,
        store: Arc<dyn Store>,
        observer: Arc<dyn Observer>,
    ) -> Result<Proxy, StartError> {
        let count = match settings.workers {
            0 => thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        if settings.listen.is_empty() {
            return Err(StartError::NoAddress);
        }
        let mut per_worker: Vec<Vec<std::net::TcpListener>> = (0..count).map(|_| Vec::new()).collect();
        let mut addresses = Vec::new();
        for &address in &settings.listen {
            let fail = |source| StartError::Bind { address, source };
            let bound = listener::bind(address, count).map_err(fail)?;
            addresses.extend(bound.first().map(|l| l.local_addr().map_err(fail)).transpose()?);
            per_worker.iter_mut().zip(bound).for_each(|(listeners, listener)| listeners.push(listener));
        }
        let shared = Arc::new(Shared {
            settings,
            rules,
            store,
            observer,
            health: Health::default(),
            standings: Standings::default(),
        });
        let (ending, _) = watch::channel(None);
        let mut proxy = Proxy { addresses, ending, workers: Vec::new() };
        for (number, listeners) in per_worker.into_iter().enumerate() {
            proxy.start_worker(number, Arc::clone(&shared), listeners)?;
        }
        Ok(proxy)
    }

    fn start_worker(
        &mut self,
        number: usize,
        shared: Arc<Shared>,
        listeners: Vec<std::net::TcpListener>,
    ) -> Result<(), StartError> {
        let ending = self.ending.subscribe();
        let (started, outcome) = mpsc::channel();
        let body = move || match Ready::new(shared, listeners) {
            Ok(ready) => {
                let _ = started.send(Ok(()));
                ready.run(ending);
            }
            Err(reason) => {
                let _ = started.send(Err(reason));
            }
        };
        let handle = thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(body)
            .map_err(|error| StartError::Worker(error.to_string()))?;
        self.workers.push(handle);
        match outcome.recv() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(StartError::Worker(reason)),
            Err(_) => Err(StartError::Worker("it ended at once".to_owned())),
        }
    }

    /// The addresses connections are accepted on, in the order of the settings, with real ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// Stops accepting, closes idle connections, finishes running exchanges for at most `grace`, then returns.
    pub fn shutdown(mut self, grace: Duration) {
        let now = Instant::now();
        self.ending.send_replace(Some(now.checked_add(grace).unwrap_or(now)));
        for worker in self.workers.drain(..) {
            // A worker that panicked has said so on stderr; the others are still waited for.
            let _ = worker.join();
        }
    }
}
