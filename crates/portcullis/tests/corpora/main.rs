//! Public test data that needs a whole engine: requests driven through all phases in this process, or through the binary.
//!
//! Each module is the runner of one corpus, named as its folder; the list of cases that we answer otherwise lies beside
//! it, a line with the reason for each. `cargo xtask corpus` starts them one by one.

#[expect(dead_code, reason = "the command needs more of it")]
#[path = "../../src/ftw/mod.rs"]
mod ftw;
#[path = "../../src/in_process/mod.rs"]
mod in_process;

#[expect(dead_code, unused_imports, reason = "the commands' tests need more of it")]
#[path = "../command/support/mod.rs"]
mod support;

mod crs;
mod differential;
mod mrts;
mod scenarios;
mod sockets;
mod v2;
mod v3;

#[test]
fn mrts() {
    mrts::run();
}

#[test]
fn crs_v4() {
    crs::run_4();
}

#[test]
fn crs_v3() {
    crs::run_3();
}

#[test]
fn crs_v4_over_sockets() {
    sockets::run_4();
}

#[test]
fn crs_v3_over_sockets() {
    sockets::run_3();
}

#[test]
fn crs_v4_beside_apache() {
    differential::run_4();
}

#[test]
fn crs_v2_beside_apache() {
    differential::run_2();
}

#[test]
fn modsecurity_v2_regression() {
    v2::run();
}

#[test]
fn modsecurity_v3_regression() {
    v3::run();
}
