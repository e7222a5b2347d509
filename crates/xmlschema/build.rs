//! Finds the system's libxml2 when the feature `libxml2` asks for it: `pkg-config` says where it lies and how to link it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "libxml2")]
    if let Err(error) = pkg_config::Config::new().atleast_version("2.9.4").probe("libxml-2.0") {
        eprintln!(
            "the feature `libxml2` needs libxml2 with its development files (Debian: libxml2-dev): {error}"
        );
        std::process::exit(1);
    }
}
