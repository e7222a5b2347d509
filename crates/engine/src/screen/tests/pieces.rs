//! A few rules at a time of the public rule sets, through both evaluators.
//!
//! Ten to forty rules of OWASP CRS 4, 3 or 2.2.9, whole chains, in the order of their files → hundreds of requests made from
//! what these very rules look for: matches of their expressions, near misses, the attacks of the rule sets' tests, mutated.
//! Few rules make the plain evaluation cheap, so a run gets through many more transactions than with a whole rule set.
//! `PORTCULLIS_SCREEN_TRANSACTIONS` and `PORTCULLIS_SCREEN_SEED` are as in `transactions`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_operators::Test;
use portcullis_seclang::{Item, Loaded, Loader as _, Style, load, parse_actions, parse_operator, render};
use portcullis_testkit::corpus;

use super::operators::{attacks, compile as operator, value_for};
use super::random::Random;
use super::requests::{Message, message};
use super::transactions::{Text, difference, random, transactions};
use crate::{Compatibility, Environment, RuleSet, Workspace, compile};

/// What a rule set's rules expect to be told first, with the highest paranoia level. Of the first two lines one is left out.
const SET_UP: &str = r#"
SecRuleEngine DetectionOnly
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/html
SecRule REQUEST_HEADERS:Content-Type "json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:Content-Type "xml" "id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"
SecAction "id:3,phase:1,pass,nolog,setvar:tx.detection_paranoia_level=4,setvar:tx.blocking_paranoia_level=4,\
setvar:tx.paranoia_level=4,setvar:tx.executing_paranoia_level=4,setvar:tx.critical_anomaly_score=5,\
setvar:tx.error_anomaly_score=4,setvar:tx.warning_anomaly_score=3,setvar:tx.notice_anomaly_score=2,\
setvar:tx.arg_name_length=8,setvar:tx.arg_length=40,setvar:tx.max_num_args=2,setvar:tx.total_arg_length=60,\
setvar:'tx.allowed_methods=GET HEAD',setvar:'tx.allowed_http_versions=HTTP/1.1',\
setvar:'tx.restricted_extensions=.php/ .bak/',setvar:'tx.restricted_headers=/x-test/ /accept/',\
setvar:'tx.allowed_request_content_type=|text/xml|'"
"#;

/// What stays together: a directive, or a rule with the links of its chain.
struct Piece {
    items: Vec<Item>,
    /// The operators of its rules, to make values from.
    operators: Vec<Box<dyn Test>>,
    /// No rule before it has its id, and nothing is missing.
    is_complete: bool,
}

struct Public {
    name: &'static str,
    loaded: Loaded,
    set_up: Vec<Item>,
    pieces: Vec<Piece>,
}

impl Public {
    fn new(name: &'static str, folders: &[&str]) -> Option<Self> {
        let folder = corpus::folder(name)?;
        let mut text = SET_UP.to_owned();
        for file in folders.iter().filter_map(|name| corpus::files(&folder.join(name), "conf")).flatten() {
            text += &format!("Include {}\n", file.display());
        }
        let loader = Text(&text);
        let environment =
            portcullis_seclang::Environment { loader: &loader, module: &|_| true, define: &|_| false };
        let loaded = load(&[PathBuf::from("test.conf")], &environment);
        assert!(!loaded.has_errors(), "{}", render(&loaded.diagnostics, &loaded.sources, Style::default()));
        let count = SET_UP.matches("\nSec").count();
        let (set_up, rules) = loaded.items.split_at(count);
        let (set_up, pieces) = (set_up.to_vec(), pieces(rules, &loaded));
        assert!(pieces.len() > 100, "{name} has {} rules", pieces.len());
        Some(Self { name, loaded, set_up, pieces })
    }

    /// Some of the pieces, in their order.
    fn draw(&self, random: &mut Random) -> Vec<usize> {
        let mut drawn: Vec<_> = (0..10 + random.below(31)).map(|_| random.below(self.pieces.len())).collect();
        drawn.sort_unstable();
        drawn.dedup();
        drawn
    }

