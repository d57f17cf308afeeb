//! Which protocol versions and cipher suites are allowed: `--ssl-protocols`, `--ssl-ciphers`, `--ssl-ciphersuites`
//! (ovsdb-server(1) "SSL/TLS Options", openssl-ciphers(1)).
//!
//! In: the options' texts, in OpenSSL's words. Out: what rustls shall offer, in order of preference. rustls has far
//! fewer suites, all of them good: words select among these. A text that makes no sense, or leaves nothing, is logged
//! and the default is used, as in the C programs; a word for something that rustls does not have selects nothing.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{CipherSuite, SupportedCipherSuite, SupportedProtocolVersion, version};

/// What may be used.
#[derive(Clone)]
pub(super) struct Policy {
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub provider: Arc<CryptoProvider>,
}

impl Default for Policy {
    fn default() -> Self {
        Policy::new(None, None, None)
    }
}

impl Policy {
    /// From the options' texts; logs what is wrong with them.
    pub fn new(protocols: Option<&str>, ciphers: Option<&str>, ciphersuites: Option<&str>) -> Policy {
        let mut provider = ring::default_provider();
        let known = std::mem::take(&mut provider.cipher_suites);
        let (tls13, tls12): (Vec<_>, Vec<_>) = known.into_iter().partition(|suite| suite.tls13().is_some());
        provider.cipher_suites = ciphersuites
            .filter(|text| !text.is_empty())
            .and_then(|text| told("SSL_CTX_set_ciphersuites", select_suites(text, &tls13)))
            .unwrap_or(tls13);
        let tls12 = ciphers
            .and_then(|text| told("SSL_CTX_set_cipher_list", select_ciphers(text, &tls12)))
            .unwrap_or(tls12);
        provider.cipher_suites.extend(tls12);
        Policy {
            versions: versions(protocols),
            provider: Arc::new(provider),
        }
    }
}

/// Logs an error under the name that operators know from the C programs.
fn told<T>(function: &str, result: Result<T, String>) -> Option<T> {
    result
        .map_err(|error| tracing::error!(target: "stream_ssl", "{function}: {error}"))
        .ok()
}

fn versions(text: Option<&str>) -> Vec<&'static SupportedProtocolVersion> {
    let range = match text {
        None => None,
        Some(text) => match parse_protocols(text) {
            Ok(parsed) => {
                for warning in &parsed.warnings {
                    tracing::warn!(target: "stream_ssl", "{warning}");
                }
                tracing::debug!(target: "stream_ssl", "Enabled protocol range: {}", parsed.range());
                Some(parsed)
            }
            Err(errors) => {
                for error in &errors {
                    tracing::error!(target: "stream_ssl", "{error}");
                }
                None
            }
        },
    };
    let (min, max) = range.map_or((2, 3), |range| (range.min, range.max));
    let mut versions = Vec::new();
    if max >= 3 {
        versions.push(&version::TLS13);
    }
    if min <= 2 && max >= 2 {
        versions.push(&version::TLS12);
    }
    if versions.is_empty() {
        tracing::error!(target: "stream_ssl", "{} and older are not available here; TLSv1.2 and later are used", NAMES[max]);
        return vec![&version::TLS13, &version::TLS12];
    }
    versions
}

const NAMES: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/// The first two are accepted because scripts name them.
const N_DEPRECATED: usize = 2;

/// A range of versions, as positions in [`NAMES`].
#[derive(Debug, PartialEq, Eq)]
struct Protocols {
    min: usize,
    max: usize,
    or_later: bool,
    warnings: Vec<String>,
}

impl Protocols {
    fn range(&self) -> String {
        match self.or_later {
            true => format!("{} or later", NAMES[self.min]),
            false => format!("{} - {}", NAMES[self.min], NAMES[self.max]),
        }
    }
}

/// One range `A-B` or `A+`, or a list of versions, which means the range that they span.
fn parse_protocols(text: &str) -> Result<Protocols, Vec<String>> {
    let (words, or_later, is_list): (Vec<&str>, bool, bool) =
        match (text.strip_suffix('+'), text.split_once('-')) {
            (Some(from), _) => (vec![from], true, false),
            (None, Some((from, to))) => (vec![from, to], false, false),
            (None, None) => (
                text.split([' ', ',', '\t'])
                    .filter(|word| !word.is_empty())
                    .collect(),
                false,
                true,
            ),
        };
    let position = |word: &&str| NAMES.iter().position(|name| name == word);
    let unknown: Vec<String> = words
        .iter()
        .filter(|word| position(word).is_none())
        .map(|word| format!("{word}: SSL/TLS protocol not recognized"))
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let named: Vec<usize> = words.iter().filter_map(position).collect();
    let (Some(&min), Some(&max)) = (named.iter().min(), named.iter().max()) else {
        return Err(vec!["SSL/TLS protocol settings invalid".to_owned()]);
    };
    let mut warnings: Vec<String> = (0..N_DEPRECATED)
        .filter(|i| named.contains(i))
        .map(|i| format!("{} protocol is deprecated", NAMES[i]))
        .collect();
    if is_list {
        let between = (min..max).filter(|i| !named.contains(i));
        warnings.extend(between.map(|i| {
            format!(
                "SSL/TLS protocol {} is not configured, but will be enabled anyway.",
                NAMES[i]
            )
        }));
    }
    Ok(Protocols {
        min,
        max: if or_later { NAMES.len() - 1 } else { max },
        or_later,
        warnings,
    })
}

