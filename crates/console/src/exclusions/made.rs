//! Who made an exclusion, and when: the oldest commit since which its text has stood in its file.

use std::collections::BTreeMap;

use portcullis_site::Site;
use portcullis_site::history::History;

use super::Exclusion;
use crate::change::LONGEST_FILE;
use crate::request::Failure;

/// Commits that are looked through. What is older than these shows the oldest of them as not its own.
const MOST: usize = 200;

/// The commit that brought an exclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Its id.
    pub(crate) commit: String,
    /// Who made it.
    pub(crate) author: String,
    /// Seconds since the Unix epoch.
    pub(crate) seconds: i64,
}

/// For each exclusion its commit; `None` for what is not committed, lies further back than we look, or has no history.
pub(crate) fn made(site: &Site, exclusions: &[Exclusion]) -> Result<Vec<Option<Made>>, Failure> {
    let mut found: Vec<Option<Made>> = vec![None; exclusions.len()];
    let Some(history) = History::of(site.root())?.filter(|_| !exclusions.is_empty()) else {
        return Ok(found);
    };
    let entries = history.entries(MOST)?;
    // Which of them were in every commit so far, newest first.
    let mut standing: Vec<usize> = (0..exclusions.len()).collect();
    for entry in &entries {
        let (then, _) = history.site_at(&entry.id.to_string())?;
        let mut texts: BTreeMap<&str, String> = BTreeMap::new();
        for one in standing.iter().filter_map(|at| exclusions.get(*at)) {
            if !texts.contains_key(one.path.as_str()) {
                let text = then.read_file(&one.path, LONGEST_FILE)?.unwrap_or_default();
                texts.insert(&one.path, String::from_utf8_lossy(&text).into_owned());
            }
        }
        standing.retain(|at| {
            let one = exclusions.get(*at);
            let stood = one
                .is_some_and(|one| texts.get(one.path.as_str()).is_some_and(|text| text.contains(&one.text)));
            if stood && let Some(place) = found.get_mut(*at) {
                let (commit, author) = (entry.id.to_string(), entry.author.clone());
                *place = Some(Made { commit, author, seconds: entry.seconds });
            }
            stood
        });
        if standing.is_empty() {
            return Ok(found);
        }
    }
    if entries.len() == MOST {
        standing.iter().for_each(|at| found.get_mut(*at).into_iter().for_each(|place| *place = None));
    }
    Ok(found)
}