    fn compile(&self, blocks: bool, drawn: &[usize]) -> Arc<RuleSet> {
        let left_out = if blocks { 0 } else { 1 };
        let set_up = self.set_up.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, item)| item);
        let rules = drawn.iter().flat_map(|piece| &self.pieces[*piece].items);
        let items: Vec<_> = set_up.chain(rules).cloned().collect();
        let read_file = |path: &Path| Text("").read(path).map_err(|error| error.to_string());
        let environment = Environment {
            read_file: &read_file,
            variables: &[],
            secret: [0; 32],
            compatibility: Compatibility::default(),
        };
        let (rules, diagnostics) = compile(&items, &self.loaded.sources, &environment);
        let told = || render(&diagnostics, &self.loaded.sources, Style::default());
        Arc::new(rules.unwrap_or_else(|| panic!("{}\n{}", self.text(drawn), told())))
    }

    /// Fails with the fewest pieces that still decide otherwise.
    fn fail(&self, blocks: bool, drawn: &[usize], message: &Message, why: &str) -> ! {
        let mut drawn = drawn.to_vec();
        let mut why = format!("(with an old workspace only)\n{why}");
        for at in (0..drawn.len()).rev() {
            let fewer: Vec<_> = [&drawn[..at], &drawn[at + 1..]].concat();
            let rules = self.compile(blocks, &fewer);
            if let Err(still) = difference(&rules, message, &mut Workspace::default()) {
                (drawn, why) = (fewer, still);
            }
        }
        panic!("{why}\nblocks: {blocks}\n{}\n{message:?}", self.text(&drawn));
    }

    /// The source of some pieces.
    fn text(&self, drawn: &[usize]) -> String {
        let items = drawn.iter().flat_map(|piece| &self.pieces[*piece].items);
        let spans = items.filter_map(|item| match item {
            Item::Directive(directive) => Some(directive.span),
            Item::Section(_) => None,
        });
        spans
            .map(|span| String::from_utf8_lossy(self.loaded.sources.text(span)).into_owned() + "\n")
            .collect()
    }

    /// Values that the rules of some pieces match, or almost, and a few attacks.
    fn values(&self, drawn: &[usize], attacks: &[Vec<u8>], random: &mut Random) -> Vec<Vec<u8>> {
        let operators: Vec<_> = drawn.iter().flat_map(|piece| &self.pieces[*piece].operators).collect();
        let mut values: Vec<_> = operators
            .iter()
            .flat_map(|operator| [operator, operator])
            .map(|one| value_for(one.as_ref(), random))
            .collect();
        for _ in 0..if attacks.is_empty() { 0 } else { 20 } {
            values.push(attacks[random.below(attacks.len())].clone());
        }
        for at in 0..values.len() {
            let neighbour = mutated(&values[at], random);
            values.push(neighbour);
        }
        values
    }
}

/// A value with a byte changed, left out, doubled or put in, or in other letters.
fn mutated(value: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = value.to_vec();
    if out.is_empty() {
        return b" ".to_vec();
    }
    let at = random.below(out.len());
    match random.below(6) {
        0 => out[at] = random.below(256) as u8,
        1 => drop(out.remove(at)),
        2 => out.insert(at, out[at]),
        3 => out.insert(at, b" \0%+/*'\"\\\n"[random.below(10)]),
        4 => out.make_ascii_uppercase(),
        _ => out.truncate(at),
    }
    out
}

/// The rules and actions of a rule set, each with its chain. Everything else is left out: where a marker is missing, what
/// skips to it ends the phase, in both evaluators.
fn pieces(items: &[Item], loaded: &Loaded) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut ids = HashSet::new();
    let mut open = false;
    for item in items {
        let Item::Directive(directive) = item else { continue };
        let actions = match (directive.name.value.as_str(), directive.args.as_slice()) {
            ("SecRule", [_, _, actions, ..]) | ("SecAction", [actions, ..]) => Some(actions),
            ("SecRule", _) => None,
            _ => continue,
        };
        if !open {
            pieces.push(Piece { items: Vec::new(), operators: Vec::new(), is_complete: true });
        }
        let Some(piece) = pieces.last_mut() else { continue };
        piece.items.push(item.clone());
        if let [_, test, ..] = directive.args.as_slice() {
            let test = parse_operator(test);
            let name = test.name.map_or("rx".to_owned(), |name| name.value);
            let file = loaded.sources.path(directive.span.file);
            let folder = file.parent().unwrap_or(Path::new("/"));
            piece.operators.extend(operator(&name, &test.argument.value, folder));
        }
        let actions = actions.and_then(|actions| parse_actions(actions).ok()).unwrap_or_default();
        open = actions.iter().any(|action| action.name.value == "chain");
        // Scripts that the folders do not hold.
        piece.is_complete &= actions.iter().all(|action| action.name.value != "exec");
        let id = actions.into_iter().find(|action| action.name.value == "id").and_then(|action| action.value);
        piece.is_complete &= id.is_none_or(|id| ids.insert(id.value));
    }
    // Some of version 2 have the id of another.
    pieces.retain(|piece| piece.is_complete);
    pieces
}

#[test]
fn pieces_of_public_rule_sets_decide_alike() {
    let attacks = corpus::folder("crs-v4").map(|folder| attacks(&folder)).unwrap_or_default();
    let of_each = if transactions() > 100_000 { 400 } else { 40 };
    let sets: [(_, &[&str]); 3] =
        [("crs-v4", &["rules"]), ("crs-v3", &["rules"]), ("crs-v2", &["base_rules", "optional_rules"])];
    for (name, folders) in sets {
        let Some(public) = Public::new(name, folders) else { continue };
        let mut random = random(0x91ec_e5a1);
        let mut workspace = Workspace::new();
        let (mut ran, mut matched) = (0, 0);
        while ran < transactions() / 3 {
            let (drawn, blocks) = (public.draw(&mut random), random.below(2) == 0);
            let rules = public.compile(blocks, &drawn);
            let values = public.values(&drawn, &attacks, &mut random);
            for _ in 0..of_each {
                let message = message(&mut random, &values);
                matched += difference(&rules, &message, &mut workspace)
                    .unwrap_or_else(|why| public.fail(blocks, &drawn, &message, &why));
                ran += 1;
            }
        }
        println!("{}: {ran} transactions, {matched} with a match", public.name);
        assert!(matched * 5 > ran, "too few matches to mean anything");
    }
}
