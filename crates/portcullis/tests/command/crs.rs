//! The unmodified OWASP CRS in front of an origin: laid down, loaded with its known counts, detecting, protecting.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{Origin, Portcullis, get, output, status};

/// Lays down the CRS of a corpus folder, checks it, starts it, and expects this line of counts. The six rules beyond the
/// CRS's own stand in `modsecurity.conf`.
fn starts(crs: &Path, counts: &str) -> (TempDir, Portcullis, std::net::SocketAddr) {
    let folder = TempDir::new().unwrap();
    let site = folder.path().join("site");
    let site = site.to_str().unwrap();
    assert!(output(&["init", site, "--crs", crs.to_str().unwrap()]).status.success());
    let check = output(&["check", site]);
    let said = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(check.status.success() && said.is_empty(), "{said}");
    let (mut process, address) = Portcullis::run(site, &Origin::start().url(), &[]);
    process.error_line(counts);
    (folder, process, address)
}

#[test]
fn crs_4_detects_and_protects() {
    let Some(crs) = portcullis_testkit::corpus::folder("crs-v4") else { return };
    let counts = "loaded 636 rules and 73 chain links from 28 files; phases 1 to 5: 175, 296, 43, 109, 13";
    let (folder, mut process, address) = starts(&crs, counts);
    let attack = "/?id=1%27%20OR%201=1--";
    assert_eq!(status(&get(address, attack)), 200);
    process.error_line("[id \"942100\"]");
    let verdict = process.error_line("[id \"949110\"]");
    assert!(verdict.contains("ModSecurity: Warning. "), "{verdict}");
    let site = folder.path().join("site");
    assert!(output(&["mode", site.to_str().unwrap(), "protect"]).status.success());
    process.error_line("engine DetectionOnly → On");
    assert_eq!(status(&get(address, attack)), 403);
    process.error_line("[id \"942100\"]");
    let verdict = process.error_line("[id \"949110\"]");
    assert!(verdict.contains("ModSecurity: Access denied with code 403 (phase 2). "), "{verdict}");
    assert_eq!(status(&get(address, "/?id=1")), 200);
}

#[test]
fn crs_3_loads_whole() {
    let Some(crs) = portcullis_testkit::corpus::folder("crs-v3") else { return };
    starts(&crs, "loaded 645 rules and 166 chain links from 34 files; phases 1 to 5: 152, 395, 25, 57, 16");
}

#[test]
fn crs_2_loads_whole() {
    let Some(crs) = portcullis_testkit::corpus::folder("crs-v2") else { return };
    starts(&crs, "loaded 381 rules and 114 chain links from 28 files; phases 1 to 5: 37, 267, 3, 45, 29");
}
