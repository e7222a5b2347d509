//! `portcullis run DIR`: wires site, rules, logs, collections and the data path, and stays until a signal ends it.
//!
//! ```text
//! flags, variables, portcullis.toml ─ loading ─▶ settings, rule set ─┬─▶ logs ─▶ Observer ─┐
//!                                                                   └─▶ SharedRules ──────┴─▶ Proxy::start
//! SIGHUP, changed files ─▶ reload    SIGUSR1 ─▶ reopen logs    SIGTERM, SIGINT ─▶ drain, flush, end
//! ```
//!
//! Nothing listens before everything else is ready: a site with errors, a log that cannot be opened or an address in use
//! ends the command with a sentence that says what to do.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use portcullis_console::Console;
use portcullis_engine::settings::AuditEngine;
use portcullis_proxy::{Proxy, SharedRules, StartError};
use portcullis_site::history::Source;

use super::USAGE;
use crate::collections::Collections;
use crate::console::{self, Board, Process};
use crate::container::{self, ContainerVariables};
use crate::control::Control;
use crate::event_store;
use crate::events::{self, Event};
use crate::findings;
use crate::loading::{self, Reading};
use crate::local_time;
use crate::logging::{Logging, SitePlan};
use crate::messages::{reason, say, show};
use crate::notify::ServiceManager;
use crate::reload::{Cause, Running};
use crate::settings::{self, Entry, Flags};
use crate::site_source::{self, Follower, SiteSource};
use crate::startup;
use crate::watch::Watcher;

/// How long the logs may take to write what they hold at the end.
const FLUSH_TIME: Duration = Duration::from_secs(5);

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site; with --repo, the folder where logs and data go
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Run this branch, tag or commit of the site's repository instead of its folder; nothing is checked out
    #[arg(long = "ref", value_name = "REV", conflicts_with = "repository")]
    revision: Option<String>,
    /// Run the site of a branch of this repository (a path, file://… or https://…) and follow it
    #[arg(long = "repo", value_name = "URL", env = "PORTCULLIS_REPO", hide_env_values = true)]
    repository: Option<String>,
    /// The branch to follow
    #[arg(long, value_name = "NAME", default_value = "main", requires = "repository")]
    branch: String,
    /// The site's folder in that repository
    #[arg(long, value_name = "PATH", requires = "repository")]
    folder: Option<PathBuf>,
    /// How often to look at the branch
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = poll_time, requires = "repository")]
    poll: Duration,
    /// Serve as a hosting platform expects: port 80, the origin next-hop:80, nothing written into the site, …;
    /// docs/hosting.md describes it
    #[arg(long)]
    platform: bool,
    /// Print every setting in force and where it stands, and end
    #[arg(long)]
    print_settings: bool,
    /// Run without the console
    #[arg(long, conflicts_with = "console")]
    no_console: bool,
    #[command(flatten)]
    settings: Flags,
}

/// `10s`, `500ms`, `2m`.
fn poll_time(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "write a number and a unit, as in `10s`".to_owned())?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("the unit is `ms`, `s` or `m`, as in `10s`".to_owned()),
    };
    if time < Duration::from_millis(100) { Err("at least 100ms".to_owned()) } else { Ok(time) }
}

/// Carries `run` out.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let root = arguments.site;
    let source = match (arguments.revision, arguments.repository) {
        (Some(revision), _) => SiteSource::Revision { root, revision },
        (None, Some(url)) => {
            site_source::make_folders(&root)?;
            let folder = arguments.folder.unwrap_or_default();
            SiteSource::follow(Source::open(&url, &arguments.branch, &folder, &root)?)?
        }
        (None, None) => SiteSource::Folder(root),
    };
    let mut entries = arguments.settings.entries;
    if arguments.no_console {
        entries.push(no_console());
    }
    if arguments.platform {
        entries.extend(settings::platform());
    }
    if arguments.print_settings {
        return print_settings(&source, entries);
    }
    serve(source, arguments.poll, entries, |_| {})
}

fn print_settings(source: &SiteSource, flags: Vec<Entry>) -> Result<ExitCode> {
    let variables = settings::read_variables();
    let container = container::read(std::env::vars_os());
    let (site, _) = source.open()?;
    let entries = [variables.entries, container.entries.clone(), flags].concat();
    let reading = loading::read_site(container.apply(site)?, entries);
    findings::print(&reading.diagnostics, &reading.sources);
    let errors = variables.errors.iter().chain(&container.errors);
    let mistakes: Vec<&String> = errors.chain(&reading.resolved.mistakes).collect();
    mistakes.iter().for_each(say);
    std::io::stdout().write_all(settings::shown(&reading.resolved).as_bytes())?;
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}

