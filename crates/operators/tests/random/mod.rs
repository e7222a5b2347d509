//! A fixed random sequence, expressions from a grammar, and values that come close to matching.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A xorshift generator: the tests need variety, not quality.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A value that matches the expression, comes close, or is noise.
    pub fn value(&mut self, hir: Option<&Hir>, source: &[u8]) -> Vec<u8> {
        let mut value = Vec::new();
        for _ in 0..self.below(3) {
            value.push(self.byte());
        }
        match hir {
            Some(hir) if self.below(8) > 0 => self.matching(hir, &mut value, 6),
            _ => {
                for _ in 0..self.below(12) {
                    let byte = if source.is_empty() || self.below(3) == 0 {
                        self.byte()
                    } else {
                        *self.pick(source)
                    };
                    value.push(byte);
                }
            }
        }
        for _ in 0..self.below(3) {
            value.push(self.byte());
        }
        for _ in 0..self.below(4) {
            self.mutate(&mut value);
        }
        value.truncate(4096);
        value
    }

    fn byte(&mut self) -> u8 {
        match self.below(6) {
            0 => self.below(256) as u8,
            _ => *self.pick(b"aabbcABZ09_ -\n\r\t\x0b.;'\"<>(){}[]/\\\xe9\xa0\x85\0"),
        }
    }

    fn mutate(&mut self, value: &mut Vec<u8>) {
        let at = self.below(value.len() + 1);
        let byte = self.byte();
        match self.below(6) {
            0 => value.insert(at, byte),
            _ if at == value.len() => {}
            1 => drop(value.remove(at)),
            2 => value[at] = byte,
            3 => value[at] ^= 0x20,
            4 => value.truncate(at),
            _ => value.extend_from_within(at..),
        }
    }

    fn matching(&mut self, hir: &Hir, out: &mut Vec<u8>, most: u32) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => out.extend(&*literal.0),
            HirKind::Class(Class::Bytes(class)) if !class.ranges().is_empty() => {
                let range = self.pick(class.ranges());
                let byte = range.start() + self.below(range.len()) as u8;
                out.push(byte);
            }
            HirKind::Class(_) => {}
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min + most);
                let spare = (most - repetition.min) as usize;
                for _ in 0..(repetition.min as usize + self.below(spare + 1)).min(300) {
                    self.matching(&repetition.sub, out, 3);
                }
            }
            HirKind::Capture(capture) => self.matching(&capture.sub, out, most),
            HirKind::Concat(subs) => subs.iter().for_each(|sub| self.matching(sub, out, most)),
            HirKind::Alternation(subs) => {
                let index = self.below(subs.len());
                self.matching(&subs[index], out, most);
            }
        }
    }

    /// A random expression, mostly one that compiles.
    pub fn expression(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.below(10) == 0 {
            out.extend(*self.pick(&[
                &b"(?i)"[..],
                b"(?m)",
                b"(?s)",
                b"(?-s)",
                b"(?x)",
                b"(?im-s)",
                b"(?mx)",
            ]));
        }
        self.alternation(&mut out, 3);
        out
    }

    fn alternation(&mut self, out: &mut Vec<u8>, depth: usize) {
        for branch in 0..=*self.pick(&[0, 0, 0, 1, 1, 2]) {
            if branch > 0 {
                out.push(b'|');
            }
            for _ in 0..*self.pick(&[0, 1, 1, 2, 2, 3, 4]) {
                self.item(out, depth);
                self.quantifier(out);
            }
        }
    }

    fn quantifier(&mut self, out: &mut Vec<u8>) {
        if self.below(3) > 0 {
            return;
        }
        let quantifiers: &[&[u8]] =
            &[b"*", b"+", b"?", b"*", b"+", b"?", b"{2}", b"{0,2}", b"{1,}", b"{0}", b"{2,3}", b"{", b"{x}"];
        out.extend(*self.pick(quantifiers));
        let modes: &[&[u8]] = &[b"", b"", b"", b"", b"?", b"?", b"+"];
        out.extend(*self.pick(modes));
    }

    fn item(&mut self, out: &mut Vec<u8>, depth: usize) {
        match self.below(12) {
            0..=4 => out.push(*self.pick(b"aabbcABZ1_ -]}\n")),
            5 | 6 => {
                let escapes: &[&[u8]] = &[
                    b"\\d",
                    b"\\w",
                    b"\\s",
                    b"\\D",
                    b"\\W",
                    b"\\S",
                    b"\\h",
                    b"\\H",
                    b"\\v",
                    b"\\V",
                    b"\\N",
                    b"\\R",
                    b"\\b",
                    b"\\B",
                    b"\\A",
                    b"\\z",
                    b"\\Z",
                    b"\\G",
                    b"\\K",
                    b"\\x41",
                    b"\\x{62}",
                    b"\\xe9",
                    b"\\x5",
                    b"\\o{141}",
                    b"\\012",
                    b"\\0",
                    b"\\cA",
                    b"\\a",
                    b"\\e",
                    b"\\f",
                    b"\\n",
                    b"\\r",
                    b"\\t",
                    b"\\.",
                    b"\\<",
                    b"\\-",
                    b"\\_",
                    b"\\Qa.b\\E",
                    b"\\Q\\E",
                    b"\\E",
                    b"\\1",
                    b"\\i",
                    b"\\8",
                    b"\\x{100}",
                    b"(?#x)",
                    b"(?i)",
                    b"(?m)",
                    b"(?-i)",
                    b"#",
                ];
                out.extend(*self.pick(escapes));
            }
            7 => out.extend(*self.pick(&[&b"."[..], b".", b"^", b"$", b"\xe9"])),
            8 | 9 => self.class(out),
            _ if depth > 0 => {
                let starts: &[&[u8]] = &[
                    b"(", b"(", b"(", b"(?:", b"(?:", b"(?i:", b"(?-i:", b"(?m:", b"(?-s:", b"(?x:", b"(?>",
                    b"(?=", b"(?!", b"(?<=", b"(?<n>", b"(?P<m>", b"(?'o'", b"(?|",
                ];
                out.extend(*self.pick(starts));
                self.alternation(out, depth - 1);
                out.push(b')');
            }
            _ => out.push(b'b'),
        }
    }

    fn class(&mut self, out: &mut Vec<u8>) {
        out.push(b'[');
        if self.below(3) == 0 {
            out.push(b'^');
        }
        let members: &[&[u8]] = &[
            b"a",
            b"b",
            b"B",
            b"a-c",
            b"A-Z",
            b"0-9",
            b"-",
            b"]",
            b"[",
            b"^",
            b"&&",
            b"--",
            b"~~",
            b"\\d",
            b"\\W",
            b"\\s",
            b"\\h",
            b"\\V",
            b"\\b",
            b"\\n",
            b"\\x41",
            b"\\x80-\\xff",
            b"\\]",
            b"\\-",
            b"[:alpha:]",
            b"[:^upper:]",
            b"[:lower:]",
            b"[:punct:]",
            b"[:space:]",
            b"[:x:]",
            b"[:",
            b"[.a.]",
            b"\\012",
            b"\\101",
            b"\xe9",
            b"$",
            b".",
            b"\\E",
            b"\\Qa]\\E",
            b"\\R",
            b"\\8",
            b" ",
            b"#",
        ];
        for _ in 0..=self.below(3) {
            out.extend(*self.pick(members));
        }
        out.push(b']');
    }
}
