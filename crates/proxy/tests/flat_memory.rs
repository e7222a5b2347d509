//! A large upload and a large download pass, and memory does not grow with them. One test in a process of its own,
//! because it measures the process: proxy, client and origin together.

mod support;

use std::io::{Read as _, Write as _};
use support::{Bench, http};

const MIB: usize = 1 << 20;
const UPLOAD: usize = 100 * MIB;
const DOWNLOAD: usize = 1024 * MIB;

/// What growth is allowed: socket buffers, the spool's memory, what the rules may keep (1 MiB, a few times).
const ALLOWED: usize = 24 * MIB;

/// Highest resident size since the last reset, bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[test]
fn memory_does_not_grow_with_what_passes() {
    let rules = "SecRuleEngine DetectionOnly\nSecRequestBodyLimit 1048576\nSecRequestBodyNoFilesLimit 131072\n\
                 SecResponseBodyMimeType text/html\nSecResponseBodyLimit 524288\n\
                 SecRule ARGS \"@contains never\" \"id:1,phase:2,deny\"\nSecRule RESPONSE_BODY \"@contains never\" \"id:2,phase:4,deny\"";
    let sent = vec![b'x'; MIB];
    let running = Bench::new(rules).conversing(move |conversation| {
        while let Some(head) = conversation.head() {
            let (mut left, answer) = if head.starts_with(b"POST") { (UPLOAD, 2) } else { (0, DOWNLOAD) };
            while left > 0 {
                let piece = conversation.bytes(left.min(MIB));
                assert!(!piece.is_empty() && piece == sent[..piece.len()]);
                left -= piece.len();
            }
            conversation.send(&http(&format!(
                "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {answer}\n\n"
            )));
            let block = vec![b'y'; MIB.min(answer)];
            (0..answer.div_ceil(MIB)).for_each(|_| assert!(conversation.send(&block)));
        }
    });
    let form = "POST / HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length";
    let block = vec![b'x'; MIB];
    let mut client = running.connect();
    for round in 0..2 {
        // The first round warms up what every process keeps.
        reset_peak();
        let before = peak();
        client.send(&http(&format!("{form}: {UPLOAD}\n\n")));
        (0..UPLOAD / MIB).for_each(|_| client.stream.write_all(&block).unwrap());
        client.expect("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\n\nyy");
        let grown = peak().saturating_sub(before);
        assert!(round == 0 || grown < ALLOWED, "an upload took {} MiB", grown / MIB);
    }
    reset_peak();
    let before = peak();
    client.send(&http("GET / HTTP/1.1\nHost: h\n\n"));
    client.expect(&format!("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {DOWNLOAD}\n\n"));
    let mut left = DOWNLOAD - client.buffered();
    let (mut block, expected) = (vec![0; MIB], vec![b'y'; MIB]);
    while left > 0 {
        let count = client.stream.read(&mut block).unwrap();
        assert!(count > 0 && block[..count] == expected[..count]);
        left -= count;
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < ALLOWED, "a download took {} MiB", grown / MIB);
    let exchanges: Vec<_> = (0..3).map(|_| running.exchange()).collect();
    assert!(exchanges.iter().all(|exchange| exchange.error.is_none()));
    assert!(exchanges[1].bytes_received > UPLOAD as u64 && exchanges[2].body_bytes_sent == DOWNLOAD as u64);
}
