//! TLS on the console's listener, from two PEM files.
//!
//! `console.pem` (the certificate, then its chain) and `console.key` → TLS 1.2 and 1.3 with HTTP/1.1. [`Tls::look`] is called every
//! now and then by the listener: new content of the files serves the next connection, without a restart. Content that
//! cannot be used changes nothing, and [`Tls::warning`] says so until it is mended.
//!
//! Limits: one certificate for every name; no client certificates.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

/// Bytes of a file at most: a long chain has some thousands.
const LARGEST: u64 = 1 << 20;

/// Where the certificate and its key lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// The certificate in force.
#[derive(Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    serving: Arc<CertifiedKey>,
    /// What the files held at the last look, used or not; nothing when they could not be read.
    seen: Option<(Vec<u8>, Vec<u8>)>,
    warning: Option<String>,
}

impl Tls {
    /// Reads the files.
    pub(crate) fn open(files: TlsFiles) -> Result<Self, String> {
        let seen = read(&files)?;
        let serving = Arc::new(certified(&files, &seen)?);
        Ok(Self { files, state: Mutex::new(State { serving, seen: Some(seen), warning: None }) })
    }

    /// What makes TLS of a connection. It always serves the certificate in force.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions()?.with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::new(Serving(Arc::clone(self))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again, and takes what is new and good.
    pub(crate) fn look(&self) {
        let seen = read(&self.files);
        if seen.is_ok() && self.state().seen.as_ref() == seen.as_ref().ok() {
            return;
        }
        let certified = seen.clone().and_then(|seen| certified(&self.files, &seen));
        let mut state = self.state();
        state.seen = seen.ok();
        match certified {
            Ok(serving) => {
                state.serving = Arc::new(serving);
                state.warning = None;
            }
            Err(reason) => {
                let told = format!(
                    "the console goes on with the certificate it had, for the new one cannot be used: {reason}"
                );
                state.warning = Some(told);
            }
        }
    }

    /// What is wrong with the files as they are now.
    pub(crate) fn warning(&self) -> Option<String> {
        self.state().warning.clone()
    }

    /// Each field is replaced whole: a panic elsewhere leaves nothing half-done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Serving(Arc<Tls>);

impl ResolvesServerCert for Serving {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.state().serving))
    }
}

fn read(files: &TlsFiles) -> Result<(Vec<u8>, Vec<u8>), String> {
    Ok((read_one(&files.certificate)?, read_one(&files.key)?))
}

fn read_one(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn certified(files: &TlsFiles, (chain, key): &(Vec<u8>, Vec<u8>)) -> Result<CertifiedKey, String> {
    let wrong = |path: &Path, reason: &dyn std::fmt::Display| format!("`{}`: {reason}", path.display());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.map_err(|error| wrong(&files.certificate, &error))?;
    if chain.is_empty() {
        return Err(wrong(&files.certificate, &"it holds no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| wrong(&files.key, &"it holds no private key in PEM"))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            format!("`{}` is not the key of `{}`", files.key.display(), files.certificate.display())
        }
        error => wrong(&files.certificate, &error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str) -> (String, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn new_files_serve_and_broken_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: folder.path().join("console.pem"),
            key: folder.path().join("console.key"),
        };
        let write = |(certificate, key): (&str, &str)| {
            std::fs::write(&files.certificate, certificate).unwrap();
            std::fs::write(&files.key, key).unwrap();
        };
        let (first, second) = (pair("a.example"), pair("b.example"));
        assert!(Tls::open(files.clone()).unwrap_err().contains("console.pem"));
        write((&first.0, "no key"));
        assert!(Tls::open(files.clone()).unwrap_err().contains("console.key"));
        write((&first.0, &first.1));
        let tls = Tls::open(files.clone()).unwrap();
        let serving = || tls.state().serving.cert.clone();
        let before = serving();
        write((&second.0, &first.1));
        tls.look();
        assert_eq!(serving(), before);
        let warning = tls.warning().unwrap();
        assert!(warning.contains("console.key` is not the key of"), "{warning}");
        tls.look();
        assert!(tls.warning().is_some(), "it is still so");
        write((&second.0, &second.1));
        tls.look();
        assert!(serving() != before && tls.warning().is_none());
        std::fs::remove_file(&files.key).unwrap();
        tls.look();
        assert!(tls.warning().is_some());
        write((&second.0, &second.1));
        tls.look();
        assert!(tls.warning().is_none(), "the same files again are good again");
    }
}
