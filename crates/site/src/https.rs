//! The HTTPS client for what a site takes from elsewhere: repositories that are followed.
//!
//! [`agent`] trusts the certificates that the system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), goes through the
//! proxy that `HTTPS_PROXY` names, and never follows a redirect: what is fetched comes from the address that was given.
//! Every step has a time limit, so a server that says nothing holds nobody for long.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// For the name, and for the connection with its handshake.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// From the request to the head of the answer.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Between two parts of a body.
const SILENCE: Duration = Duration::from_secs(60);
/// For all of it, however steadily the parts come.
const WHOLE_TIME: Duration = Duration::from_secs(15 * 60);

/// A client that asks over HTTPS only, or over plain HTTP too where `plain` says so.
///
/// # Errors
/// When the system names no certificate that could be trusted.
pub fn agent(plain: bool) -> Result<Agent, String> {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(if plain { RootCerts::Specific(Arc::default()) } else { trusted()? })
        .build();
    let config = Agent::config_builder()
        .https_only(!plain)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .timeout_resolve(Some(CONNECT_TIME))
        .timeout_connect(Some(CONNECT_TIME))
        .timeout_recv_response(Some(ANSWER_TIME))
        .timeout_per_read(Some(SILENCE))
        .timeout_global(Some(WHOLE_TIME))
        .build();
    Ok(config.new_agent())
}

fn trusted() -> Result<RootCerts, String> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(format!("the system has no certificates of authorities to trust{why}"));
    }
    let certificates = found.certs.iter().map(|der| Certificate::from_der(der).to_owned());
    Ok(RootCerts::Specific(Arc::new(certificates.collect())))
}
