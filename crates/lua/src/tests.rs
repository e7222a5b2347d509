//! Scripts and what they do to a host that remembers everything.

use std::time::{Duration, Instant};

use crate::{Host, Limits, Member, Script};

/// A host with two arguments.
#[derive(Default)]
struct Notes {
    set: Vec<(Vec<u8>, Vec<u8>)>,
    logged: Vec<(u8, Vec<u8>)>,
    asked: Vec<Vec<u8>>,
}

impl Host for Notes {
    fn variables(&mut self, name: &[u8], transformations: &[Vec<u8>]) -> Result<Vec<Member>, String> {
        self.asked.push([name, b" ", &transformations.join(&b","[..])].concat());
        match name {
            b"ARGS" => Ok(vec![(b"ARGS:a".to_vec(), b"1\xff".to_vec()), (b"ARGS:b".to_vec(), b"2".to_vec())]),
            b"ARGS.none" => Ok(Vec::new()),
            _ => Err("no such variable".to_owned()),
        }
    }

    fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), String> {
        self.set.push((name.to_vec(), value.to_vec()));
        Ok(())
    }

    fn log(&mut self, level: u8, text: &[u8]) {
        self.logged.push((level, text.to_vec()));
    }
}

fn run(source: &str, host: &mut Notes) -> Result<Option<Vec<u8>>, String> {
    Script::compile("test.lua", source.into())?.run(None, host, Limits::default())
}

#[test]
fn a_text_is_a_match_and_nothing_is_none() {
    let mut host = Notes::default();
    assert_eq!(run("function main() return 'found' end", &mut host), Ok(Some(b"found".to_vec())));
    assert_eq!(run("function main() return 12 end", &mut host), Ok(Some(b"12".to_vec())));
    assert_eq!(run("function main() return nil end", &mut host), Ok(None));
    assert_eq!(run("function main() end", &mut host), Ok(None));
    let script = Script::compile("t", b"function main(file) return file .. '!' end".to_vec()).unwrap();
    assert_eq!(
        script.run(Some(b"/tmp/x\xff"), &mut host, Limits::default()),
        Ok(Some(b"/tmp/x\xff!".to_vec()))
    );
}

#[test]
fn the_table_m_reads_sets_and_logs() {
    let mut host = Notes::default();
    let source = r#"
        function main()
            m.log(4, "hello")
            local all = m.getvars("ARGS", {"lowercase", "trim"})
            m.setvar("tx.count", #all)
            m.setvar("tx.last", all[2].name .. "=" .. all[2].value)
            m.setvar("tx.first", m.getvar("ARGS", "none"))
            if m.getvar("ARGS.none") == nil then return "absent" end
        end
    "#;
    assert_eq!(run(source, &mut host), Ok(Some(b"absent".to_vec())));
    assert_eq!(host.logged, [(4, b"hello".to_vec())]);
    let set: Vec<_> = host.set.iter().map(|(name, value)| [name.as_slice(), b"=", value].concat()).collect();
    assert_eq!(set, [b"tx.count=2".to_vec(), b"tx.last=ARGS:b=2".to_vec(), b"tx.first=1\xff".to_vec()]);
    assert_eq!(host.asked[0], b"ARGS lowercase,trim");
}

#[test]
fn failures_are_sentences_with_a_line() {
    let mut host = Notes::default();
    let wrong = Script::compile("wrong.lua", b"function main(\n".to_vec()).unwrap_err();
    assert!(wrong.starts_with("wrong.lua:"), "{wrong}");
    let failed = run("function main()\n error('no') end", &mut host).unwrap_err();
    assert!(failed.contains("test.lua:2: no"), "{failed}");
    let unknown = run("function main() return m.getvar('NOPE') end", &mut host).unwrap_err();
    assert!(unknown.contains("no such variable"), "{unknown}");
    assert!(run("x = 1", &mut host).is_err());
}

#[test]
fn a_run_leaves_nothing_for_the_next() {
    let mut host = Notes::default();
    let script =
        Script::compile("t", b"function main() seen = (seen or 0) + 1; return seen end".to_vec()).unwrap();
    for _ in 0..2 {
        assert_eq!(script.run(None, &mut host, Limits::default()), Ok(Some(b"1".to_vec())));
    }
}

#[test]
fn an_endless_run_is_stopped() {
    let mut host = Notes::default();
    let script = Script::compile("t", b"function main() while true do end end".to_vec()).unwrap();
    let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
    let before = Instant::now();
    let stopped = script.run(None, &mut host, limits).unwrap_err();
    assert!(stopped.contains("too long"), "{stopped}");
    assert!(before.elapsed() < Duration::from_secs(5));
}
