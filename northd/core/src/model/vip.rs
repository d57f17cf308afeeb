//! Virtual addresses of load balancers and what is behind them (ovn-nb(5) "vips").
//!
//! In: the texts of a pair of `vips`. Out: addresses and ports as flows have them. Never here: load balancers' options,
//! health.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::address::v6_text;

/// The version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Of an address.
    pub fn of(addr: IpAddr) -> Family {
        match addr {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// The protocol in expressions.
    pub fn field(self) -> &'static str {
        match self {
            Family::V4 => "ip4",
            Family::V6 => "ip6",
        }
    }

    /// The register that keeps the address a packet was sent to.
    pub fn register(self) -> &'static str {
        match self {
            Family::V4 => "reg4",
            Family::V6 => "xxreg1",
        }
    }

    /// An address with a port.
    pub fn with_port(self, ip: &str, port: &str) -> String {
        match self {
            Family::V4 => format!("{ip}:{port}"),
            Family::V6 => format!("[{ip}]:{port}"),
        }
    }
}

/// A virtual address, with or without a port.
#[derive(Clone, Debug, PartialEq)]
pub struct Vip {
    /// The version of IP: the address's, or what a template says.
    pub family: Family,
    /// The address; none where a template variable stands for it.
    pub addr: Option<IpAddr>,
    /// The address as text.
    pub ip: Arc<str>,
    /// The port, or the variable that stands for it.
    pub port: Option<Arc<str>>,
    /// The backends as they were typed.
    pub backends_text: Arc<str>,
    /// The backends.
    pub backends: Vec<Backend>,
    /// What watches over the backends.
    pub health_check: Option<Uuid>,
}

/// What a connection to a virtual address may be sent to.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// The address; none where it was read as a template.
    pub addr: Option<IpAddr>,
    /// The address as text.
    pub ip: Arc<str>,
    /// The port; none where there is none, or it was read as a template.
    pub port: Option<u16>,
    /// The port as text.
    pub port_text: Option<Arc<str>>,
    /// How it is watched, where the virtual address has a health check.
    pub monitor: Option<Monitor>,
}

/// Who asks a backend whether it is alive (ovn-nb(5) "ip_port_mappings").
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// The logical switch port that the backend is behind.
    pub port: Arc<str>,
    /// The address to ask from.
    pub source: Arc<str>,
}

impl Vip {
    /// A pair of `vips`.
    pub fn parse(key: &str, value: &str) -> Result<Vip, String> {
        let (addr, port) = endpoint(key).ok_or_else(|| {
            format!(
                "{key}: should be an IP address (or an IP address and a port number with : as a separator)."
            )
        })?;
        let mut vip = Vip {
            family: Family::of(addr),
            addr: Some(addr),
            ip: text(addr),
            port: (port != 0).then(|| port.to_string().into()),
            backends_text: value.into(),
            backends: Vec::new(),
            health_check: None,
        };
        vip.backends = vip.explicit_backends(value)?;
        Ok(vip)
    }

    /// A pair of `vips` in which variables may stand for addresses, ports and backends.
    pub fn parse_template(key: &str, value: &str, family: Family) -> Result<Vip, String> {
        let (ip, port) = template(key).ok_or_else(|| {
            format!("{key}: should be a template of the form: '^vip_variable[:^port_variable|:port]'.")
        })?;
        let mut vip = Vip {
            family,
            addr: None,
            ip,
            port,
            backends_text: value.into(),
            backends: Vec::new(),
            health_check: None,
        };
        let templates = tokens(value, ',').map(|token| {
            let (ip, port_text) = template(token)?;
            Some(Backend {
                addr: None,
                ip,
                port: None,
                port_text,
                monitor: None,
            })
        });
        vip.backends = match templates.collect::<Option<Vec<Backend>>>() {
            Some(backends) => backends,
            None => vip.explicit_backends(value)?,
        };
        Ok(vip)
    }

    /// `IP:PORT,…` or `IP,…`, as the virtual address has it.
    fn explicit_backends(&self, value: &str) -> Result<Vec<Backend>, String> {
        let backend = |token: &str| {
            let with_port = match self.port {
                Some(_) => "should be an IP address and a port number with : as a separator",
                None => "should be an IP address",
            };
            let (addr, port) = endpoint(token).ok_or_else(|| format!("{token}: {with_port}"))?;
            if Family::of(addr) != self.family {
                return Err(format!(
                    "{token}: IP address family is different from VIP {}",
                    self.ip
                ));
            }
            if self.port.is_some() != (port != 0) {
                return Err(format!("{token}: {with_port}"));
            }
            let port = (port != 0).then_some(port);
            Ok(Backend {
                addr: Some(addr),
                ip: text(addr),
                port,
                port_text: port.map(|port| port.to_string().into()),
                monitor: None,
            })
        };
        tokens(value, ',').map(backend).collect()
    }

    /// The version of IP that has no doubt about it: a variable counts as IPv6.
    pub fn certain_family(&self) -> Family {
        self.addr.map_or(Family::V6, Family::of)
    }

    /// The address, with the port if there is one.
    pub fn text(&self, family: Family) -> String {
        match &self.port {
            Some(port) => family.with_port(&self.ip, port),
            None => self.ip.to_string(),
        }
    }

