//! `SecHashEngine`: links of answers and their check. The signatures are those of ModSecurity 2.9.7 on Apache.

mod support;

use support::{Bench, alerts, http};

const SIGNING: &str = "SecHashEngine On\nSecHashKey secret KeyOnly\nSecHashParam crypt\nSecHashMethodRx HashHref .*\n\
                       SecHashMethodRx HashFormAction .*\nSecHashMethodPm HashIframeSrc \"if frame\"\nSecHashMethodRx HashLocation .*\n\
                       SecResponseBodyAccess On\nSecStreamOutBodyInspection On\nSecContentInjection On\n";

/// Links as they are written, and as they come to the client.
const LINKS: [(&str, &str); 12] = [
    (
        "<link href=\"/css/a.css\">",
        "<link href=\"/css/a.css?crypt=5a53708ab82fd4fdfa0740752d9aa6b67c82f59d\">",
    ),
    (
        "<a href=\"/a?x=1&amp;y=2\">",
        "<a href=\"/a?x=1&amp;y=2&amp;crypt=bf4b92a9056ef820e0dc42e7b7be04df5e646316\">",
    ),
    ("<a href=\"b.html\">", "<a href=\"b.html?crypt=a24636d794b3e24af3521e5a92d699c7ea71c593\">"),
    ("<a HREF='../up/./g'>", "<a HREF='../up/./g?crypt=33e54c3d023799dc2f94ea4a846d8f77f401782f'>"),
    ("<a href=e?q>", "<a href=e?q&amp;crypt=d2e6c6fba4b86c6f875195b86a099b4a7ab81bdc>"),
    ("<form action=\"/post\">", "<form action=\"/post?crypt=0191212115184646584f3bad72b31255e62139af\">"),
    ("<form action=\"/p2\" option=\"1\">", "<form action=\"/p2\" option=\"1\">"),
    (
        "<iframe src=\"/if\"></iframe>",
        "<iframe src=\"/if?crypt=e13ca95c2ba88dadc80334134e45165e5db6264e\"></iframe>",
    ),
    ("<a href=\"https://other/z\">", "<a href=\"https://other/z\">"),
    ("<a href=\"mailto:x@y\">", "<a href=\"mailto:x@y\">"),
    ("<a href=\"#top\">", "<a href=\"#top\">"),
    ("<a href=\"/r?crypt=1\">", "<a href=\"/r?crypt=1\">"),
];

fn page(links: impl Iterator<Item = &'static str>) -> String {
    let body: String = links.collect();
    format!(
        "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

fn ask(rules: &str, target: &str, answer: &str) -> String {
    let running = Bench::new(rules).answering(answer);
    let got = running.talk(&http(&format!("GET {target} HTTP/1.1\nHost: localhost\n\n")));
    String::from_utf8(got).unwrap().replace("\r\n", "\n")
}

#[test]
fn links_of_a_page_are_signed_where_they_stand() {
    let answer = page(LINKS.iter().map(|(link, _)| *link));
    let got = ask(SIGNING, "/dir/page?x=1", &answer);
    for (_, signed) in LINKS {
        assert!(got.contains(signed), "{signed} is not in\n{got}");
    }
    for (rules, what) in [
        (SIGNING.replace("SecHashEngine On", "SecHashEngine Off"), "switched off"),
        (SIGNING.to_owned() + "SecRuleEngine DetectionOnly\n", "in detection"),
        (
            SIGNING.to_owned() + "SecAction \"id:1,phase:3,pass,nolog,ctl:hashEngine=Off\"\n",
            "switched off by a rule",
        ),
    ] {
        let got = ask(&rules, "/dir/page?x=1", &answer);
        assert!(LINKS.iter().all(|(link, _)| got.contains(link)), "{what}:\n{got}");
    }
}

#[test]
fn a_redirection_is_signed() {
    let answer = "HTTP/1.1 302 Found\nLocation: /next?a=1\nContent-Length: 0\n\n";
    let got = ask(SIGNING, "/x", answer);
    assert!(got.contains("Location: /next?a=1&crypt=d9302126f257b0d6b25415803493fb378798e1c1\n"), "{got}");
    let got = ask(SIGNING, "/x", &answer.replace("302 Found", "303 See Other"));
    assert!(got.contains("Location: /next?a=1\n"), "{got}");
}

#[test]
fn the_key_may_hold_the_client_or_its_session() {
    let of = |addition: &str, more: &str| SIGNING.replace("KeyOnly", addition) + more;
    let session = "SecAction \"id:1,phase:1,nolog,pass,setsid:abc\"\n";
    for (rules, signature) in [
        (of("RemoteIP", ""), "3b3ffab70133995e60776435594c2f52e9d8dc52"),
        (of("SessionID", ""), "3b3ffab70133995e60776435594c2f52e9d8dc52"),
        (of("SessionID", session), "f690b029e4dbc480bf37d32e6986c37004a5eb1d"),
    ] {
        let got = ask(&rules, "/", &page(["<a href=/b>"].into_iter()));
        assert!(got.contains(&format!("<a href=/b?crypt={signature}>")), "{got}");
    }
}

#[test]
fn addresses_are_checked() {
    let right = "Hash parameter hash value = [00] Requested URI hash value = [0e236ae9e4b9441942f6815d1153e2f5e8ab09c4]";
    for (target, more, said) in [
        ("/a?x=1&y=2", "", Some("No Hash parameter")),
        ("/a?x=1&y=2&crypt=bf4b92a9056ef820e0dc42e7b7be04df5e646316", "", None),
        ("/a?x=1&crypt=00", "", Some(right)),
        ("/a?crypt", "", Some("")),
        ("/b?x=1&crypt=00", "", None),
        ("/a?crypt=00", "SecHashEngine Off\n", None),
        ("/a?crypt=00", "SecAction \"id:8,phase:1,pass,nolog,ctl:hashEnforcement=Off\"\n", None),
    ] {
        let rules = format!(
            "{SIGNING}SecRuleEngine On\n{more}SecRule REQUEST_URI \"@validateHash ^/a\" \"id:9,phase:2,deny\"\n"
        );
        let running = Bench::new(&rules).answering(support::OK);
        running.talk(&http(&format!("GET {target} HTTP/1.1\nHost: localhost\n\n")));
        let exchange = running.exchange();
        assert_eq!(alerts(&exchange), said.map(|_| 9).into_iter().collect::<Vec<u64>>(), "{target} {more}");
        if let Some(said) = said {
            let message = exchange.record.alerts[0].rule.as_ref().unwrap().operator_message.clone();
            let blank = if said.is_empty() { "" } else { " " };
            let expected = format!("Request URI matched \"^/a\" at REQUEST_URI.{blank}{said}");
            assert_eq!(String::from_utf8(message).unwrap(), expected, "{target}");
        }
    }
}
