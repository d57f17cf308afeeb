//! TLS as OVSDB uses it: both sides show a certificate, both check only that the peer's chain leads to the CA; names
//! are never checked (ovsdb-server(1) "Public Key Infrastructure Options").
//!
//! In: the files' paths, which may change at any time, as may the files. Out: streams. Files are read again when
//! their times or sizes change. Which versions and suites are allowed is [`policy`]'s part.

mod policy;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::stream::Stream;
use crate::tls::policy::Policy;

/// Where keys and certificates are, and what is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// `--private-key`.
    pub private_key: Option<PathBuf>,
    /// `--certificate`.
    pub certificate: Option<PathBuf>,
    /// `--ca-cert` or `--bootstrap-ca-cert`.
    pub ca_cert: Option<PathBuf>,
    /// Whether `ca_cert` is taken from the first peer when there is no such file.
    pub bootstrap: bool,
    /// `--peer-ca-cert`: certificates sent along with ours.
    pub peer_ca_cert: Option<PathBuf>,
    /// `--ssl-protocols`.
    pub protocols: Option<String>,
    /// `--ssl-ciphers`, of TLSv1.2.
    pub ciphers: Option<String>,
    /// `--ssl-ciphersuites`, of TLSv1.3.
    pub ciphersuites: Option<String>,
}

/// What a file looked like when it was read.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Default)]
struct State {
    files: TlsFiles,
    policy: Policy,
    stamps: Vec<Stamp>,
    configs: Option<(Arc<ServerConfig>, Arc<ClientConfig>)>,
}

/// TLS for listeners and dialers, reconfigured in place.
#[derive(Default)]
pub struct Tls(Mutex<State>);

impl Tls {
    /// TLS from these files; they are read at the first connection.
    pub fn new(files: TlsFiles) -> Tls {
        let tls = Tls::default();
        tls.configure(files);
        tls
    }

    /// Uses other files from now on.
    pub fn configure(&self, files: TlsFiles) {
        let mut state = self.0.lock();
        if state.files != files {
            let policy = Policy::new(
                files.protocols.as_deref(),
                files.ciphers.as_deref(),
                files.ciphersuites.as_deref(),
            );
            *state = State {
                files,
                policy,
                ..State::default()
            };
        }
    }

