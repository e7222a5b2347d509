//! `import` of server configurations that are written here: laid out as Debian's packages, nginx and the CRS's container lay them.

#[path = "support/laid_down.rs"]
mod laid_down;

use std::fs;
use std::path::Path;

use portcullis_site::import::{Fate, ImportSource, Imported, REPORT, import};
use portcullis_site::{ACTIVATED_RULES, Mode, Site};
use tempfile::TempDir;

const SETTINGS: &str = "# head\n#listen = [\"127.0.0.1:8080\"]\n#upstream = \"http://127.0.0.1:3000\"\n";

/// Lays files down under a root, imports `from` below it.
fn imported(case: &str, from: &str) -> (TempDir, Imported) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("machine");
    laid_down::build(&root, case);
    let source = ImportSource { from: root.join(from.trim_start_matches('/')), root: Some(root.clone()) };
    let imported = import(&folder.path().join("site"), &source, SETTINGS).unwrap();
    (folder, imported)
}

fn read(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join("site").join(path)).unwrap()
}

fn notes(imported: &Imported, fate: Fate) -> String {
    let notes = imported.notes.iter().filter(|note| note.fate == fate);
    notes.map(|note| format!("{}: {}\n", note.place, note.text)).collect()
}

fn activated(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("site").join(ACTIVATED_RULES)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The ids of the rules that run, in order.
fn ids(folder: &TempDir) -> Vec<u64> {
    let loaded = Site::open(folder.path().join("site")).unwrap().load(Default::default());
    let drawn = portcullis_seclang::render(&loaded.diagnostics, &loaded.sources, Default::default());
    let rules = loaded.rule_set.unwrap_or_else(|| panic!("{drawn}"));
    rules.active_rules().filter_map(|rule| rule.id()).collect()
}

const APACHE: &str = "\
=== etc/apache2/apache2.conf
ServerRoot /etc/apache2
Timeout 300
IncludeOptional mods-enabled/*.load
IncludeOptional mods-enabled/*.conf
Include ports.conf
IncludeOptional sites-enabled/*.conf
=== etc/apache2/ports.conf
Listen 80
<IfModule ssl_module>
Listen 443
</IfModule>
=== etc/apache2/mods-available/security2.load
LoadModule security2_module /usr/lib/apache2/modules/mod_security2.so
=== etc/apache2/mods-available/security2.conf
<IfModule security2_module>
	# Debian's folder
	SecDataDir /var/cache/modsecurity
	IncludeOptional /etc/modsecurity/*.conf
	IncludeOptional /usr/share/crs/*.load
	<IfModule mod_absent.c>
		SecRuleEngine Off
	</IfModule>
</IfModule>
=== folder etc/apache2/mods-enabled
=== link etc/apache2/mods-enabled/security2.load -> ../mods-available/security2.load
=== link etc/apache2/mods-enabled/security2.conf -> ../mods-available/security2.conf
=== etc/modsecurity/modsecurity.conf
# Settings, with a comment
SecRuleEngine On
SecRequestBodyAccess On
SecAuditLog /var/log/apache2/modsec_audit.log
SecUnicodeMapFile unicode.mapping 20127
SecVendorOption On
SecRule REQUEST_HEADERS:Content-Type \"^application/json\" \"id:'200001',phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"
=== etc/modsecurity/unicode.mapping
20127 (US-ASCII)
00a0:20
=== usr/share/crs/owasp.load
Include /usr/share/crs/rules/*.conf
=== usr/share/crs/rules/10-first.conf
# First
SecRule ARGS \"@pmFromFile words.data\" \"id:10,phase:2,deny\"
=== usr/share/crs/rules/20-second.conf
SecRule ARGS \"@pmFromFile /usr/share/crs/rules/words.data\" \\
    \"id:20,phase:2,deny\"
=== usr/share/crs/rules/words.data
evil
=== etc/apache2/sites-enabled/000-shop.conf
<VirtualHost *:80>
	ServerName shop.example
	ProxyPass / http://10.0.0.5:3000/
	SecRuleRemoveById 20
	SecRule ARGS \"@rx bad\" \"id:30,phase:2,deny\"
	<Location /admin>
		SecRule ARGS \"@rx admin\" \"id:40,phase:2,deny\"
	</Location>
	<Directory /srv>
		SecRuleEngine Off
	</Directory>
</VirtualHost>
=== etc/apache2/sites-enabled/010-other.conf
<VirtualHost *:80>
	ServerName other.example
	SecRuleEngine DetectionOnly
</VirtualHost>
";

#[test]
fn apache_as_debian_lays_it_out() {
    let (folder, imported) = imported(APACHE, "/etc/apache2");
    assert_eq!((imported.kind, imported.errors), ("Apache", 0));
    assert_eq!(ids(&folder), [200_001, 10, 30, 40]);
    assert_eq!(Site::open(folder.path().join("site")).unwrap().mode().unwrap(), Mode::Protect);
    assert_eq!(
        activated(&folder),
        ["010-10-first.conf", "020-20-second.conf", "030-000-shop.conf", "words.data"]
    );
    let main = read(&folder, "modsecurity.conf");
    assert!(main.contains("# Settings, with a comment\n") && main.contains("SecDataDir data/\n"), "{main}");
    assert!(
        main.contains("SecAuditLog logs/modsec_audit.log\n") && main.contains("# SecVendorOption On\n"),
        "{main}"
    );
    assert_eq!(read(&folder, "unicode.mapping"), "20127 (US-ASCII)\n00a0:20\n");
    assert!(
        read(&folder, "rules/activated_rules/020-20-second.conf").contains("@pmFromFile words.data\" \\\n")
    );
    assert_eq!(
        read(&folder, "rules/base_rules/10-first.conf"),
        read(&folder, "rules/activated_rules/010-10-first.conf")
    );
    let settings = read(&folder, "portcullis.toml");
    assert_eq!(settings, "# head\nlisten = [\"0.0.0.0:80\"]\nupstream = \"http://10.0.0.5:3000\"\n");
    let left_out = notes(&imported, Fate::LeftOut);
    for part in ["SecVendorOption", "<Directory /srv>", "010-other.conf:1: <VirtualHost *:80>", "Timeout (1)"]
    {
        assert!(left_out.contains(part), "{part} in {left_out}");
    }
    assert!(!left_out.contains("443"), "ssl_module is not loaded: {left_out}");
    let changed = notes(&imported, Fate::Changed);
    assert!(changed.contains("/etc/apache2/sites-enabled/000-shop.conf:1: <VirtualHost *:80>"), "{changed}");
    let report = read(&folder, REPORT);
    assert!(report.contains("## Left out") && report.contains("SecVendorOption"), "{report}");
    assert_sources_come_back(&folder);
}

/// A set that was copied whole can be disabled and enabled, because its source is there.
fn assert_sources_come_back(folder: &TempDir) {
    let site = Site::open(folder.path().join("site")).unwrap();
    let set = site.rule_set_file("10-first.conf").unwrap();
    assert!(!set.is_edited && set.activated.is_some(), "{set:?}");
    site.write(&site.disable_change(&set, false).unwrap()).unwrap();
    let set = site.rule_set_file("10-first.conf").unwrap();
    site.write(&site.enable_change(&set).unwrap()).unwrap();
    assert!(ids(folder).contains(&10));
}

#[test]
fn nginx_with_files_and_text() {
    let case = "\
=== etc/nginx/nginx.conf
events { worker_connections 768; }
http {
    include sites-enabled/*;
}
=== etc/nginx/sites-enabled/shop
server {
    listen 8081 default_server; # for the shop
    listen [::]:8081;
    modsecurity on;
    modsecurity_rules_file /etc/nginx/main.conf;
    modsecurity_rules '
        SecRuleEngine On
        SecRule ARGS \"@rx \\\\d\\'\" \"id:3,phase:2,deny\"
    ';
    location / { proxy_pass http://127.0.0.1:3000; modsecurity_transaction_id \"$request_id\"; }
    location /x { modsecurity off; }
}
server { listen 443 ssl; modsecurity_rules 'SecRuleEngine Off'; }
=== etc/nginx/main.conf
include modsecurity.conf
include rules/*.conf
=== etc/nginx/modsecurity.conf
SecRuleEngine DetectionOnly
SecAuditLog /var/log/nginx/modsec_audit.log
SecStatusEngine On
=== etc/nginx/rules/a.conf
SecRule ARGS \"@rx a\" \"id:1,phase:2,deny\"
=== etc/nginx/rules/b.conf
SecRule ARGS \"@rx b\" \"id:2,phase:2,deny\"
";
    let (folder, imported) = imported(case, "/etc/nginx");
    assert_eq!((imported.kind, imported.errors), ("nginx", 0));
    assert_eq!(ids(&folder), [1, 2, 3]);
    assert_eq!(activated(&folder), ["010-a.conf", "020-b.conf", "030-nginx-rules-2.conf"]);
    assert!(read(&folder, "rules/activated_rules/030-nginx-rules-2.conf").contains("SecRuleEngine On"));
    assert!(
        read(&folder, "portcullis.toml")
            .contains("listen = [\"0.0.0.0:8081\"]\nupstream = \"http://127.0.0.1:3000\"")
    );
    let left_out = notes(&imported, Fate::LeftOut);
    for part in ["location /x", "modsecurity_transaction_id", "shop:13: server"] {
        assert!(left_out.contains(part), "{part} in {left_out}");
    }
}

#[test]
fn a_rule_file_that_includes_others_and_sets_no_engine() {
    let case = "\
=== etc/modsecurity.d/setup.conf
Include /etc/modsecurity.d/override.conf
Include owasp-crs/plugins/*-config.conf
=== etc/modsecurity.d/override.conf
SecRequestBodyAccess On
SecAuditLog /dev/stdout
=== etc/modsecurity.d/owasp-crs/plugins/a-config.conf
SecAction \"id:5,phase:1,pass,nolog\"
SecRule ARGS \"@noSuch x\" \"id:6,phase:2,deny,chain\"
  SecRule ARGS \"@rx x\"
";
    let (folder, imported) = imported(case, "/etc/modsecurity.d");
    assert_eq!((imported.kind, imported.errors), ("a rule file", 0));
    assert_eq!(ids(&folder), [5]);
    let set = Site::open(folder.path().join("site")).unwrap().load(Default::default());
    assert!(set.diagnostics.is_empty());
    assert!(read(&folder, "modsecurity.conf").contains("SecRuleEngine Off"));
    let text = read(&folder, "rules/activated_rules/020-a-config.conf");
    assert!(
        text.contains("# SecRule ARGS \"@noSuch x\"") && text.contains("#   SecRule ARGS \"@rx x\""),
        "{text}"
    );
}

#[test]
fn nothing_to_import_and_a_site_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let source = ImportSource { from: folder.path().to_path_buf(), root: None };
    let site = folder.path().join("site");
    assert!(
        import(&site, &source, SETTINGS).unwrap_err().to_string().contains("it has none of apache2.conf")
    );
    fs::write(folder.path().join("httpd.conf"), "Listen 80\n").unwrap();
    assert!(
        import(&site, &source, SETTINGS)
            .unwrap_err()
            .to_string()
            .contains("cannot be imported: no ModSecurity directive")
    );
    fs::write(folder.path().join("httpd.conf"), "SecRuleEngine On\n").unwrap();
    import(&site, &source, SETTINGS).unwrap();
    assert!(import(&site, &source, SETTINGS).unwrap_err().to_string().contains("modsecurity.conf` exists"));
    fs::write(site.join(ACTIVATED_RULES).join("a.conf"), "").unwrap();
    assert!(
        import(&site, &source, SETTINGS).unwrap_err().to_string().contains("a site with activated rules")
    );
    assert!(Path::new(&site).join(REPORT).is_file());
}
