//! Operators that fail, and `SecInterceptOnError`.

use super::Site;

const RULES: &str = r#"
    SecRule ARGS "@rsub s/a/b/" "id:1,phase:1,deny"
    SecAction "id:2,phase:1,pass"
    SecAction "id:3,phase:2,pass"
    SecRule ARGS "@ipMatch 10.0.0.1" "id:4,phase:2,deny"
    SecAction "id:5,phase:2,pass"
    SecAction "id:6,phase:5,pass"
"#;

#[test]
fn an_error_ends_the_phase_where_asked_for() {
    for (setting, expected) in [("Off", &[2, 3, 5, 6][..]), ("On", &[3, 6])] {
        let outcome = Site::new(&format!("SecInterceptOnError {setting}\n{RULES}")).get("/?a=x");
        assert_eq!(outcome.verdict, portcullis_engine::Verdict::Pass);
        assert_eq!(outcome.ids(), expected, "{setting}");
    }
}
