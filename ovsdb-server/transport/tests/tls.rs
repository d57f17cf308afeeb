//! TLS between a listener and a dialer, with certificates made here: whose chain is accepted, what a bootstrap leaves
//! behind, files that change under a running program, versions that must meet.

use std::path::PathBuf;
use std::sync::Arc;

use ovsdb_transport::dial::dial;
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::{Tls, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A folder with a CA and the certificates that it signed.
struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let cert = params.self_signed(&key).expect("a certificate");
        std::fs::write(folder.path().join("ca.pem"), cert.pem()).expect("the folder is writable");
        Authority {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// A certificate `NAME.pem` with its key `NAME.key`. Its alternative name is of no peer's.
    fn sign(&self, name: &str) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["elsewhere.invalid".to_owned()]).expect("a DNS name");
        params.distinguished_name.push(DnType::CommonName, name);
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        // The chain ends in the CA's own certificate, which a bootstrapping peer takes.
        let chain = cert.pem() + &std::fs::read_to_string(self.path("ca.pem")).expect("it is there");
        std::fs::write(self.path(&format!("{name}.pem")), chain).expect("the folder is writable");
        std::fs::write(self.path(&format!("{name}.key")), key.serialize_pem())
            .expect("the folder is writable");
    }

    /// One of its certificates, checking peers against it.
    fn files(&self, name: &str) -> TlsFiles {
        TlsFiles {
            private_key: Some(self.path(&format!("{name}.key"))),
            certificate: Some(self.path(&format!("{name}.pem"))),
            ca_cert: Some(self.path("ca.pem")),
            ..TlsFiles::default()
        }
    }
}

