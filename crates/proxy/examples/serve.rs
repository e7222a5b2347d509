//! The data path alone, for measuring: `serve RULES LISTEN UPSTREAM [WORKERS]` runs until it is killed and logs nothing.
//!
//! `echo SecRuleEngine Off > off.conf; serve off.conf 127.0.0.1:8080 127.0.0.1:9000 1`

use portcullis_engine::Compatibility;
use portcullis_proxy::{Exchange, Notice, Observer, Proxy, Settings, SharedRules, UpstreamAddress};
use portcullis_state::{Limits, MemoryStore};
use portcullis_testkit::rules::Source;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Silent;

impl Observer for Silent {
    fn exchange(&self, _: Exchange) {}

    fn notice(&self, notice: Notice) {
        eprintln!("{notice}");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rules, listen, upstream, workers @ ..] = arguments.as_slice() else {
        return Err("usage: serve RULES LISTEN UPSTREAM [WORKERS]".into());
    };
    let settings = Settings {
        listen: vec![listen.parse()?],
        upstream: UpstreamAddress::parse(upstream)?,
        workers: workers.first().map_or(Ok(0), |count| count.parse())?,
        ..Settings::default()
    };
    let rules = Arc::new(Source::new().file(rules).compile(Compatibility::default())?);
    let store = Arc::new(MemoryStore::new(Limits::default()));
    let proxy = Proxy::start(settings, Arc::new(SharedRules::new(rules)), store, Arc::new(Silent))?;
    println!("{:?} pid {}", proxy.addresses(), std::process::id());
    loop {
        std::thread::park();
    }
}
