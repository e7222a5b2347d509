//! Pages of the site's own that are sent instead of ours.
//!
//! `pages.insert(403, b"<h1>No</h1>")` → a request that is refused with 403 gets that body, of type `text/html`. Status and
//! fields stay as they are, and what an origin answers is never replaced. The binary reads the pages with the site.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Bodies by status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorPages {
    pages: BTreeMap<u16, Vec<u8>>,
}

impl ErrorPages {
    /// Statuses that may have a page.
    pub const STATUSES: RangeInclusive<u16> = 300..=599;

    /// Whether a status may have a page: 499 says that the client is gone, so nobody would see it.
    pub fn takes(status: u16) -> bool {
        Self::STATUSES.contains(&status) && status != 499
    }

    /// Sets the page of a status. Nothing is set for one that [`ErrorPages::takes`] refuses, nor an empty page.
    pub fn insert(&mut self, status: u16, body: Vec<u8>) {
        if Self::takes(status) && !body.is_empty() {
            self.pages.insert(status, body);
        }
    }

    /// The page of a status.
    pub fn get(&self, status: u16) -> Option<&[u8]> {
        self.pages.get(&status).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorPages;

    #[test]
    fn only_redirects_and_errors_that_somebody_sees_have_pages() {
        let mut pages = ErrorPages::default();
        for status in [200, 299, 300, 403, 499, 599, 600] {
            pages.insert(status, status.to_string().into_bytes());
        }
        pages.insert(404, Vec::new());
        let found = |status| pages.get(status).is_some();
        assert_eq!(
            [299, 300, 403, 404, 499, 599, 600].map(found),
            [false, true, true, false, false, true, false]
        );
    }
}
