//! Who gets in: strangers, other sites' forms, forged tokens, wrong passwords, roles.

use axum::http::{Request, StatusCode};
use portcullis_console::KnownPath;

use super::Console;

/// A path with something in place of its parameters.
fn filled(path: &KnownPath) -> String {
    path.path.replace(['{', '}', '*'], "")
}

#[tokio::test]
async fn strangers_see_the_login_page_and_nothing_else() {
    let console = Console::new();
    let paths = portcullis_console::paths();
    assert!(paths.len() > 50, "{}", paths.len());
    for path in paths.iter().filter(|path| !path.is_public) {
        let request = Request::builder().method(path.method.as_str()).uri(filled(path));
        let got = console.send(request, "{}".to_owned()).await;
        if path.path.starts_with("/api/") {
            assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{path:?}");
        } else {
            let leads_to_login = got.status == StatusCode::SEE_OTHER && got.location.starts_with("/login");
            assert!(leads_to_login, "{path:?}: {} {}", got.status, got.location);
        }
    }
    let open: Vec<String> = paths.iter().filter(|path| path.is_public).map(filled).collect();
    let expected =
        ["/login", "/login", "/setup", "/setup", "/assets/console.css", "/assets/console.js", "/favicon.svg"];
    assert_eq!(open, expected);
    assert!(console.get("/no-such-page").await.location.starts_with("/login?next="));
    assert_eq!(console.get("/login").await.status, StatusCode::OK);
    assert_eq!(console.get("/setup?token=forged").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_documented_path_is_one_and_every_path_of_the_api_is_documented() {
    let document: serde_json::Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let mut documented: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        documented.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let paths = portcullis_console::paths().into_iter();
    let api = paths.filter(|path| path.path.starts_with("/api/") && !path.path.ends_with("/openapi.json"));
    let mut known: Vec<String> =
        api.map(|path| format!("{} {}", path.method, path.path.replace('*', ""))).collect();
    known.sort();
    documented.sort();
    assert_eq!(known, documented);
}

#[tokio::test]
async fn forms_of_other_sites_and_forged_tokens_are_refused() {
    let console = Console::signed_in().await;
    let csrf = console.csrf().await;
    let form = [("mode", "off"), ("csrf", csrf.as_str())];
    let mut posts = portcullis_console::paths();
    posts.retain(|path| path.method == "POST");
    assert!(posts.len() > 15, "{}", posts.len());
    for path in &posts {
        for headers in [[("origin", "http://evil.example")], [("sec-fetch-site", "cross-site")]] {
            let got = console.post(&filled(path), &form, &headers).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "{path:?} {headers:?}");
            assert!(got.text.contains("not sent by a page of this console"), "{path:?}: {}", got.text);
        }
        for token in ["", "forged"] {
            let got = console.post(&filled(path), &[("mode", "off"), ("csrf", token)], &[]).await;
            if !path.is_public {
                assert_eq!(got.status, StatusCode::FORBIDDEN, "{path:?} {token:?}");
                assert!(got.text.contains("from another session"), "{path:?}: {}", got.text);
            }
        }
    }
    assert_eq!(console.get("/session").await.status, StatusCode::NOT_FOUND, "the session lasts");
    assert_eq!(console.post("/protection", &form, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_sixth_wrong_password_is_not_looked_at() {
    let mut console = Console::signed_in().await;
    console.cookie.clear();
    let wrong = [("account", "ada"), ("password", "battery staple")];
    for _ in 0..5 {
        assert_eq!(console.post("/login", &wrong, &[]).await.status, StatusCode::FORBIDDEN);
    }
    let right = [("account", "ada"), ("password", "correct horse")];
    assert_eq!(console.post("/login", &right, &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_role_may_do_what_it_may() {
    let mut console = Console::signed_in().await;
    let csrf = console.csrf().await;
    let form = [
        ("csrf", csrf.as_str()),
        ("do", "add"),
        ("account", "vic"),
        ("password", "just looking"),
        ("role", "view"),
    ];
    assert_eq!(console.post("/people", &form, &[]).await.status, StatusCode::SEE_OTHER);
    console.cookie.clear();
    let got = console.post("/login", &[("account", "vic"), ("password", "just looking")], &[]).await;
    console.cookie = got.cookie;
    let csrf = console.csrf().await;
    for path in ["/protection", "/rulesets", "/changes/commit", "/settings"] {
        let got = console.post(path, &[("csrf", &csrf), ("mode", "off")], &[]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{path}");
    }
    let form = [
        ("csrf", csrf.as_str()),
        ("do", "add"),
        ("account", "x"),
        ("password", "0123456789"),
        ("role", "admin"),
    ];
    assert_eq!(console.post("/people", &form, &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_done_to_accounts_and_who_tries_to_sign_in_is_kept() {
    const SECRET: &str = "0123456789 secret";
    let mut console = Console::signed_in().await;
    let csrf = console.csrf().await;
    for form in [
        vec![("do", "add"), ("account", "vic"), ("password", SECRET), ("role", "view")],
        vec![("do", "role"), ("account", "vic"), ("role", "tune")],
        vec![("do", "add-token"), ("name", "robot"), ("role", "view"), ("days", "7")],
        vec![("do", "remove-token"), ("name", "robot")],
        vec![("do", "remove"), ("account", "nobody")],
    ] {
        console.post("/people", &[&form[..], &[("csrf", &csrf)]].concat(), &[]).await;
    }
    let admin = std::mem::take(&mut console.cookie);
    for (account, password) in [("vic", "wrong password"), ("<b>mallory", "wrong password"), ("vic", SECRET)]
    {
        let got = console.post("/login", &[("account", account), ("password", password)], &[]).await;
        console.cookie = got.cookie;
    }
    // Who is no admin sees their own account and no trail.
    assert_eq!(console.get("/api/v1/accounts/trail").await.status, StatusCode::FORBIDDEN);
    assert!(!console.get("/people").await.text.contains("id=\"trail\""));
    console.cookie = admin;
    let got = console.get("/api/v1/accounts/trail").await;
    let told: serde_json::Value = serde_json::from_str(&got.text).unwrap();
    let mut lines: Vec<(&str, &str)> = told["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["account"].as_str().unwrap(), entry["what"].as_str().unwrap()))
        .collect();
    lines.sort_unstable();
    let wrong = "was not let in: wrong account or password";
    let mut expected = [
        ("ada", "made the first account, admin"),
        ("ada", "made the account vic, view"),
        ("ada", "gave vic the role tune"),
        ("ada", "made the token robot, view, for 7 days"),
        ("ada", "ended the own token robot"),
        ("vic", wrong),
        ("<b>mallory", wrong),
        ("vic", "signed in"),
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    let page = console.get("/people").await.text;
    assert!(page.contains("gave vic the role tune") && page.contains("&lt;b&gt;mallory"), "{page}");
    assert!(!page.contains("wrong password") && !got.text.contains(SECRET) && !page.contains(SECRET));
}
