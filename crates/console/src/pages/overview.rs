//! The first page: what happens now, and whether anything needs somebody.

use askama::Template;
use axum::http::StatusCode;
use portcullis_insight::{Counts, Filter, Instance, Overview, Top, TopCountry, TopRule};
use portcullis_site::Mode;

use super::events::Row;
use super::{Page, render};
use crate::app::{App, now};
use crate::control::Status;
use crate::range::{RANGES, Range};
use crate::request::{Answer, Failure, Request, encoded};
use crate::view::{Chart, bytes, counted, grouped, moment, printable, share, span};

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    page: Page,
    range: Range,
    ranges: [Range; 4],
    sentence: String,
    process: Process,
    /// Those that share the event store; none where it is a file.
    instances: Vec<Sharing>,
    seen: Option<Seen>,
    /// Why nothing is seen.
    unseen: String,
}

/// What the store tells.
struct Seen {
    figures: Vec<Figure>,
    parts: Vec<Part>,
    chart: Chart,
    chart_text: String,
    marks: Vec<String>,
    top: String,
    middle: String,
    latest: Vec<Row>,
    lists: Vec<List>,
    more: Vec<(&'static str, String)>,
}

struct Figure {
    class: &'static str,
    number: String,
    share: String,
    word: &'static str,
    link: String,
}

/// A stretch of the bar that shares the whole.
struct Part {
    class: &'static str,
    x: String,
    width: String,
}

/// A list of tops.
pub(super) struct List {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// Link, name, what it says, how many, and how long its bar is of 80.
    pub(super) rows: Vec<(String, String, String, String, String)>,
}

/// An instance that shares the event store.
struct Sharing {
    name: String,
    version: String,
    /// The commit, or the content where none is known.
    rules: String,
    mode: String,
    requests: String,
    matched: String,
    seen: String,
    /// What is wrong with it; empty when nothing is.
    doubt: &'static str,
}

/// The process itself.
struct Process {
    facts: Vec<(&'static str, String)>,
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Overview", "overview")?;
    let range = Range::of(request)?;
    let status = app.status();
    let seen = app.events().and_then(|events| {
        let overview = events.overview(range.window())?;
        let latest = events.list(&Filter::default(), None, 8)?;
        let instances = events.instances(range.window())?;
        Ok((overview, latest.items.iter().map(Row::of).collect::<Vec<_>>(), instances))
    });
    let (seen, sentence, instances, unseen) = match seen {
        Ok((overview, latest, instances)) => {
            let sentence = sentence(&overview.totals, &status, range);
            let instances = instances.iter().map(|instance| Sharing::of(instance, &status)).collect();
            let mut seen = Seen::of(&overview, latest, range);
            name_countries(app, &mut seen.lists);
            (Some(seen), sentence, instances, String::new())
        }
        Err(failure) => {
            let sentence = format!("{} requests since the start.", grouped(status.served));
            (None, sentence, Vec::new(), failure.message)
        }
    };
    let process = Process::of(&status);
    let ranges = RANGES;
    render(StatusCode::OK, &OverviewPage { page, range, ranges, sentence, process, instances, seen, unseen })
}

fn sentence(totals: &Counts, status: &Status, range: Range) -> String {
    let blocked = match (totals.blocked, status.mode) {
        (0, Some(Mode::Detect)) => "Nothing was blocked: this site detects only.".to_owned(),
        (0, Some(Mode::Off)) => "Nothing was blocked: the rules are off.".to_owned(),
        (0, _) => "Nothing was blocked.".to_owned(),
        (1, _) => "One was blocked.".to_owned(),
        (count, _) => format!("{} were blocked.", grouped(count)),
    };
    let requests = counted(usize::try_from(totals.requests).unwrap_or(usize::MAX), "request");
    format!("{requests} in the last {}. {blocked}", range.text)
}

impl Seen {
    fn of(overview: &Overview, latest: Vec<Row>, range: Range) -> Self {
        let totals = overview.totals;
        let kinds = [
            ("blocked", totals.blocked, "Blocked", "blocked"),
            ("would", totals.would_be_blocked, "Would have been blocked", "would_be_blocked"),
            ("mid-tone", totals.below_threshold, "Matched, below threshold", "below_threshold"),
            ("quiet-tone", totals.passed, "Passed, no match", ""),
            ("quiet-tone", totals.errors, "Failed without a match", ""),
        ];
        let link = |verdict: &str| match verdict {
            "" => String::new(),
            verdict => format!("/events?range={}&verdict={verdict}", range.word),
        };
        let figures = kinds.iter().map(|(class, count, word, verdict)| Figure {
            class,
            number: grouped(*count),
            share: share(*count, totals.requests),
            word,
            link: link(verdict),
        });
        let buckets: Vec<_> = overview.buckets.iter().map(|bucket| bars(&bucket.counts)).collect();
        let chart = Chart::of(&buckets);
        let peak = overview.buckets.iter().max_by_key(|bucket| matched(&bucket.counts));
        let peak = peak.filter(|bucket| matched(&bucket.counts) > 0).map_or_else(
            || "no request matched a rule".to_owned(),
            |bucket| {
                let at = moment(bucket.start_micros.div_euclid(1_000_000));
                format!("at most {} at {at}", grouped(matched(&bucket.counts)))
            },
        );
        let minutes = i64::from(overview.bucket_minutes) * 60;
        let marks = [0, 1, 2, 3].map(|part| overview.buckets.get(overview.buckets.len() * part / 4));
        let marks = marks.into_iter().flatten().map(|bucket| mark(bucket.start_micros, range));
        Self {
            figures: figures.collect(),
            parts: parts(&kinds.map(|(class, count, ..)| (class, count)), totals.requests),
            chart_text: format!("Requests that matched rules, per {}: {peak}.", span(minutes)),
            top: grouped(chart.top),
            middle: grouped(chart.top / 2),
            chart,
            marks: marks.chain(["now".to_owned()]).collect(),
            latest,
            lists: lists(&overview.rules, &overview.paths, &overview.clients, &overview.countries, range),
            more: vec![
                ("Answered 4xx", grouped(totals.client_errors)),
                ("Answered 5xx", grouped(totals.server_errors)),
                ("Entries in the audit log", grouped(totals.audited)),
                ("From the origin", bytes(totals.upstream_bytes)),
                ("From clients", bytes(totals.bytes_received)),
                ("To clients", bytes(totals.bytes_sent)),
                ("Origin takes", mean(&totals)),
            ],
        }
    }
}

fn matched(counts: &Counts) -> u64 {
    counts.blocked + counts.would_be_blocked + counts.below_threshold
}

fn bars(counts: &Counts) -> [(&'static str, u64); 3] {
    [("mid-tone", counts.below_threshold), ("would", counts.would_be_blocked), ("blocked", counts.blocked)]
}

/// The label below a bucket: a time of day, or a day where there are many.
fn mark(micros: i64, range: Range) -> String {
    let text = moment(micros.div_euclid(1_000_000));
    let part = if matches!(range.word, "hour" | "day") { text.get(11..16) } else { text.get(5..10) };
    part.unwrap_or_default().to_owned()
}

fn mean(totals: &Counts) -> String {
    match totals.upstream_micros.checked_div(totals.upstream_requests) {
        Some(micros) => format!("{}.{} ms on average", grouped(micros / 1000), micros % 1000 / 100),
        None => "not asked".to_owned(),
    }
}

/// The bar that shares the whole, 1,000 wide; what counts anything is seen.
fn parts(kinds: &[(&'static str, u64)], whole: u64) -> Vec<Part> {
    let mut at = 0.0;
    let mut parts = Vec::new();
    for (class, count) in kinds.iter().filter(|(_, count)| *count > 0) {
        let width = (*count as f64 / whole.max(1) as f64 * 1000.0).max(2.0);
        parts.push(Part { class, x: format!("{at:.1}"), width: format!("{width:.1}") });
        at += width;
    }
    parts
}

/// Says below clients which country they are in, where that is known.
pub(super) fn name_countries(app: &App, lists: &mut [List]) {
    let clients = lists.iter_mut().filter(|list| list.id == "top-clients").flat_map(|list| &mut list.rows);
    for (_, address, text, ..) in clients {
        *text = app.control.country(address).unwrap_or_default();
    }
}

/// The lists of tops.
pub(super) fn lists(
    rules: &[TopRule],
    paths: &[Top],
    clients: &[Top],
    countries: &[TopCountry],
    range: Range,
) -> Vec<List> {
    let address = |field: &str, value: &str| {
        let quote = if value.contains(char::is_whitespace) { "\"" } else { "" };
        format!("/events?range={}&q={}", range.word, encoded(&format!("{field}:{quote}{value}{quote}")))
    };
    let length = |events: u64, most: u64| format!("{:.1}", events as f64 / most.max(1) as f64 * 80.0);
    let most = rules.iter().map(|rule| rule.events).max().unwrap_or(0);
    let of_rule = |rule: &TopRule| {
        let id = rule.rule.to_string();
        let message = printable(rule.message.as_slice(), 200);
        (address("rule", &id), id, message, grouped(rule.events), length(rule.events, most))
    };
    let of_top = |field: &'static str, tops: &[Top]| {
        let most = tops.iter().map(|top| top.events).max().unwrap_or(0);
        let row = |top: &Top| {
            let link = address(field, &top.name.to_string());
            let name = printable(top.name.as_slice(), 200);
            (link, name, String::new(), grouped(top.events), length(top.events, most))
        };
        tops.iter().map(row).collect::<Vec<_>>()
    };
    let most_of_country = countries.iter().map(|top| top.events).max().unwrap_or(0);
    let of_country = |top: &TopCountry| {
        let (link, name) = (address("country", &top.code), top.name.clone());
        (link, name, String::new(), grouped(top.events), length(top.events, most_of_country))
    };
    let countries =
        List { id: "top-countries", title: "Countries", rows: countries.iter().map(of_country).collect() };
    let known = (!countries.rows.is_empty()).then_some(countries);
    let lists = vec![
        List { id: "top-rules", title: "Rules that match most", rows: rules.iter().map(of_rule).collect() },
        List { id: "top-paths", title: "Paths", rows: of_top("path", paths) },
        List { id: "top-clients", title: "Clients", rows: of_top("client", clients) },
    ];
    lists.into_iter().chain(known).collect()
}

/// An instance that says nothing for so long is probably gone: it speaks every few seconds.
const SILENT_MICROS: u64 = 30_000_000;

impl Sharing {
    fn of(instance: &Instance, here: &Status) -> Self {
        let mut rules = instance.commit.clone().unwrap_or_else(|| instance.rules.clone());
        rules.truncate(16);
        let doubt = if instance.silent_micros > SILENT_MICROS {
            "not heard of"
        } else if instance.rules != here.fingerprint {
            "other rules than here"
        } else if instance.version != here.version {
            "another version than here"
        } else if instance.lost > 0 {
            "it lost events"
        } else {
            ""
        };
        let seconds = i64::try_from(instance.silent_micros / 1_000_000).unwrap_or(i64::MAX);
        Self {
            name: instance.name.clone(),
            version: instance.version.clone(),
            rules,
            mode: instance.mode.clone(),
            requests: grouped(instance.counts.requests),
            matched: grouped(matched(&instance.counts)),
            seen: if instance.seen_micros == 0 {
                "never".to_owned()
            } else {
                format!("{} ago", span(seconds))
            },
            doubt,
        }
    }
}

impl Process {
    fn of(status: &Status) -> Self {
        let mut fingerprint = status.fingerprint.clone();
        fingerprint.truncate(16);
        Self {
            facts: vec![
                ("Rules in force", format!("{}, content {fingerprint}", counted(status.rules, "rule"))),
                ("Running", format!("Portcullis {} for {}", status.version, span(now() - status.started))),
                ("Requests", format!("{} since the start", grouped(status.served))),
                ("Listens on", status.listening.join(", ")),
                ("Origin", status.upstream.clone()),
            ],
        }
    }
}