const NO_MATCH: &str = "no cipher match";

/// TLSv1.3: names in the standard's spelling, colons between them, in order of preference.
fn select_suites(text: &str, known: &[SupportedCipherSuite]) -> Result<Vec<SupportedCipherSuite>, String> {
    // rustls leaves these out, OpenSSL does not.
    const ABSENT: [&str; 2] = ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"];
    let mut chosen = Vec::new();
    for name in text
        .split(':')
        .filter(|name| !name.is_empty() && !ABSENT.contains(name))
    {
        let suite = known.iter().find(|suite| standard_name(suite) == name);
        let suite = suite.ok_or_else(|| format!("{NO_MATCH} ({name})"))?;
        if !chosen.contains(suite) {
            chosen.push(*suite);
        }
    }
    match chosen.is_empty() {
        true => Err(NO_MATCH.to_owned()),
        false => Ok(chosen),
    }
}

/// The standard's name of a suite of TLSv1.3.
fn standard_name(suite: &SupportedCipherSuite) -> String {
    // rustls marks the version in the name.
    format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)
}

/// TLSv1.2 and older: a cipher list in OpenSSL's language. Words add suites at the end; `!` takes out for good, `-`
/// takes out, `+` moves to the end; words joined by `+` must all hold.
fn select_ciphers(text: &str, known: &[SupportedCipherSuite]) -> Result<Vec<SupportedCipherSuite>, String> {
    let mut chosen: Vec<SupportedCipherSuite> = Vec::new();
    let mut banned: Vec<SupportedCipherSuite> = Vec::new();
    for word in text.split([':', ' ', ',', ';']).filter(|word| !word.is_empty()) {
        // Levels and orders say nothing about suites that are all strong.
        if word.starts_with('@') {
            continue;
        }
        let (sign, name) = match word.split_at_checked(1) {
            Some((sign @ ("!" | "-" | "+"), name)) => (sign, name),
            _ => ("", word),
        };
        let mut matching = known.to_vec();
        for part in name.split('+') {
            let Some(holds) = criterion(part) else {
                tracing::warn!(target: "stream_ssl", "{part}: cipher not recognized, ignored");
                matching.clear();
                continue;
            };
            matching.retain(|suite| holds(&Traits::of(suite)));
        }
        match sign {
            "!" => {
                chosen.retain(|suite| !matching.contains(suite));
                banned.extend(matching);
            }
            "-" => chosen.retain(|suite| !matching.contains(suite)),
            "+" => {
                let (last, first): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|s| matching.contains(s));
                chosen = first.into_iter().chain(last).collect();
            }
            _ => {
                let new = matching.into_iter().filter(|suite| !banned.contains(suite));
                let new: Vec<_> = new.filter(|suite| !chosen.contains(suite)).collect();
                chosen.extend(new);
            }
        }
    }
    match chosen.is_empty() {
        true => Err(NO_MATCH.to_owned()),
        false => Ok(chosen),
    }
}

/// What tells the suites of TLSv1.2 apart that rustls has; each exchanges keys by ECDHE and authenticates as it
/// encrypts.
struct Traits {
    ecdsa: bool,
    cipher: Cipher,
    name: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes128,
    Aes256,
    Chacha,
}

impl Traits {
    fn of(suite: &SupportedCipherSuite) -> Traits {
        use Cipher::{Aes128, Aes256, Chacha};
        let (ecdsa, cipher, name) = match suite.suite() {
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => {
                (true, Aes256, "ECDHE-ECDSA-AES256-GCM-SHA384")
            }
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => {
                (true, Aes128, "ECDHE-ECDSA-AES128-GCM-SHA256")
            }
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
                (true, Chacha, "ECDHE-ECDSA-CHACHA20-POLY1305")
            }
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => {
                (false, Aes256, "ECDHE-RSA-AES256-GCM-SHA384")
            }
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => {
                (false, Aes128, "ECDHE-RSA-AES128-GCM-SHA256")
            }
            _ => (false, Chacha, "ECDHE-RSA-CHACHA20-POLY1305"),
        };
        Traits { ecdsa, cipher, name }
    }
}

