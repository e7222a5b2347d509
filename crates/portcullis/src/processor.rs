//! Whether the processor has the instructions that this binary was built with.
//!
//! A binary built for x86-64-v3 on a machine without AVX2 → a sentence that names what is missing, where the first such
//! instruction would end the process without a word. Asked before anything else runs. Only what the build relies on is
//! looked for, so a binary built for older processors never refuses.

/// An instruction set, and whether this machine has it.
type Known = (&'static str, bool);

/// What the binary needs and the processor lacks, by the names of the x86-64 psABI.
#[cfg(target_arch = "x86_64")]
pub fn missing() -> Vec<&'static str> {
    let built_for: &[Known] = &[
        ("AVX", cfg!(target_feature = "avx")),
        ("AVX2", cfg!(target_feature = "avx2")),
        ("BMI1", cfg!(target_feature = "bmi1")),
        ("BMI2", cfg!(target_feature = "bmi2")),
        ("F16C", cfg!(target_feature = "f16c")),
        ("FMA", cfg!(target_feature = "fma")),
        ("LZCNT", cfg!(target_feature = "lzcnt")),
        ("MOVBE", cfg!(target_feature = "movbe")),
    ];
    let has = present();
    let lacks = |name: &str| !has.iter().any(|(known, present)| *known == name && *present);
    built_for.iter().filter(|(name, needed)| *needed && lacks(name)).map(|(name, _)| *name).collect()
}

/// Other processors: the compiler's baseline is all that is used.
#[cfg(not(target_arch = "x86_64"))]
pub fn missing() -> Vec<&'static str> {
    Vec::new()
}

/// Bits of CPUID as the manual of the processor's maker numbers them. The library's own macro is of no use here: it is
/// answered at compile time where the build relies on the feature.
#[cfg(target_arch = "x86_64")]
fn present() -> [Known; 8] {
    use core::arch::x86_64::{__cpuid, __cpuid_count};

    let [basic, extended] = [0, 0x8000_0000].map(|leaf| __cpuid(leaf).eax);
    let first = __cpuid(1).ecx;
    let seventh = if basic >= 7 { __cpuid_count(7, 0).ebx } else { 0 };
    let more = if extended >= 0x8000_0001 { __cpuid(0x8000_0001).ecx } else { 0 };
    let bit = |word: u32, bit: u32| word >> bit & 1 == 1;
    // Bit 27: the system keeps the wide registers of a thread.
    [
        ("AVX", bit(first, 28) && bit(first, 27)),
        ("AVX2", bit(seventh, 5)),
        ("BMI1", bit(seventh, 3)),
        ("BMI2", bit(seventh, 8)),
        ("F16C", bit(first, 29)),
        ("FMA", bit(first, 12)),
        ("LZCNT", bit(more, 5)),
        ("MOVBE", bit(first, 22)),
    ]
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library_about_this_machine() {
        // Those that the build relies on are there, or this test would not run.
        assert_eq!(missing(), Vec::<&str>::new());
        let detected = [
            ("AVX", std::is_x86_feature_detected!("avx")),
            ("AVX2", std::is_x86_feature_detected!("avx2")),
            ("BMI1", std::is_x86_feature_detected!("bmi1")),
            ("BMI2", std::is_x86_feature_detected!("bmi2")),
            ("F16C", std::is_x86_feature_detected!("f16c")),
            ("FMA", std::is_x86_feature_detected!("fma")),
            ("LZCNT", std::is_x86_feature_detected!("lzcnt")),
            ("MOVBE", std::is_x86_feature_detected!("movbe")),
        ];
        assert_eq!(present(), detected);
    }
}