/// The setting that `--no-console` stands for.
pub fn no_console() -> Entry {
    settings::flag(("console", settings::Value::One("off".to_owned())))
}

/// Serves a site with the settings of these flags until a signal comes. `ready` is called once everything runs.
pub fn serve(
    source: SiteSource,
    poll: Duration,
    flags: Vec<Entry>,
    ready: impl FnOnce(&Proxy),
) -> Result<ExitCode> {
    let variables = settings::read_variables();
    let container = container::read(std::env::vars_os());
    variables.doubts.iter().chain(&container.told).for_each(say);
    let entries = [variables.entries, container.entries.clone(), flags].concat();
    let (site, commit) = source.open()?;
    let reading = loading::read_site(container.apply(site)?, entries.clone());
    let errors = variables.errors.iter().chain(&container.errors);
    let mistakes: Vec<&String> = errors.chain(&reading.resolved.mistakes).collect();
    mistakes.iter().for_each(say);
    if reading.failed() {
        findings::print(&reading.diagnostics, &reading.sources);
        say(format_args!("not started: {} has errors", source.root().display()));
        return Ok(ExitCode::FAILURE);
    }
    if !mistakes.is_empty() {
        return Ok(ExitCode::from(USAGE));
    }
    if let Some(commit) = &commit {
        say(format_args!("commit {} {:?}", commit.id.short(), commit.subject));
    }
    let (sender, events) = events::listen().context("cannot listen for signals")?;
    let watches = reading.resolved.settings.watch && source.is_folder();
    let watcher = watches.then(|| Watcher::start(sender.clone())).transpose();
    let watcher = watcher.context("cannot start the thread that watches files")?;
    let instance = reading.resolved.settings.instance_folder.clone();
    if let Some(folder) = &instance {
        site_source::make_folders(folder).context("name another place with --instance-folder")?;
    }
    let _control = Control::start(instance.as_deref().unwrap_or(source.root()), sender.clone())
        .inspect_err(|error| say(format_args!("`reload` will not reach this proxy: {}", reason(error))));
    let id = commit.as_ref().map(|commit| commit.id.to_string());
    let _follower = match (&source, commit) {
        (SiteSource::Branch(branch), Some(commit)) => {
            Some(Follower::start(Source::clone(branch), commit.id, poll, sender.clone())?)
        }
        _ => None,
    };
    let (proxy, running) = start(source, id, container, entries, reading, watcher)?;
    let console = start_console(&proxy, &running, sender)?;
    ready(&proxy);
    let mut manager = ServiceManager::of_environment();
    manager.ready(&running.status());
    let status = until_stopped(proxy, running, &events, &mut manager, console.as_ref());
    drop(console);
    Ok(status)
}

fn start_console(proxy: &Proxy, running: &Running, events: Sender<Event>) -> Result<Option<Console>> {
    let settings = &running.started.settings;
    let is_named = running.started.values.iter().any(|entry| entry.setting.name == "console");
    let process = Process {
        source: Arc::clone(&running.source),
        instance: running.instance.clone(),
        entries: running.entries.clone(),
        rules: Arc::clone(&running.rules),
        logging: Arc::clone(&running.logging),
        board: Arc::clone(&running.board),
        listening: proxy.addresses().iter().map(ToString::to_string).collect(),
        upstream: settings.proxy.upstream.to_string(),
        started: running.began,
        present: Mutex::default(),
        events: Mutex::new(events),
    };
    console::start(&settings.console, is_named, process)
}

