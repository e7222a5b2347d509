//! Connections of clients: kept, limited, ended, and what a shutdown does to them.

mod support;

use portcullis_engine::{ConnectionState, Exceeded};
use portcullis_proxy::{Notice, Proxy, Settings, StartError};
use std::net::{IpAddr, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use support::{Bench, OK, Running, http, shown};

const GET: &str = "GET / HTTP/1.1\nHost: h\n\n";

#[test]
fn an_idle_connection_is_closed_in_time() {
    let quick = |settings: &mut Settings| settings.timeouts.keep_alive = Duration::from_millis(400);
    let running = Bench::new("").with(quick).answering(OK);
    let mut client = running.connect();
    client.send(&http(GET));
    client.expect(OK);
    assert_eq!(client.rest(), b"");
    // One that never says a word, too.
    assert_eq!(running.connect().rest(), b"");
    assert_eq!(running.end().len(), 1);
}

#[test]
fn empty_lines_between_requests_are_skipped() {
    let running = Bench::new("").answering(OK);
    let got = running.talk(&[http(GET), b"\r\n\r\n".to_vec(), http(GET)].concat());
    assert_eq!(shown(&got), shown(&http(OK).repeat(2)));
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let quick = |settings: &mut Settings| settings.timeouts.client_write = Duration::from_millis(40);
    let running = Bench::new("SecResponseBodyAccess Off").with(quick).conversing(|conversation| {
        conversation.request();
        conversation.send(&http("HTTP/1.1 200 OK\nContent-Length: 100000000\n\n"));
        let block = vec![b'x'; 1 << 16];
        while conversation.send(&block) {}
    });
    let mut client = running.connect();
    client.send(&http(GET));
    let exchange = running.exchange();
    assert!(exchange.error.unwrap().contains("the client is gone: timed out"));
    assert!(exchange.bytes_sent < 100_000_000);
}

#[test]
fn a_client_that_leaves_before_its_answer() {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let running = Bench::new("").conversing(move |conversation| {
        conversation.request();
        told.lock().unwrap().send(()).unwrap();
        conversation.send(&http(OK));
    });
    let mut client = running.connect();
    client.send(&http(GET));
    heard.recv().unwrap();
    drop(client);
    let exchange = running.exchange();
    // The answer may have been written before the departure was noticed.
    assert!(exchange.error.is_none_or(|error| error.contains("the client is gone")));
}

#[test]
fn a_worker_takes_no_more_connections_than_it_may() {
    let running = Bench::new("").with(|settings| settings.limits.connections_per_worker = 1).answering(OK);
    let mut first = running.connect();
    first.send(&http(GET));
    first.expect(OK);
    let mut second = running.connect();
    second.send(&http(GET));
    assert_eq!(running.notice(), Notice::ConnectionLimit { limit: 1 });
    drop(first);
    second.expect(OK);
}

#[test]
fn workers_share_an_address() {
    let running = Bench::new("").with(|settings| settings.workers = 4).answering(OK);
    let address = running.address;
    let clients: Vec<_> = (0..40).map(|_| running.connect()).collect();
    for mut client in clients {
        client.send(&http(GET));
        client.expect(OK);
    }
    // Nobody else can have it.
    let taken = Settings { listen: vec![address], ..Settings::default() };
    assert!(matches!(start(taken), Err(StartError::Bind { address: told, .. }) if told == address));
    assert!(matches!(start(Settings { listen: vec![], ..Settings::default() }), Err(StartError::NoAddress)));
    assert_eq!(running.end().len(), 40);
}

fn start(settings: Settings) -> Result<Proxy, StartError> {
    start_observed(settings, Arc::new(Panicking(Mutex::new(mpsc::channel().0))))
}

/// An observer that panics at every exchange, for want of another defect.
struct Panicking(Mutex<mpsc::Sender<Notice>>);

impl portcullis_proxy::Observer for Panicking {
    fn exchange(&self, _: portcullis_proxy::Exchange) {
        panic!("a defect");
    }

    fn notice(&self, notice: Notice) {
        let _ = self.0.lock().unwrap().send(notice);
    }
}

#[test]
fn a_defect_ends_one_connection_and_is_told() {
    let (told, heard) = mpsc::channel();
    let origin = portcullis_testkit::origin::Origin::answering(http(OK));
    let upstream = portcullis_proxy::UpstreamAddress::parse(&origin.address().to_string()).unwrap();
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let settings = Settings { listen, upstream, workers: 1, ..Settings::default() };
    let proxy = start_observed(settings, Arc::new(Panicking(Mutex::new(told)))).unwrap();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(proxy.addresses()[0]).unwrap();
        std::io::Write::write_all(&mut stream, &http(GET)).unwrap();
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut all).unwrap();
        assert_eq!(shown(&all), shown(&http(OK)));
        let client = stream.local_addr().unwrap();
        assert_eq!(heard.recv_timeout(Duration::from_secs(20)).unwrap(), Notice::Panicked { client });
    }
    proxy.shutdown(Duration::from_secs(20));
}

