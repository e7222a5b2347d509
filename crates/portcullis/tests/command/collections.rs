//! Persistent collections: they survive a restart where the site says `SecDataDir`, and only there.

use crate::support::{Origin, Portcullis, Site, get, status};

/// Denies the third request of an address.
const RULES: &str = "\
SecAction \"id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.seen=+1,expirevar:ip.seen=600\"
SecRule IP:SEEN \"@gt 2\" \"id:2,phase:1,deny,status:429,log,logdata:'%{ip.seen}'\"
";

fn visit_twice(site: &Site, origin: &Origin) -> [u16; 2] {
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    let answers = [(); 2].map(|()| status(&get(address, "/")));
    let (ended, said) = process.stop();
    assert!(ended.success(), "{said}");
    answers
}

#[test]
fn they_survive_a_restart_on_disk() {
    let (site, origin) = (Site::with("SecRuleEngine On\nSecDataDir data\n", RULES), Origin::start());
    assert_eq!(visit_twice(&site, &origin), [200, 200]);
    assert_eq!(visit_twice(&site, &origin), [429, 429]);
    assert!(site.path("data/collections.redb").is_file());
}

#[test]
fn they_end_with_the_process_in_memory() {
    let (site, origin) = (Site::with("SecRuleEngine On\n", RULES), Origin::start());
    assert_eq!(visit_twice(&site, &origin), [200, 200]);
    assert_eq!(visit_twice(&site, &origin), [200, 200]);
}

#[test]
fn a_second_process_of_the_site_is_refused() {
    let (site, origin) = (Site::with("SecRuleEngine On\nSecDataDir data\n", RULES), Origin::start());
    let (first, _) = Portcullis::run(site.argument(), &origin.url(), &[]);
    let arguments = ["run", site.argument(), "--listen", "127.0.0.1:0", "--upstream", &origin.url()];
    let mut second = Portcullis::start(&arguments);
    second.error_line("collections.redb` is in use by another process; one process at a time");
    assert!(!second.end().0.success());
    assert!(first.stop().0.success());
}
