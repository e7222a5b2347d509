//! Header fields as httpd shows them to rules: fields of one name joined with `, ` under the first spelling.
//!
//! `X: a`, `Y: b`, `x: c` → (`X`, `a, c`), (`Y`, `b`). Names that occur once are passed through without a copy.
//!
//! Bet: heads have few fields (100 at most by default), so comparing each name with the later ones is cheaper than a
//! table; lengths are compared first.

/// Calls `each` with every distinct name, in the order of first occurrence, and its joined value. `scratch` is
/// reused for joined values.
pub fn for_each_joined<'a>(
    fields: &(impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone),
    scratch: &mut Vec<u8>,
    mut each: impl FnMut(&[u8], &[u8]),
) {
    let mut position = 0usize;
    let mut rest = fields.clone();
    while let Some((name, value)) = rest.next() {
        let same = |other: &[u8]| other.len() == name.len() && other.eq_ignore_ascii_case(name);
        let seen_before = fields.clone().take(position).any(|(other, _)| same(other));
        position += 1;
        if seen_before {
            continue;
        }
        scratch.clear();
        let mut joined = false;
        for (_, further) in rest.clone().filter(|(other, _)| same(other)) {
            if !joined {
                scratch.extend_from_slice(value);
                joined = true;
            }
            scratch.extend_from_slice(b", ");
            scratch.extend_from_slice(further);
        }
        each(name, if joined { scratch } else { value });
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn same_names_are_joined_under_the_first_spelling() {
        let fields: [(&[u8], &[u8]); 5] =
            [(b"X", b"a"), (b"Y", b"b"), (b"x", b"c"), (b"X", b""), (b"Xy", b"d")];
        let mut seen = Vec::new();
        super::for_each_joined(&fields.into_iter(), &mut Vec::new(), |name, value| {
            seen.push((name.to_vec(), value.to_vec()));
        });
        assert_eq!(
            seen,
            [
                (b"X".to_vec(), b"a, c, ".to_vec()),
                (b"Y".to_vec(), b"b".to_vec()),
                (b"Xy".to_vec(), b"d".to_vec())
            ]
        );
    }
}