type Criterion = Box<dyn Fn(&Traits) -> bool>;

/// What a word of a cipher list asks for; none for a word that OpenSSL does not know either.
fn criterion(word: &str) -> Option<Criterion> {
    // Words for what rustls does not have, and names of such suites.
    const NOTHING: [&str; 41] = [
        "aNULL",
        "eNULL",
        "NULL",
        "LOW",
        "MEDIUM",
        "EXP",
        "EXPORT",
        "EXPORT40",
        "EXPORT56",
        "MD5",
        "SHA",
        "SHA1",
        "RC4",
        "RC2",
        "DES",
        "3DES",
        "IDEA",
        "SEED",
        "CAMELLIA",
        "CAMELLIA128",
        "CAMELLIA256",
        "ARIA",
        "ARIA128",
        "ARIA256",
        "AESCCM",
        "AESCCM8",
        "kRSA",
        "kDHE",
        "kEDH",
        "DHE",
        "EDH",
        "DH",
        "ADH",
        "AECDH",
        "PSK",
        "kPSK",
        "SRP",
        "DSS",
        "aDSS",
        "aPSK",
        "GOST",
    ];
    let any: fn(&Traits) -> bool = match word {
        "ALL"
        | "DEFAULT"
        | "COMPLEMENTOFDEFAULT"
        | "HIGH"
        | "ECDHE"
        | "kECDHE"
        | "EECDH"
        | "kEECDH"
        | "ECDH"
        | "TLSv1.2"
        | "FIPS" => |_| true,
        "aRSA" | "RSA" => |t| !t.ecdsa,
        "aECDSA" | "ECDSA" => |t| t.ecdsa,
        "AES" | "AESGCM" => |t| t.cipher != Cipher::Chacha,
        "AES128" => |t| t.cipher == Cipher::Aes128,
        "AES256" | "SHA384" => |t| t.cipher == Cipher::Aes256,
        "SHA256" => |t| t.cipher == Cipher::Aes128,
        "CHACHA20" => |t| t.cipher == Cipher::Chacha,
        word if NOTHING.contains(&word) => |_| false,
        // One suite by its name: those end in a hash, or in the cipher that needs none.
        word if ["-SHA", "-SHA256", "-SHA384", "-MD5", "-POLY1305", "-CCM", "-CCM8"]
            .iter()
            .any(|end| word.ends_with(end)) =>
        {
            let name = word.to_owned();
            return Some(Box::new(move |t| t.name == name));
        }
        _ => return None,
    };
    Some(Box::new(any))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_a_range_or_a_list() {
        let ok = |min, max, warnings: &[&str]| {
            Ok((
                min,
                max,
                warnings.iter().map(|w| w.to_string()).collect::<Vec<_>>(),
            ))
        };
        let deprecated = ["TLSv1 protocol is deprecated", "TLSv1.1 protocol is deprecated"];
        let between = "SSL/TLS protocol TLSv1.2 is not configured, but will be enabled anyway.";
        let unknown = |words: &[&str]| {
            Err(words
                .iter()
                .map(|word| format!("{word}: SSL/TLS protocol not recognized"))
                .collect())
        };
        for (text, want) in [
            ("TLSv1.2", ok(2, 2, &[])),
            ("TLSv1.3", ok(3, 3, &[])),
            ("TLSv1.2+", ok(2, 3, &[])),
            ("TLSv1.1+", ok(1, 3, &deprecated[1..])),
            ("TLSv1.2-TLSv1.3", ok(2, 3, &[])),
            ("TLSv1-TLSv1.1", ok(0, 1, &deprecated)),
            ("TLSv1.2,TLSv1.3", ok(2, 3, &[])),
            ("TLSv1.3 TLSv1.2", ok(2, 3, &[])),
            ("TLSv1.1, TLSv1.3", ok(1, 3, &[deprecated[1], between])),
            ("", Err(vec!["SSL/TLS protocol settings invalid".to_owned()])),
            (",", Err(vec!["SSL/TLS protocol settings invalid".to_owned()])),
            ("SSLv3", unknown(&["SSLv3"])),
            ("TLSv1.2,nonsense", unknown(&["nonsense"])),
            ("TLSv1.2-TLSv1.3,TLSv1", unknown(&["TLSv1.3,TLSv1"])),
            ("tlsv1.2", unknown(&["tlsv1.2"])),
        ] {
            let parsed = parse_protocols(text).map(|p| (p.min, p.max, p.warnings));
            assert_eq!(parsed, want, "{text}");
        }
        let range = |text: &str| parse_protocols(text).map(|parsed| parsed.range());
        assert_eq!(range("TLSv1.3+"), Ok("TLSv1.3 or later".to_owned()));
        assert_eq!(range("TLSv1.1,TLSv1.2"), Ok("TLSv1.1 - TLSv1.2".to_owned()));
    }

    #[test]
    fn only_versions_that_exist_are_offered() {
        for (text, want) in [
            (None, vec![0x0304, 0x0303]),
            (Some("TLSv1.2"), vec![0x0303]),
            (Some("TLSv1.3"), vec![0x0304]),
            (Some("TLSv1+"), vec![0x0304, 0x0303]),
            (Some("TLSv1-TLSv1.2"), vec![0x0303]),
            (Some("TLSv1.1"), vec![0x0304, 0x0303]),
            (Some("nonsense"), vec![0x0304, 0x0303]),
        ] {
            let offered: Vec<u16> = versions(text).iter().map(|v| u16::from(v.version)).collect();
            assert_eq!(offered, want, "{text:?}");
        }
    }

    /// The suites of TLSv1.2 that a list selects: E or R for the certificate, then the cipher.
    fn ciphers(text: &str) -> Option<String> {
        let known: Vec<_> = ring::default_provider()
            .cipher_suites
            .into_iter()
            .filter(|s| s.tls13().is_none())
            .collect();
        let chosen = select_ciphers(text, &known).ok()?;
        let short = chosen.iter().map(|suite| {
            let traits = Traits::of(suite);
            let cipher = match traits.cipher {
                Cipher::Aes128 => "128",
                Cipher::Aes256 => "256",
                Cipher::Chacha => "cha",
            };
            format!("{}{cipher}", if traits.ecdsa { 'E' } else { 'R' })
        });
        Some(short.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn cipher_lists_select_among_what_there_is() {
        let all = "E256 E128 Echa R256 R128 Rcha";
        for (text, want) in [
            ("DEFAULT:@SECLEVEL=2", Some(all)),
            ("HIGH:!aNULL:!MD5", Some(all)),
            ("ALL:!EXPORT:!LOW:!DES:!RC4:@STRENGTH", Some(all)),
            ("HIGH:!ECDSA", Some("R256 R128 Rcha")),
            ("ECDHE+AESGCM:!aRSA", Some("E256 E128")),
            ("AES256:CHACHA20", Some("E256 R256 Echa Rcha")),
            ("ALL:+AES128", Some("E256 Echa R256 Rcha E128 R128")),
            ("ALL:-AES:AES128", Some("Echa Rcha E128 R128")),
            ("!AES128:ALL", Some("E256 Echa R256 Rcha")),
            (
                "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
                Some("R128 E256"),
            ),
            (
                "ECDHE-RSA-CHACHA20-POLY1305,DHE-RSA-AES256-GCM-SHA384",
                Some("Rcha"),
            ),
            ("ALL:nonsense", Some(all)),
            ("nonsense", None),
            ("RC4:MD5", None),
            ("ALL:!ALL", None),
            ("", None),
        ] {
            assert_eq!(ciphers(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn cipher_suites_are_named_or_refused_whole() {
        let (aes256, aes128, chacha) = (
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
        );
        let known: Vec<_> = ring::default_provider()
            .cipher_suites
            .into_iter()
            .filter(|s| s.tls13().is_some())
            .collect();
        let select = |text: &str| {
            let chosen = select_suites(text, &known)?;
            Ok::<_, String>(chosen.iter().map(standard_name).collect::<Vec<_>>())
        };
        assert_eq!(
            select(&format!("{chacha}:{aes128}")),
            Ok(vec![chacha.to_owned(), aes128.to_owned()])
        );
        assert_eq!(
            select(&format!("{aes256}:TLS_AES_128_CCM_SHA256:{aes256}")),
            Ok(vec![aes256.to_owned()])
        );
        assert_eq!(
            select(&format!("{aes256}:nonsense")),
            Err("no cipher match (nonsense)".to_owned())
        );
        assert_eq!(
            select("TLS_AES_128_CCM_SHA256"),
            Err("no cipher match".to_owned())
        );
        // Either way something can be offered.
        for texts in [
            (Some("nonsense"), Some("nonsense")),
            (Some("RC4"), Some("")),
            (None, Some(aes128)),
        ] {
            let policy = Policy::new(None, texts.0, texts.1);
            let offered = &policy.provider.cipher_suites;
            assert!(
                offered.iter().any(|s| s.tls13().is_some()) && offered.iter().any(|s| s.tls13().is_none())
            );
        }
    }
}
