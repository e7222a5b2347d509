//! Changes of the site as commits: the mode, edits by two, rules that are taken out.

use std::path::Path;

use axum::http::StatusCode;
use portcullis_site::history::History;
use portcullis_site::{Mode, Site};

use super::{Console, hidden};

#[tokio::test]
async fn protection_is_switched_by_a_commit_of_who_is_signed_in() {
    let console = Console::signed_in().await;
    let got = console.change("/protection", &[("mode", "protect")], &[("confirm", "another")]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "the name was not typed");
    assert!(console.file("modsecurity.conf").contains("SecRuleEngine DetectionOnly"));
    let more = [("confirm", "shop"), ("reason", "The logs are clean")];
    let got = console.change("/protection", &[("mode", "protect")], &more).await;
    assert!(got.location.starts_with("/history/"), "{}", got.text);
    assert_eq!(Site::open(&console.root).unwrap().mode().unwrap(), Mode::Protect);
    assert_eq!(console.newest(), ("ada".to_owned(), "Switch to protection".to_owned()));
    let shown = console.get(&got.location).await;
    assert!(shown.text.contains("The logs are clean") && shown.text.contains("+ SecRuleEngine On"));
    let history = History::expect(&console.root).unwrap();
    let first = history.entries(2).unwrap()[1].id.to_string();
    let got = console.change(&format!("/history/{first}"), &[], &[]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert_eq!(Site::open(&console.root).unwrap().mode().unwrap(), Mode::Detect);
}

#[tokio::test]
async fn a_broken_edit_is_refused_with_its_line_and_a_second_editor_is_told() {
    let console = Console::signed_in().await;
    let page = console.get("/files/modsecurity.conf").await;
    let (csrf, base) = (hidden(&page.text, "csrf"), hidden(&page.text, "base"));
    let before = console.file("modsecurity.conf");
    let broken = format!("SecRul </textarea><script>\n{before}");
    let form = [("csrf", csrf.as_str()), ("base", &base), ("text", &broken), ("do", "review")];
    let got = console.post("/files/modsecurity.conf", &form, &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("<li class=\"bad\">1</li>"), "the line is marked");
    assert_eq!(got.text.matches("</textarea").count(), 1, "the text cannot end its field");
    assert!(got.text.contains("&lt;/textarea&gt;&lt;script&gt;"), "it is escaped");
    assert_eq!(console.file("modsecurity.conf"), before);
    std::fs::write(console.root.join("modsecurity.conf"), format!("{before}# by hand\n")).unwrap();
    let mine = format!("{before}# mine\n");
    let form = [("csrf", csrf.as_str()), ("base", &base), ("text", &mine), ("do", "review")];
    let got = console.post("/files/modsecurity.conf", &form, &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("− # by hand") && got.text.contains("+ # mine"), "both versions");
}

#[tokio::test]
async fn a_rule_is_taken_out_by_a_file_of_its_own_and_comes_back() {
    let console = Console::signed_in().await;
    let sets = Site::open(&console.root).unwrap().rule_sets().unwrap();
    let set = sets.iter().find(|set| set.activated.is_some() && set.about.rules > 3).unwrap();
    let page = console.get(&format!("/rulesets/{}", set.name)).await;
    let at = page.text.find("name=\"rule-off\" value=\"").expect("a rule that can be taken out");
    let id: String = page.text[at + 23..].chars().take_while(char::is_ascii_digit).collect();
    let path = format!("/rulesets/{}", set.name);
    let text = console.file(set.activated.as_ref().unwrap().to_str().unwrap());
    let got = console.change(&path, &[("rule-off", &id)], &[]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    let off = "rules/activated_rules/zz-rules-off.conf";
    assert!(console.file(off).ends_with(&format!("SecRuleRemoveById {id}\n")));
    assert_eq!(console.file(set.activated.as_ref().unwrap().to_str().unwrap()), text, "the set's file stays");
    let got = console.change(&path, &[("rule-on", &id)], &[]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(!Path::new(&console.root.join(off)).exists());
}

#[tokio::test]
async fn a_form_that_changes_nothing_says_so() {
    let console = Console::signed_in().await;
    let csrf = console.csrf().await;
    let page = console.get("/settings").await.text;
    let filled = page.split("name=\"tuning:").skip(1).find_map(|field| {
        let (name, rest) = field.split_once('"')?;
        let value = rest.strip_prefix(" value=\"")?.split('"').next()?;
        (!value.is_empty()).then(|| (format!("tuning:{name}"), value.to_owned()))
    });
    let (name, value) = filled.expect("the starter rules have a set-up file");
    let part = [("csrf", csrf.as_str()), ("part", "rules")];
    for (form, said) in [
        (vec![], "every field says what the files say already"),
        (vec![(name.as_str(), value.as_str())], "every field says what the files say already"),
        (vec![(name.as_str(), " ")], "cannot be left empty"),
    ] {
        let got = console.post("/settings", &[&part[..], &form].concat(), &[]).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        assert!(got.text.contains(said) && got.text.contains("role=\"alert\""), "{form:?}: {}", got.text);
    }
    let got = console.post("/rulesets", &[("csrf", &csrf)], &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("every set is as its switch says already"), "{}", got.text);
    assert_eq!(console.newest().1, "Lay a site down");
}