/// What came of a connection: what each side knows of the other, or which side failed and how.
async fn meet(server: &Arc<Tls>, client: &Arc<Tls>) -> Result<(Option<String>, Option<String>), String> {
    let passive = Passive::Ssl(0, Some("127.0.0.1".into()));
    let listener = Listener::bind(&passive, server).expect("a free port");
    let port = listener.bound_port().expect("TCP has a port");
    let serving = async {
        let accepted = listener.accept().await.map_err(|e| format!("accept: {e}"))?;
        let mut stream = accepted.handshake().await.map_err(|e| format!("server: {e}"))?;
        exchange(&mut stream).await.map_err(|e| format!("server: {e}"))?;
        Ok::<_, String>(stream.peer_common_name())
    };
    let dialing = async {
        let active = Active::Ssl("127.0.0.1".into(), port);
        let mut stream = dial(&active, client).await.map_err(|e| format!("client: {e}"))?;
        exchange(&mut stream).await.map_err(|e| format!("client: {e}"))?;
        Ok::<_, String>(stream.peer_common_name())
    };
    match tokio::join!(serving, dialing) {
        (Ok(of_client), Ok(of_server)) => Ok((of_client, of_server)),
        (served, dialed) => Err([served.err(), dialed.err()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

/// The connection failed, and how.
fn refused(met: Result<(Option<String>, Option<String>), String>, how: &str) {
    assert!(met.as_ref().is_err_and(|error| error.contains(how)), "{met:?}");
}

/// One byte each way: TLS 1.3 tells a client that it is refused only when it reads.
async fn exchange(stream: &mut Stream) -> std::io::Result<()> {
    stream.write_all(b"x").await?;
    stream.flush().await?;
    stream.read_u8().await.map(drop)
}

fn tls(files: TlsFiles) -> Arc<Tls> {
    Arc::new(Tls::new(files))
}

#[tokio::test]
async fn a_chain_to_the_same_authority_is_enough_whatever_the_names() {
    let authority = Authority::new("ca");
    authority.sign("server");
    authority.sign("client");
    let met = meet(&tls(authority.files("server")), &tls(authority.files("client"))).await;
    assert_eq!(met, Ok((Some("client".into()), Some("server".into()))));
}

#[tokio::test]
async fn another_authority_s_certificates_are_refused_on_either_side() {
    // Their authorities even have the same name.
    let (ours, theirs) = (Authority::new("ca"), Authority::new("ca"));
    ours.sign("server");
    ours.sign("client");
    theirs.sign("server");
    theirs.sign("client");
    // The client is foreign but trusts the server.
    let foreign_client = TlsFiles {
        ca_cert: ours.files("x").ca_cert,
        ..theirs.files("client")
    };
    let met = meet(&tls(ours.files("server")), &tls(foreign_client)).await;
    refused(met, "server: invalid peer certificate");
    // The server is foreign but trusts the client.
    let foreign_server = TlsFiles {
        ca_cert: ours.files("x").ca_cert,
        ..theirs.files("server")
    };
    let met = meet(&tls(foreign_server), &tls(ours.files("client"))).await;
    refused(met, "client: invalid peer certificate");
}

#[tokio::test]
async fn what_is_not_configured_or_not_there_is_named() {
    let authority = Authority::new("ca");
    authority.sign("server");
    authority.sign("client");
    let all = authority.files("server");
    std::fs::write(authority.path("garbage"), "no certificate").expect("the folder is writable");
    for (files, want) in [
        (
            TlsFiles {
                private_key: None,
                ..all.clone()
            },
            "Private key must be configured to use SSL",
        ),
        (
            TlsFiles {
                certificate: None,
                ..all.clone()
            },
            "Certificate must be configured to use SSL",
        ),
        (
            TlsFiles {
                ca_cert: None,
                ..all.clone()
            },
            "CA certificate must be configured to use SSL",
        ),
        (
            TlsFiles {
                ca_cert: Some(authority.path("absent")),
                ..all.clone()
            },
            "absent",
        ),
        (
            TlsFiles {
                private_key: Some(authority.path("garbage")),
                ..all.clone()
            },
            "garbage",
        ),
        (
            TlsFiles {
                certificate: Some(authority.path("garbage")),
                ..all.clone()
            },
            "server: ",
        ),
        (
            TlsFiles {
                private_key: Some(authority.path("client.key")),
                ..all.clone()
            },
            "server: ",
        ),
    ] {
        let met = meet(&tls(files), &tls(authority.files("client"))).await;
        assert!(
            met.as_ref()
                .is_err_and(|e| e.starts_with("server: ") && e.contains(want)),
            "{want}: {met:?}"
        );
    }
}

#[tokio::test]
async fn a_bootstrap_saves_the_authority_and_checks_it_from_then_on() {
    use std::os::unix::fs::PermissionsExt as _;
    let authority = Authority::new("ca");
    authority.sign("server");
    authority.sign("client");
    let server = tls(authority.files("server"));
    let saved = authority.path("saved.pem");
    let client = tls(TlsFiles {
        ca_cert: Some(saved.clone()),
        bootstrap: true,
        ..authority.files("client")
    });
    let met = meet(&server, &client).await;
    refused(met, "successfully bootstrapped CA cert to");
    let text = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .expect("it is there")
            .replace("\r\n", "\n")
    };
    assert_eq!(text(&saved), text(&authority.path("ca.pem")));
    let mode = std::fs::metadata(&saved)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o444);
    assert_eq!(
        meet(&server, &client).await,
        Ok((Some("client".into()), Some("server".into())))
    );
    // An impostor comes too late.
    let other = Authority::new("other");
    other.sign("server");
    let impostor = TlsFiles {
        ca_cert: authority.files("x").ca_cert,
        ..other.files("server")
    };
    let met = meet(&tls(impostor), &client).await;
    refused(met, "client: invalid peer certificate");
}

#[tokio::test]
async fn a_chain_without_its_authority_cannot_bootstrap() {
    let authority = Authority::new("ca");
    authority.sign("server");
    authority.sign("client");
    let chain = std::fs::read_to_string(authority.path("server.pem")).expect("it is there");
    let end = chain.find("-----END CERTIFICATE-----").expect("PEM") + "-----END CERTIFICATE-----\n".len();
    std::fs::write(authority.path("server.pem"), &chain[..end]).expect("the folder is writable");
    let saved = authority.path("saved.pem");
    let client = tls(TlsFiles {
        ca_cert: Some(saved.clone()),
        bootstrap: true,
        ..authority.files("client")
    });
    let met = meet(&tls(authority.files("server")), &client).await;
    refused(met, "could not bootstrap CA cert");
    assert!(!saved.exists());
    // Sent along by the option for that, it can.
    let server = TlsFiles {
        peer_ca_cert: Some(authority.path("ca.pem")),
        ..authority.files("server")
    };
    let met = meet(&tls(server), &client).await;
    refused(met, "successfully bootstrapped");
}

#[tokio::test]
async fn files_are_read_again_when_they_change() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    for authority in [&old, &new] {
        authority.sign("server");
        authority.sign("client");
    }
    let server = tls(old.files("server"));
    let (old_client, new_client) = (tls(old.files("client")), tls(new.files("client")));
    assert!(meet(&server, &old_client).await.is_ok());
    assert!(meet(&server, &new_client).await.is_err());
    // The same names, other contents, and a time that differs even where clocks are coarse.
    for file in ["server.pem", "server.key", "ca.pem"] {
        std::fs::copy(new.path(file), old.path(file)).expect("the folder is writable");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
        let changed = std::fs::File::options()
            .write(true)
            .open(old.path(file))
            .expect("it is there");
        changed.set_modified(later).expect("our file");
    }
    assert!(meet(&server, &new_client).await.is_ok());
    // Half of a rotation changes nothing.
    std::fs::write(old.path("server.pem"), "garbage").expect("the folder is writable");
    assert!(meet(&server, &new_client).await.is_ok());
    // Other files altogether.
    let other = Authority::new("other");
    other.sign("server");
    other.sign("client");
    server.configure(other.files("server"));
    assert!(meet(&server, &new_client).await.is_err());
    assert!(meet(&server, &tls(other.files("client"))).await.is_ok());
}

#[tokio::test]
async fn versions_and_suites_must_meet() {
    let authority = Authority::new("ca");
    authority.sign("server");
    authority.sign("client");
    let with = |name: &str, protocols: Option<&str>, ciphers: Option<&str>| {
        tls(TlsFiles {
            protocols: protocols.map(str::to_owned),
            ciphers: ciphers.map(str::to_owned),
            ..authority.files(name)
        })
    };
    let old = Some("TLSv1.2");
    for (server, client, meets) in [
        ((None, None), (old, None), true),
        ((old, None), (None, None), true),
        ((Some("TLSv1.3"), None), (old, None), false),
        ((Some("TLSv1.2+"), None), (Some("TLSv1.3"), None), true),
        ((old, Some("AES256")), (old, Some("AES128")), false),
        ((old, Some("AES256:AES128")), (old, Some("AES128")), true),
        // What says nothing here leaves the default.
        ((Some("nonsense"), Some("nonsense")), (None, None), true),
    ] {
        let met = meet(
            &with("server", server.0, server.1),
            &with("client", client.0, client.1),
        )
        .await;
        assert_eq!(met.is_ok(), meets, "{server:?} {client:?}: {met:?}");
    }
}
