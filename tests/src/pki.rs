//! Certificates for tests: an authority in a test's folder, and who it signs for.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::peers::Scratch;
use crate::server::Kind;

/// An authority, whose certificate is `NAME.ca.pem`.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    /// Makes one.
    pub fn new(scratch: &Scratch, name: &str) -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        write(scratch, &format!("{name}.ca.pem"), &certificate);
        Authority {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// Signs `NAME.pem`, whose chain ends in the authority, with the key `NAME.key`; `NAME` is its common name.
    pub fn sign(&self, scratch: &Scratch, name: &str) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        let own = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        write(scratch, &format!("{name}.pem"), &(own + &self.certificate));
        write(scratch, &format!("{name}.key"), &key.serialize_pem());
    }
}

/// The options with which a program of a kind is `name` and trusts the authority `ca`.
pub fn identity(kind: Kind, scratch: &Scratch, name: &str, ca: &str) -> Vec<String> {
    let path = |file: String| kind.path(scratch, &file);
    vec![
        format!("--private-key={}", path(format!("{name}.key"))),
        format!("--certificate={}", path(format!("{name}.pem"))),
        format!("--ca-cert={}", path(format!("{ca}.ca.pem"))),
    ]
}

fn write(scratch: &Scratch, file: &str, text: &str) {
    std::fs::write(scratch.host(file), text).expect("the folder is writable");
}
