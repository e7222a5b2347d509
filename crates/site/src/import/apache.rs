//! What of Apache's configuration is not rules: its modules, where it listens, what it forwards to.
//!
//! `LoadModule ssl_module …/mod_ssl.so` → `<IfModule ssl_module>` and `<IfModule mod_ssl.c>` hold. Modules are looked for in the main file and in the `*.load` files
//! beside it, as Debian lays them; others count as missing.

use std::path::Path;

use portcullis_seclang::{Directive, Item, Sources, parse_file};

use super::files::Tree;
use super::{Draft, Fate};

/// The names of loaded modules, in both forms; empty when it is not Apache's configuration.
pub(super) fn modules(tree: &Tree, entry: &Path) -> Vec<String> {
    let folder = entry.parent().unwrap_or(Path::new("/"));
    let mut files = vec![entry.to_path_buf()];
    for pattern in ["mods-enabled/*.load", "conf.modules.d/*.conf", "../conf.modules.d/*.conf"] {
        files.extend(tree.matching(&folder.join(pattern)));
    }
    let mut names = Vec::new();
    for path in files {
        let mut sources = Sources::default();
        let id = sources.add(path.clone(), tree.bytes(&path).unwrap_or_default());
        collect(&parse_file(&sources, id, &mut Vec::new()), &mut names);
    }
    names
}

fn collect(items: &[Item], names: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Section(section) => collect(&section.items, names),
            Item::Directive(directive) if directive.name.value.eq_ignore_ascii_case("LoadModule") => {
                let [name, file, ..] = directive.args.as_slice() else { continue };
                names.push(name.lossy().into_owned());
                let file = file.lossy();
                if let Some(stem) = file.rsplit('/').next().and_then(|file| file.strip_suffix(".so")) {
                    names.push(format!("{stem}.c"));
                }
            }
            Item::Directive(_) => {}
        }
    }
}

/// Reads a directive that is none of ModSecurity's. `true` when it says something about the proxy.
pub(super) fn proxy(directive: &Directive, place: &str, draft: &mut Draft) -> bool {
    let words: Vec<String> = directive.args.iter().map(|word| word.lossy().into_owned()).collect();
    match (directive.name.value.to_ascii_lowercase().as_str(), words.as_slice()) {
        ("listen", [address, protocol @ ..]) => {
            if protocol.iter().any(|word| word.eq_ignore_ascii_case("https")) || address.ends_with("443") {
                draft.note(
                    Fate::LeftOut,
                    place,
                    format!("Listen {address}: TLS is ended in front of the proxy"),
                );
            } else {
                let address =
                    if address.contains(':') { address.clone() } else { format!("0.0.0.0:{address}") };
                draft.proxy.listen.push(address);
            }
            true
        }
        ("proxypass", [path, target, ..]) if path == "/" && target.starts_with("http://") => {
            let target = target.trim_end_matches('/').to_owned();
            if !draft.proxy.upstream.contains(&target) {
                draft.proxy.upstream.push(target);
            }
            true
        }
        ("proxypass" | "proxypassmatch", _) => {
            draft.note(
                Fate::LeftOut,
                place,
                format!("ProxyPass {}: only `/` to one http:// origin is forwarded", words.join(" ")),
            );
            true
        }
        _ => false,
    }
}
