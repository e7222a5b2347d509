//! Sets of IP addresses for `@ipMatch` and `@ipMatchFromFile`.
//!
//! `10.1.2.3/8` and `::1` in, "does `10.9.9.9` belong?" out. Prefixes become sorted, merged ranges, one list per address
//! family, searched in logarithmic time. IPv4 never matches IPv6, mapped addresses included. Masks are read with `atoi`
//! as ModSecurity does, so `/08` and `/8x` are 8; a mask of 0 or beyond the family's width is refused (2.9.7 also
//! refuses `/128`, which is accepted here: it can only mean one thing).

use crate::number::atoi;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Ranges of addresses of both families.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    four: Vec<(u32, u32)>,
    six: Vec<(u128, u128)>,
}

/// A value that is no address; the number is the family its spelling suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAnAddress(pub(crate) u8);

impl Addresses {
    /// Adds an address or prefix; false when it is neither.
    pub(crate) fn add(&mut self, entry: &[u8]) -> bool {
        let (address, mask) = match memchr::memchr(b'/', entry) {
            Some(slash) => {
                let (address, mask) = (&entry[..slash], &entry[slash + 1..]);
                // Masks that look like an address of the family are refused.
                if mask.contains(&b':') || (mask.contains(&b'.') && !address.contains(&b':')) {
                    return false;
                }
                (address, Some(atoi(mask)))
            }
            None => (entry, None),
        };
        let Ok(address) = str::from_utf8(address) else { return false };
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            let Some(host) = host_bits(mask, 32) else { return false };
            let ones = u32::MAX.checked_shr(32 - host).unwrap_or(0);
            self.four.push((address.to_bits() & !ones, address.to_bits() | ones));
        } else if let Ok(address) = address.parse::<Ipv6Addr>() {
            let Some(host) = host_bits(mask, 128) else { return false };
            let ones = u128::MAX.checked_shr(128 - host).unwrap_or(0);
            self.six.push((address.to_bits() & !ones, address.to_bits() | ones));
        } else {
            return false;
        }
        true
    }

    /// Must follow the last `add`: sorts and merges.
    pub(crate) fn finish(&mut self) {
        merge(&mut self.four);
        merge(&mut self.six);
    }

    /// Whether the address belongs to the set. What follows a NUL byte is ignored, as the reference does.
    pub(crate) fn contain(&self, value: &[u8]) -> Result<bool, NotAnAddress> {
        let value = address_text(value);
        let text = str::from_utf8(value).unwrap_or("");
        if value.contains(&b':') {
            let address: Ipv6Addr = text.parse().map_err(|_| NotAnAddress(6))?;
            Ok(covers(&self.six, address.to_bits()))
        } else {
            let address: Ipv4Addr = text.parse().map_err(|_| NotAnAddress(4))?;
            Ok(covers(&self.four, address.to_bits()))
        }
    }
}

/// The part of a value that is read as an address: all before the first NUL byte.
pub(crate) fn address_text(value: &[u8]) -> &[u8] {
    memchr::memchr(0, value).map_or(value, |end| &value[..end])
}

fn host_bits(mask: Option<i32>, width: u32) -> Option<u32> {
    let mask = mask.map_or(Some(width), |mask| u32::try_from(mask).ok())?;
    (1..=width).contains(&mask).then(|| width - mask)
}

fn merge<T: Ord + Copy>(ranges: &mut Vec<(T, T)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let overlap = next.0 <= kept.1;
        if overlap {
            kept.1 = kept.1.max(next.1);
        }
        overlap
    });
}

fn covers<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|range| range.0 <= address);
    after.checked_sub(1).is_some_and(|index| address <= ranges[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(entries: &[&str]) -> Addresses {
        let mut addresses = Addresses::default();
        for entry in entries {
            assert!(addresses.add(entry.as_bytes()), "{entry}");
        }
        addresses.finish();
        addresses
    }

    #[test]
    fn accepts_and_refuses_entries() {
        set(&[
            "1.2.3.4",
            "1.2.3.4/08",
            "1.2.3.4/ 8x",
            "1.2.3.4/32",
            "::/1",
            "::1/128",
            "::1/64.",
            "::ffff:1.2.3.4",
        ]);
        for entry in [
            "",
            "1.2.3",
            "010.0.0.1",
            "1.2.3.4/",
            "1.2.3.4/0",
            "1.2.3.4/33",
            "1.2.3.4/255.0.0.0",
            "1.2.3.4/8.",
            "::1/64:",
            "1.2.3.4 ",
            "::/0",
            "::1/129",
            "fe80::1%lo",
        ] {
            assert!(!Addresses::default().add(entry.as_bytes()), "{entry}");
        }
    }

    #[test]
    fn looks_up() {
        let addresses =
            set(&["10.0.0.0/8", "10.1.0.0/16", "192.168.1.1", "2001:db8::/32", "0.0.0.0", "255.255.255.255"]);
        for inside in
            ["10.0.0.0", "10.255.255.255", "192.168.1.1", "2001:db8:ffff::1", "0.0.0.0", "255.255.255.255"]
        {
            assert_eq!(addresses.contain(inside.as_bytes()), Ok(true), "{inside}");
        }
        for outside in ["9.255.255.255", "11.0.0.0", "192.168.1.2", "2001:db9::", "::ffff:10.0.0.1", "::"] {
            assert_eq!(addresses.contain(outside.as_bytes()), Ok(false), "{outside}");
        }
        assert_eq!(addresses.contain(b"1.2.3"), Err(NotAnAddress(4)));
        assert_eq!(addresses.contain(b""), Err(NotAnAddress(4)));
        assert_eq!(addresses.contain(b"::g"), Err(NotAnAddress(6)));
        assert_eq!(addresses.contain(b"10.0.0.1\0x"), Ok(true));
    }
}