    /// As ovn-controller expects it of an IPv6 template: a variable in brackets.
    pub fn template_text(&self) -> String {
        let ip = match self.ip.starts_with('^') {
            true => format!("[{}]", self.ip),
            false => self.ip.to_string(),
        };
        match &self.port {
            Some(port) => format!("{ip}:{port}"),
            None => ip,
        }
    }
}

impl Backend {
    /// The address, with the port if there is one that is a number.
    pub fn text(&self, family: Family) -> String {
        match self.port {
            Some(port) => family.with_port(&self.ip, &port.to_string()),
            None => self.ip.to_string(),
        }
    }

    /// The version of IP; a variable counts as IPv6.
    pub fn certain_family(&self) -> Family {
        self.addr.map_or(Family::V6, Family::of)
    }

    /// Its key in `ip_port_mappings`, where the virtual address is of a family.
    pub fn mapping_key(&self, vip: Family) -> Cow<'_, str> {
        match vip {
            Family::V4 => Cow::Borrowed(&self.ip),
            Family::V6 => Cow::Owned(format!("[{}]", self.ip)),
        }
    }
}

impl Monitor {
    /// `PORT:ADDRESS`.
    pub fn parse(mapping: &str) -> Option<Monitor> {
        let (port, source) = mapping.split_once(':')?;
        let Some(addr) = address(unbracketed(source)) else {
            tracing::warn!("Invalid svc mon src IP {source}");
            return None;
        };
        Some(Monitor {
            port: port.into(),
            source: text(addr),
        })
    }
}

/// An address as text.
pub fn text(addr: IpAddr) -> Arc<str> {
    match addr {
        IpAddr::V4(v4) => v4.to_string().into(),
        IpAddr::V6(v6) => v6_text(v6).into(),
    }
}

/// `HOST[:PORT]`, an IPv6 address with a port in brackets; port 0 stands for none. More than one colon outside
/// brackets makes an address of the whole.
fn endpoint(target: &str) -> Option<(IpAddr, u16)> {
    let mut is_inside = false;
    let mut colons = target.char_indices().filter(|(_, c)| {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            _ => {}
        }
        *c == ':' && !is_inside
    });
    match (colons.next(), colons.next()) {
        (Some((at, _)), None) => {
            let (host, port) = (&target[..at], unbracketed(&target[at + 1..]));
            let port = if port.is_empty() { 0 } else { port.parse().ok()? };
            Some((address(unbracketed(host))?, port))
        }
        (Some(_), Some(_)) => Some((address(target)?, 0)),
        (None, _) => Some((address(unbracketed(target))?, 0)),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

fn unbracketed(text: &str) -> &str {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.unwrap_or(text)
}

/// `ADDRESS[:PORT]`, whatever they are.
fn template(text: &str) -> Option<(Arc<str>, Option<Arc<str>>)> {
    let mut parts = tokens(text, ':');
    let (ip, port) = (parts.next()?, parts.next());
    parts.next().is_none().then(|| (ip.into(), port.map(Into::into)))
}

/// The parts between separators that have something in them.
fn tokens(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(vip: &Vip) -> String {
        let backends = vip.backends.iter().map(|b| b.text(vip.family));
        format!(
            "{} {}",
            vip.text(vip.family),
            backends.collect::<Vec<_>>().join(" ")
        )
    }

    #[test]
    fn vips_are_read() {
        let check = |key: &str, value: &str, shown: Option<&str>| {
            let vip = Vip::parse(key, value).ok();
            assert_eq!(vip.as_ref().map(show).as_deref(), shown, "{key}={value}");
        };
        check(
            "10.0.0.1:80",
            "1.1.1.1:8080,1.1.1.2:8081",
            Some("10.0.0.1:80 1.1.1.1:8080 1.1.1.2:8081"),
        );
        check("10.0.0.1", "1.1.1.1", Some("10.0.0.1 1.1.1.1"));
        check("10.0.0.1:0", "", Some("10.0.0.1 "));
        check(
            "[fd00:0::1]:80",
            "[fd00::2]:80,,",
            Some("[fd00::1]:80 [fd00::2]:80"),
        );
        check("fd00::1:80", "fd00::2", Some("fd00::1:80 fd00::2"));
        check("[fd00::1]", "[fd00::2]", Some("fd00::1 fd00::2"));
        check("10.0.0.1:80", "1.1.1.1", None);
        check("10.0.0.1", "1.1.1.1:80", None);
        check("10.0.0.1", "fd00::1", None);
        check("10.0.0.1:x", "", None);
        check("nonsense", "", None);
    }

    #[test]
    fn templates_are_read() {
        let check = |key: &str, value: &str, shown: Option<&str>| {
            let vip = Vip::parse_template(key, value, Family::V4).ok();
            let shown_vip = vip.map(|vip| {
                let backends = vip.backends.iter().map(|b| format!("{}/{:?}", b.ip, b.port_text));
                format!(
                    "{}/{:?} {}",
                    vip.ip,
                    vip.port,
                    backends.collect::<Vec<_>>().join(" ")
                )
            });
            assert_eq!(shown_vip.as_deref(), shown, "{key}={value}");
        };
        check(
            "^vip:^port",
            "^backends",
            Some(r#"^vip/Some("^port") ^backends/None"#),
        );
        check(
            "^vip",
            "^a:80,1.1.1.1:^b",
            Some(r#"^vip/None ^a/Some("80") 1.1.1.1/Some("^b")"#),
        );
        check("^a:b:c", "", None);
        check("^a", "a:b:c", None);
    }
}
