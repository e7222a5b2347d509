//! One worker: a thread with its own runtime, listeners, deadlines and pool of origin connections.
//!
//! It accepts, spawns one task per connection, keeps the coarse time, and at shutdown stops accepting and waits for
//! what runs. A connection, its transactions and the origin connections they use never leave the thread, so nothing
//! here is locked.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use portcullis_state::Store;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, timeout_at};

use crate::accept::{self, Listener};
use crate::budget::Budget;
use crate::connection;
use crate::observer::{Notice, Observer};
use crate::pool::Pool;
use crate::settings::Settings;
use crate::shared_rules::SharedRules;
use crate::standing::Standings;
use crate::timer::Timers;
use crate::unique_id::UniqueIds;
use crate::upstream::Health;
use crate::workspaces::Workspaces;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) rules: Arc<SharedRules>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) health: Health,
    pub(crate) standings: Standings,
}

/// When the workers are to end: `None` while they run.
pub(crate) type Ending = Option<Instant>;

/// What the connections of a worker share.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) timers: Rc<Timers>,
    pub(crate) pool: Pool,
    pub(crate) bodies: Budget,
    pub(crate) workspaces: Workspaces,
    ids: RefCell<UniqueIds>,
    connections: Cell<usize>,
    /// Notified whenever a connection ends.
    pub(crate) connection_ended: Notify,
    draining: Cell<bool>,
    /// The quarter of an hour for which the offset from UTC is known, and the offset.
    utc_offset: Cell<(i64, i32)>,
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    /// Microseconds since the Unix epoch.
    pub(crate) wall_micros: i64,
}

impl Worker {
    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn notice(&self, notice: Notice) {
        self.shared.observer.notice(notice);
    }

    pub(crate) fn now(&self) -> Moment {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { instant: Instant::now(), wall_micros: i64::try_from(wall.as_micros()).unwrap_or(i64::MAX) }
    }

    pub(crate) fn unique_id(&self, moment: Moment) -> String {
        self.ids.borrow_mut().next(moment.wall_micros.div_euclid(1_000_000))
    }

    /// The offset of local time. Zones change it on a quarter of an hour, so it is asked for once per quarter.
    pub(crate) fn utc_offset(&self, moment: Moment) -> i32 {
        let seconds = moment.wall_micros.div_euclid(1_000_000);
        let quarter = seconds.div_euclid(900);
        let (known, offset) = self.utc_offset.get();
        if known == quarter {
            return offset;
        }
        let offset = (self.settings().utc_offset)(seconds);
        self.utc_offset.set((quarter, offset));
        offset
    }

    /// Whether connections are to end with the answer they are giving.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Whether one more connection may be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.connections.get() < self.settings().limits.connections_per_worker
    }

    /// Serves a connection that has been accepted.
    pub(crate) fn start(self: &Rc<Self>, stream: TcpStream, client: SocketAddr, listener: &Listener) {
        // A listener on one address is what every connection to it says, too.
        let known = Some(listener.address).filter(|address| !address.ip().is_unspecified());
        // A connection whose own address is not known any more is gone.
        let Some(local) = known.or_else(|| stream.local_addr().ok()) else { return };
        self.connections.set(self.connections.get() + 1);
        let counted = Counted { worker: Rc::clone(self), client };
        tokio::task::spawn_local(async move {
            connection::serve(&counted.worker, stream, client, local).await;
        });
    }
}

/// A connection that is counted until it ends, however it ends.
struct Counted {
    worker: Rc<Worker>,
    client: SocketAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.worker.connections.set(self.worker.connections.get() - 1);
        self.worker.connection_ended.notify_one();
        // The runtime ends the task and goes on; without this its exchange would be gone without a word.
        if std::thread::panicking() {
            self.worker.notice(Notice::Panicked { client: self.client });
        }
    }
}

/// A worker that has been set up and not run yet.
pub(crate) struct Ready {
    runtime: LocalRuntime,
    worker: Rc<Worker>,
    listeners: Vec<Listener>,
}

impl Ready {
    /// Sets up a worker on the current thread.
    ///
    /// # Errors
    /// When the system has no more threads, descriptors or random bytes.
    pub(crate) fn new(shared: Arc<Shared>, listeners: Vec<StdListener>) -> Result<Self, String> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .map_err(|error| error.to_string())?;
        let listeners = {
            let _context = runtime.enter();
            let listeners: Result<Vec<_>, _> = listeners.into_iter().map(Listener::new).collect();
            listeners.map_err(|error| error.to_string())?
        };
        let tick = (shared.settings.timeouts.shortest() / 4)
            .clamp(Duration::from_millis(5), Duration::from_millis(250));
        let worker = Rc::new(Worker {
            pool: Pool::new(shared.settings.limits.idle_upstream_per_worker),
            bodies: Budget::new(shared.settings.limits.inspected_bodies_per_worker),
            workspaces: Workspaces::default(),
            shared,
            timers: Timers::new(tick),
            ids: RefCell::new(UniqueIds::new().map_err(|error| error.to_string())?),
            connections: Cell::new(0),
            connection_ended: Notify::new(),
            draining: Cell::new(false),
            utc_offset: Cell::new((i64::MIN, 0)),
        });
        Ok(Self { runtime, worker, listeners })
    }

    /// Serves until `ending` says when to end.
    pub(crate) fn run(self, mut ending: watch::Receiver<Ending>) {
        let Self { runtime, worker, listeners } = self;
        runtime.block_on(async {
            {
                let mut accept = pin!(accept::forever(&worker, &listeners));
                let mut time = pin!(keep_time(&worker));
                let mut end = pin!(ending.changed());
                poll_fn(|context| {
                    let _ = accept.as_mut().poll(context);
                    let _ = time.as_mut().poll(context);
                    end.as_mut().poll(context).map(drop)
                })
                .await;
            }
            let deadline = ending.borrow().unwrap_or_else(Instant::now);
            accept::waiting(&worker, &listeners);
            drop(listeners);
            drain(&worker, deadline).await;
        });
        // A lookup may still be waiting for the resolver; nobody waits for it any more.
        runtime.shutdown_background();
    }
}

async fn keep_time(worker: &Worker) {
    let mut ticks = interval(worker.timers.tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        worker.timers.needed().await;
        ticks.tick().await;
        worker.timers.advance();
        worker.pool.expire(worker.timers.now());
    }
}

/// Ends idle connections and waits for the others.
async fn drain(worker: &Worker, deadline: Instant) {
    worker.draining.set(true);
    worker.timers.end_idle();
    let mut time = pin!(keep_time(worker));
    let ended = async {
        while worker.connections.get() > 0 {
            worker.connection_ended.notified().await;
        }
    };
    let mut ended = pin!(timeout_at(deadline.into(), ended));
    let result = poll_fn(|context| {
        let _ = time.as_mut().poll(context);
        ended.as_mut().poll(context)
    })
    .await;
    if result.is_err() {
        worker.notice(Notice::CutOff { connections: worker.connections.get() });
    }
}