    fn configs(&self) -> io::Result<(Arc<ServerConfig>, Arc<ClientConfig>)> {
        let mut state = self.0.lock();
        let files = &state.files;
        let paths = [
            &files.private_key,
            &files.certificate,
            &files.ca_cert,
            &files.peer_ca_cert,
        ];
        let stamps: Vec<Stamp> = paths.iter().map(|path| path.as_deref().and_then(stamp)).collect();
        if let Some(configs) = &state.configs
            && stamps == state.stamps
        {
            return Ok(configs.clone());
        }
        let loaded = load(&state.files, &state.policy);
        match (loaded, &state.configs) {
            (Ok(configs), _) => {
                state.stamps = stamps;
                state.configs = Some(configs.clone());
                Ok(configs)
            }
            // A rotation under way, or one that failed: what was read before serves until the files change again.
            (Err(error), Some(configs)) => {
                let configs = configs.clone();
                tracing::error!(target: "stream_ssl", "{error}; the former files' contents are kept");
                state.stamps = stamps;
                Ok(configs)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The server's side of a handshake.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let (server, _) = self.configs()?;
        let stream = TlsAcceptor::from(server).accept(stream).await?;
        Ok(Stream::Tls(Box::new(TlsStream::Server(stream))))
    }

    /// The client's side of a handshake. With a bootstrap CA that does not exist yet, the peer's is saved and the
    /// connection given up: the next one is checked against it.
    pub async fn connect(&self, stream: TcpStream, host: &str) -> io::Result<Stream> {
        let name = ServerName::try_from(host.to_owned())
            .or_else(|_| ServerName::try_from("ovsdb"))
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let (files, policy) = {
            let state = self.0.lock();
            (state.files.clone(), state.policy.clone())
        };
        if let Some(ca) = files
            .ca_cert
            .as_ref()
            .filter(|ca| files.bootstrap && !ca.exists())
        {
            let trusting = Arc::new(trusting_client(&files, &policy)?);
            let stream = TlsConnector::from(trusting).connect(name, stream).await?;
            save_ca(ca, stream.get_ref().1.peer_certificates().unwrap_or_default())?;
            return Err(io::Error::new(
                ErrorKind::ConnectionAborted,
                format!("successfully bootstrapped CA cert to {}", ca.display()),
            ));
        }
        let (_, client) = self.configs()?;
        let stream = TlsConnector::from(client).connect(name, stream).await?;
        Ok(Stream::Tls(Box::new(TlsStream::Client(stream))))
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn bad(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what)
}

fn named(path: &Path) -> impl Fn(rustls::pki_types::pem::Error) -> io::Error + '_ {
    move |error| bad(format!("{}: {error}", path.display()))
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .map_err(named(path))?
        .collect::<Result<_, _>>()
        .map_err(named(path))
}

/// The chain and the key that this side shows.
fn own(files: &TlsFiles) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let Some(key) = &files.private_key else {
        return Err(bad("Private key must be configured to use SSL"));
    };
    let Some(cert) = &files.certificate else {
        return Err(bad("Certificate must be configured to use SSL"));
    };
    let mut chain = certificates(cert)?;
    if let Some(more) = &files.peer_ca_cert {
        chain.extend(certificates(more)?);
    }
    Ok((chain, PrivateKeyDer::from_pem_file(key).map_err(named(key))?))
}

/// Both sides of a handshake, from the files as they are now.
fn load(files: &TlsFiles, policy: &Policy) -> io::Result<(Arc<ServerConfig>, Arc<ClientConfig>)> {
    let (chain, key) = own(files)?;
    let Some(ca) = &files.ca_cert else {
        return Err(bad("CA certificate must be configured to use SSL"));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots
            .add(certificate)
            .map_err(|error| bad(format!("{}: {error}", ca.display())))?;
    }
    let roots = Arc::new(roots);
    let provider = policy.provider.clone();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
        .build()
        .map_err(|error| bad(format!("{}: {error}", ca.display())))?;
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&policy.versions)
        .map_err(bad)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.clone(), key.clone_key())
        .map_err(bad)?;
    let client = client(
        provider.clone(),
        &policy.versions,
        ChainOnly {
            roots: Some(roots),
            provider,
        },
        chain,
        key,
    )?;
    Ok((Arc::new(server), Arc::new(client)))
}

/// A client that takes any server's chain: for a bootstrap alone.
fn trusting_client(files: &TlsFiles, policy: &Policy) -> io::Result<ClientConfig> {
    let (chain, key) = own(files)?;
    let provider = policy.provider.clone();
    client(
        provider.clone(),
        &policy.versions,
        ChainOnly {
            roots: None,
            provider,
        },
        chain,
        key,
    )
}

fn client(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
    verifier: ChainOnly,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> io::Result<ClientConfig> {
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(bad)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(chain, key)
        .map_err(bad)
}

/// Writes the authority that ends a peer's chain to a new file.
fn save_ca(path: &Path, chain: &[CertificateDer<'_>]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let fail = |what: String| io::Error::other(format!("could not bootstrap CA cert: {what}"));
    let last = chain
        .last()
        .ok_or_else(|| fail("no certificate presented by peer".into()))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(last).map_err(|e| fail(e.to_string()))?;
    if parsed.subject() != parsed.issuer() {
        return Err(fail(
            "the last certificate of the peer's chain is not self-signed".into(),
        ));
    }
    let text = pem(last);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o444)
        .open(path)
        .map_err(|e| fail(format!("{}: {e}", path.display())))?;
    file.write_all(text.as_bytes())
        .map_err(|e| fail(format!("{}: {e}", path.display())))
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for start in (0..body.len()).step_by(64) {
        text.push_str(&body[start..body.len().min(start + 64)]);
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

/// The common name of a certificate's subject.
pub fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = parsed
        .subject()
        .iter_common_name()
        .next()?
        .as_str()
        .ok()?
        .to_owned();
    Some(name)
}

/// Checks that the chain leads to a root, and nothing about names; without roots, checks nothing (bootstrap).
#[derive(Debug)]
struct ChainOnly {
    roots: Option<Arc<RootCertStore>>,
    provider: Arc<CryptoProvider>,
}

impl ChainOnly {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.algorithms().all;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        None
    }
}