fn start(
    source: SiteSource,
    commit: Option<String>,
    container: ContainerVariables,
    entries: Vec<Entry>,
    reading: Reading,
    watcher: Option<Watcher>,
) -> Result<(Proxy, Running)> {
    let Reading { resolved, rule_set, diagnostics, content, pages, looks, .. } = reading;
    let rules = rule_set.context("the site has errors")?;
    let root = source.root().to_path_buf();
    let settings = &resolved.settings;
    show(&startup::rules(&rules, &root));
    if !diagnostics.is_empty() {
        let command = crate::invocation::program();
        let summary = portcullis_seclang::summary(&diagnostics);
        say(format_args!("{summary}; `{command} check --warnings {}` shows them", root.display()));
    }
    let instance = settings.instance_folder.clone().unwrap_or_else(|| root.clone());
    let events = event_store::open(&settings.events, &instance);
    let logging = Arc::new(Logging::open(&settings.logs, events)?);
    let logs = SitePlan::of(rules.settings(), &settings.logs, &instance);
    if !logs.has_audit_log() && rules.settings().audit_engine != AuditEngine::Off {
        say("SecAuditEngine is not Off, but there is no SecAuditLog: no audit entry is written");
    }
    logging.set_site(logs.open()?);
    let shared = Arc::new(SharedRules::new(rules));
    if let Some(events) = logging.events() {
        events.set_places(Arc::new(event_store::PresentPlaces(Arc::clone(&shared))));
    }
    shared.replace_pages(pages);
    let collections = Collections::open(shared.load().settings(), &instance, settings.state)?;
    let mut proxy_settings = settings.proxy.clone();
    proxy_settings.utc_offset = local_time::utc_offset;
    let observer = Arc::clone(&logging);
    let proxy = Proxy::start(proxy_settings, Arc::clone(&shared), collections.store(), observer)
        .map_err(not_started)?;
    show(&format!("{}\n", startup::listening(&proxy.addresses(), &settings.proxy.upstream)));
    if let Some(watcher) = &watcher {
        watcher.watch(looks.paths(&root));
    }
    let board = Arc::new(Board::default());
    let running = Running {
        source: Arc::new(source),
        instance,
        board,
        container,
        entries,
        rules: shared,
        collections,
        logging,
        watcher,
        logs,
        looks,
        content,
        started: resolved.clone(),
        current: resolved,
        commit,
        began: jiff::Timestamp::now().as_second(),
        failed: None,
        told: String::new(),
    };
    running.post();
    Ok((proxy, running))
}

/// Why the data path does not start, and what to do.
fn not_started(error: StartError) -> anyhow::Error {
    match error {
        StartError::Bind { address, source } => {
            let help = match source.kind() {
                ErrorKind::AddrInUse => "stop what holds it, or name another address with --listen",
                ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege; name another with --listen"
                }
                ErrorKind::AddrNotAvailable => "this machine has no such address; name another with --listen",
                _ => "name another address with --listen",
            };
            anyhow!("cannot listen on {address}: {}; {help}", reason(&source))
        }
        other => other.into(),
    }
}

/// Acts on events until one of them is the end.
fn until_stopped(
    proxy: Proxy,
    mut running: Running,
    events: &Receiver<Event>,
    manager: &mut ServiceManager,
    console: Option<&Console>,
) -> ExitCode {
    let signal = loop {
        match events.recv() {
            Ok(Event::Reload) => {
                manager.reloading();
                running.logging.reopen();
                running.reload(Cause::Signal);
                manager.ready(&running.status());
                let link = console.and_then(Console::new_setup_link);
                link.iter().for_each(|link| console::show_link(link));
            }
            Ok(Event::Changed) => {
                running.reload(Cause::Files);
                manager.ready(&running.status());
            }
            Ok(Event::Asked(asker)) => {
                manager.reloading();
                running.logging.reopen();
                let is_good = running.reload(Cause::Asked);
                manager.ready(&running.status());
                asker.answer(&running.told, is_good);
            }
            Ok(Event::ReopenLogs) => {
                running.logging.reopen();
                say("logs opened anew (SIGUSR1)");
            }
            Ok(Event::Stop(signal)) => break signal,
            // The thread that hears signals is gone: nobody could end us any more.
            Err(_) => break "no signals",
        }
    };
    manager.stopping();
    let grace = running.current.settings.drain_time;
    say(format_args!("stopping ({signal}): requests that run have {} to finish", seconds(grace)));
    proxy.shutdown(grace);
    if !running.collections.save() {
        say("collections could not be saved: what changed in the last moments is lost");
    }
    let complete = running.logging.flush(FLUSH_TIME);
    if !complete {
        say(format_args!("the logs took longer than {} to write what they held", seconds(FLUSH_TIME)));
    }
    for (log, lost) in running.logging.losses() {
        say(format_args!("{log}: {lost} entries were lost since the start"));
    }
    say(format_args!("stopped after {}", running.logging.served()));
    ExitCode::SUCCESS
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}
