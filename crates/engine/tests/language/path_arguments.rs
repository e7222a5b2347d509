//! `@restpath` and ARGS_PATH.

use super::Site;

const RULES: &str = "\
SecRule ARGS_PATH @unconditionalMatch \"id:1,phase:1,pass\"
SecRule REQUEST_FILENAME \"@restpath ^/users/{id}/posts/{post}$\" \"id:2,phase:1,pass\"
SecRule ARGS_PATH:id \"@streq 7\" \"id:3,phase:1,pass\"
SecRule &ARGS_PATH \"@eq 2\" \"id:4,phase:2,pass,setvar:'tx.post=%{ARGS_PATH.post}'\"
SecRule TX:post \"@streq last\" \"id:5,phase:2,pass\"
SecRule ARGS \"@streq last\" \"id:6,phase:2,pass\"
";

#[test]
fn names_the_parts_of_a_path() {
    assert_eq!(Site::new(RULES).get("/users/7/posts/last?a=b").ids(), [2, 3, 4, 5]);
    assert!(Site::new(RULES).get("/users/7/comments/last").ids().is_empty());
}