fn start_observed(settings: Settings, observer: Arc<Panicking>) -> Result<Proxy, StartError> {
    let rules =
        portcullis_testkit::rules::Source::new().text("r.conf", "").compile(Default::default()).unwrap();
    let store = portcullis_state::MemoryStore::new(Default::default());
    let rules = portcullis_proxy::SharedRules::new(Arc::new(rules));
    Proxy::start(settings, Arc::new(rules), Arc::new(store), observer)
}

#[test]
fn a_shutdown_finishes_what_runs_and_closes_what_is_idle() {
    let (asked, reached) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let (asked, wait) = (Mutex::new(asked), Mutex::new(wait));
    let mut running = Bench::new("").conversing(move |conversation| {
        while let Some(request) = conversation.request() {
            if request.starts_with(b"GET /slow") {
                asked.lock().unwrap().send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
            }
            conversation.send(&http(OK));
        }
    });
    let mut idle = running.connect();
    idle.send(&http(GET));
    idle.expect(OK);
    let mut busy = running.connect();
    busy.send(&http("GET /slow HTTP/1.1\nHost: h\n\n"));
    reached.recv().unwrap();
    let ending = shutdown(&mut running, Duration::from_secs(20));
    // The idle connection ends at once, and nobody new is taken.
    assert_eq!(idle.rest(), b"");
    while TcpStream::connect(running.address).is_ok() {}
    go_on.send(()).unwrap();
    busy.expect("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\nConnection: close\n\nhi");
    assert_eq!(busy.rest(), b"");
    drop(busy);
    ending.join().unwrap();
    assert!(running.exchange().error.is_none() && running.exchange().error.is_none());
}

#[test]
fn a_shutdown_does_not_wait_longer_than_it_may() {
    let (asked, reached) = mpsc::channel();
    let asked = Mutex::new(asked);
    let mut running = Bench::new("").conversing(move |conversation| {
        conversation.request();
        asked.lock().unwrap().send(()).unwrap();
        conversation.request();
    });
    let mut busy = running.connect();
    busy.send(&http(GET));
    reached.recv().unwrap();
    shutdown(&mut running, Duration::from_millis(20)).join().unwrap();
    assert_eq!(running.notice(), Notice::CutOff { connections: 1 });
    assert_eq!(busy.rest(), b"");
}

fn shutdown(running: &mut Running, grace: Duration) -> std::thread::JoinHandle<()> {
    let proxy = running.proxy.take().unwrap();
    std::thread::spawn(move || proxy.shutdown(grace))
}

#[test]
fn a_client_has_no_more_connections_than_its_rules_allow() {
    let rules = "SecConnReadStateLimit 1\nSecConnWriteStateLimit 1\n";
    let exceeded = Exceeded { state: ConnectionState::Reading, count: 2, limit: 1 };
    let client = IpAddr::from([127, 0, 0, 1]);

    let running = Bench::new(&format!("{rules}SecConnEngine On")).answering(OK);
    let mut first = running.connect();
    // It is closed without an answer, while the first has not said anything.
    assert_eq!(running.connect().rest(), b"");
    assert_eq!(running.notice(), Notice::TooManyConnections { client, exceeded, is_closed: true });
    first.send(&http(GET));
    first.expect(OK);
    // Between two requests a connection counts in neither state.
    let mut third = running.connect();
    third.send(&http(GET));
    third.expect(OK);
    running.end();

    let running = Bench::new(&format!("{rules}SecConnEngine DetectionOnly")).answering(OK);
    let _first = running.connect();
    let mut second = running.connect();
    assert_eq!(running.notice(), Notice::TooManyConnections { client, exceeded, is_closed: false });
    second.send(&http(GET));
    second.expect(OK);
    running.end();

    let exempt = "SecConnEngine On\nSecConnReadStateLimit 1 \"!@ipMatch 127.0.0.0/8\"";
    let running = Bench::new(exempt).answering(OK);
    let _first = running.connect();
    let mut second = running.connect();
    second.send(&http(GET));
    second.expect(OK);
}
