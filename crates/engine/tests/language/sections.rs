//! `<Location>` sections: which rules run for a path. The ids are those of ModSecurity 2.9.7 on Apache.

use super::Site;

const RULES: &str = r#"
    SecAction "id:1,phase:1,pass"
    SecAction "id:2,phase:2,pass"
    <Location /a>
    SecRuleInheritance Off
    SecAction "id:3,phase:2,pass"
    </Location>
    <Location /a/b>
    SecAction "id:4,phase:2,pass"
    </Location>
    <Location /a/c>
    SecRuleInheritance Off
    </Location>
    <Location /a/c/d>
    SecRuleInheritance On
    SecAction "id:7,phase:2,pass"
    </Location>
    <Location /e>
    SecRuleInheritance Off
    SecAction "id:8,phase:1,pass"
    SecAction "id:9,phase:3,pass"
    </Location>
    SecAction "id:5,phase:3,pass"
    SecAction "id:6,phase:5,pass"
"#;

#[test]
fn a_section_may_run_its_own_rules_only() {
    for (path, ids) in [
        ("/", &[1, 2, 5, 6][..]),
        ("/a", &[1, 3]),
        ("/a/b", &[1, 3, 4]),
        ("/a/c", &[1]),
        ("/a/c/d", &[1, 7]),
        ("/e", &[1, 9]),
        ("/ab", &[1, 2, 5, 6]),
    ] {
        assert_eq!(Site::new(RULES).get(path).ids(), ids, "{path}");
    }
}
