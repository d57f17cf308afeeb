//! Tunnel keys of ports, which are told apart on one datapath (ovn-sb(5) "Port_Binding" `tunnel_key`): asked for ones
//! first, then those that are kept, then the next above the highest, and the lowest free one where there is none.
//! A chassisredirect port shares the datapath of the port that it stands for.

use ovsdb_data::Uuid;

use crate::graph::{Derivation, Parted};
use crate::model::binding::{Binding, OwnBinding, RedirectBinding};
use crate::model::bucket::Bucket;
use crate::model::chassis::VxlanMode;
use crate::model::options::Options;
use crate::model::router::RouterPorts;
use crate::model::router_port::RouterPort;
use crate::model::switch_bucket::{BucketPorts, buckets};
use crate::model::switch_port::SwitchPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The highest key of a port; multicast groups are above.
const MAX: i64 = 32_767;

/// The same where VXLAN carries it.
const VXLAN_MAX: i64 = 2_047;

/// A port, or the chassisredirect port that stands for it.
type Port = (Uuid, bool);

/// What a port brings to the choice of its key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyClaim {
    asked: Option<i64>,
    kept: Option<i64>,
    /// There is a chassisredirect port, which may have a key already.
    redirect: Option<Option<i64>>,
}

impl Derivation for KeyClaim {
    type Key = Uuid;
    type Value = Option<KeyClaim>;
    const NODE: NodeId = Node::PortKeyClaim;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let (datapath, options, has_redirect) = if let Some(port) = &*view.get::<SwitchPort>(uuid) {
            let has_redirect = port.redirect(view).is_some();
            (port.switch, port.options.clone(), has_redirect)
        } else if let Some(port) = &*view.get::<RouterPort>(uuid) {
            (port.router, port.options.clone(), port.is_gateway)
        } else {
            return None;
        };
        let key = |binding: &Option<Binding>| {
            let binding = binding
                .as_ref()
                .filter(|binding| binding.datapath == Some(datapath));
            binding.map(|binding| binding.tunnel_key)
        };
        Some(KeyClaim {
            asked: asked(uuid, &options),
            kept: key(&view.get::<OwnBinding>(uuid)),
            redirect: has_redirect.then(|| key(&view.get::<RedirectBinding>(uuid))),
        })
    }
}

fn asked(uuid: Uuid, options: &Options) -> Option<i64> {
    let key = options.number("requested-tnl-key", 0);
    let fits = (1..=MAX).contains(&key);
    if !fits && key != 0 {
        tracing::warn!("Tunnel key {key} for port {uuid} is out of range");
    }
    fits.then_some(key)
}

/// A port with what it asks for and what it has already.
type Claim = (Port, Option<i64>, Option<i64>);
type Claims = Vec<Claim>;

/// What the ports of a bucket of a switch bring along.
pub enum BucketClaims {}

impl Derivation for BucketClaims {
    type Key = Bucket;
    type Value = Claims;
    const NODE: NodeId = Node::BucketClaims;

    fn derive(view: &View<'_>, bucket: Bucket, before: Option<&Self::Value>) -> Self::Value {
        let mut claims = claims(view, &view.get::<BucketPorts>(bucket));
        // What a port had already counts when it comes: later it keeps what it was given, and its row only follows.
        for (port, asked, kept) in claims.iter_mut().filter(|(_, asked, _)| asked.is_none()) {
            if let Some((.., before)) = known(before, *port).filter(|(_, of, _)| of == asked) {
                *kept = *before;
            }
        }
        claims
    }
}

fn known(claims: Option<&Claims>, port: Port) -> Option<&Claim> {
    let claims = claims?;
    let place = claims.binary_search_by_key(&port, |(of, ..)| *of).ok()?;
    claims.get(place)
}

fn claims(view: &View<'_>, ports: &[Uuid]) -> Claims {
    let is_vxlan = *view.get::<VxlanMode>(());
    let mut claims = Vec::with_capacity(ports.len());
    for uuid in ports {
        let Some(claim) = &*view.get::<KeyClaim>(*uuid) else {
            continue;
        };
        let asked = claim.asked.filter(|key| {
            let fits = !is_vxlan || *key <= VXLAN_MAX;
            if !fits {
                tracing::warn!("Tunnel key {key} for port {uuid} is incompatible with VXLAN");
            }
            fits
        });
        claims.push(((*uuid, false), asked, claim.kept));
        if let Some(kept) = claim.redirect {
            claims.push(((*uuid, true), None, kept));
        }
    }
    claims
}

/// Keys of ports, sorted by port.
type Keys = Vec<(Port, i64)>;

/// The keys of all ports of a datapath. A port that got none is not here.
pub enum PortKeys {}

impl Derivation for PortKeys {
    type Key = Uuid;
    type Value = Keys;
    const NODE: NodeId = Node::PortKeys;

    fn derive(view: &View<'_>, datapath: Uuid, before: Option<&Self::Value>) -> Self::Value {
        // Nearly always one more.
        let mut all = Vec::with_capacity(before.map_or(0, Vec::len) + 1);
        all.extend(claims(view, &view.get::<RouterPorts>(datapath)));
        for bucket in buckets(view, datapath) {
            all.extend_from_slice(&view.get::<BucketClaims>(bucket));
        }
        let is_vxlan = *view.get::<VxlanMode>(());
        give(
            &all,
            before.map_or(&[], Vec::as_slice),
            if is_vxlan { VXLAN_MAX } else { MAX },
        )
    }
}

/// Each port is a part: one more is nothing to the others.
impl Parted for PortKeys {
    fn differing(before: &Keys, after: &Keys, tell: &mut dyn FnMut(Uuid)) {
        let (mut before, mut after) = (&before[..], &after[..]);
        loop {
            match (before, after) {
                ([a, before_rest @ ..], [b, after_rest @ ..]) if a == b => {
                    (before, after) = (before_rest, after_rest);
                }
                ([(port, _), rest @ ..], after) if after.first().is_none_or(|(other, _)| port <= other) => {
                    tell(port.0);
                    before = rest;
                }
                (_, [(port, _), rest @ ..]) => {
                    tell(port.0);
                    after = rest;
                }
                _ => break,
            }
        }
    }
}

/// Keys that are given away.
struct Used {
    words: Vec<u64>,
    highest: i64,
}

impl Used {
    fn new() -> Used {
        Used {
            words: vec![0; MAX as usize / 64 + 1],
            highest: 0,
        }
    }

    /// Whether a key is given away for the first time.
    fn insert(&mut self, key: i64) -> bool {
        if self.contains(key) {
            return false;
        }
        if let Some(word) = self.words.get_mut(key as usize / 64) {
            *word |= 1 << (key % 64);
        }
        self.highest = self.highest.max(key);
        true
    }

    fn contains(&self, key: i64) -> bool {
        let word = self.words.get(key as usize / 64);
        word.is_none_or(|word| word >> (key % 64) & 1 == 1)
    }
}

fn give(claims: &[Claim], before: &[(Port, i64)], max: i64) -> Keys {
    let mut given: Vec<Option<i64>> = vec![None; claims.len()];
    let mut used = Used::new();
    // Of several that ask for one key, who has it keeps it.
    for is_held in [true, false] {
        for (given, (port, asked, kept)) in given.iter_mut().zip(claims) {
            let Some(key) = asked.filter(|_| (asked == kept) == is_held) else {
                continue;
            };
            match used.insert(key) {
                true => *given = Some(key),
                false => tracing::warn!(
                    "Logical port {} requests same tunnel key {key} as another LSP or LRP",
                    port.0
                ),
            }
        }
    }
    // The ports are nearly always those of before, in the same order.
    let mut next = 0;
    for (given, (port, _, kept)) in given.iter_mut().zip(claims) {
        if given.is_none() {
            let is_next = before.get(next).is_some_and(|(of, _)| of == port);
            let at = if is_next {
                Some(next)
            } else {
                place_of(before, *port)
            };
            next = at.map_or(next, |at| at + 1);
            let known = [at.map(|at| before[at].1), *kept].into_iter().flatten();
            *given = known.into_iter().find(|key| used.insert(*key));
        }
    }
    let highest = used.highest;
    let mut free = (highest + 1..=max).chain(1..=highest.min(max));
    for given in given.iter_mut().filter(|given| given.is_none()) {
        *given = free.find(|key| !used.contains(*key));
        if given.is_none() {
            tracing::warn!("all port tunnel ids exhausted");
            break;
        }
    }
    let ports = claims.iter().map(|(port, ..)| *port);
    let mut keys: Keys = ports
        .zip(given)
        .filter_map(|(port, key)| Some((port, key?)))
        .collect();
    keys.sort_unstable();
    keys
}

fn place_of(keys: &[(Port, i64)], port: Port) -> Option<usize> {
    keys.binary_search_by_key(&port, |(port, _)| *port).ok()
}

fn key_of(keys: &[(Port, i64)], port: Port) -> Option<i64> {
    Some(keys[place_of(keys, port)?].1)
}

/// The keys of one port.
#[derive(Clone, Copy, Debug)]
pub struct PortKey {
    /// Its own; none where there are not enough.
    pub own: Option<i64>,
    /// That of the chassisredirect port that stands for it.
    pub redirect: Option<i64>,
}

/// The keys of a port of a datapath.
pub fn of(view: &View<'_>, datapath: Uuid, port: Uuid) -> PortKey {
    let keys = view.part::<PortKeys>(datapath, port);
    PortKey {
        own: key_of(&keys, (port, false)),
        redirect: key_of(&keys, (port, true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_given_once() {
        let port = |id: u128| (Uuid::from_u128(id), false);
        let check = |claims: &[(u128, Option<i64>, Option<i64>)],
                     before: &[(u128, i64)],
                     max: i64,
                     given: &[(u128, i64)]| {
            let claims: Vec<_> = claims
                .iter()
                .map(|(id, asked, kept)| (port(*id), *asked, *kept))
                .collect();
            let map =
                |keys: &[(u128, i64)]| -> Keys { keys.iter().map(|(id, key)| (port(*id), *key)).collect() };
            assert_eq!(give(&claims, &map(before), max), map(given));
        };
        check(&[(1, None, None), (2, None, None)], &[], 9, &[(1, 1), (2, 2)]);
        check(&[(1, None, Some(4)), (2, None, None)], &[], 9, &[(1, 4), (2, 5)]);
        check(&[(1, None, Some(4)), (2, None, None)], &[], 4, &[(1, 4), (2, 1)]);
        check(
            &[(1, None, None), (2, Some(1), Some(2))],
            &[(1, 1)],
            9,
            &[(1, 2), (2, 1)],
        );
        check(&[(1, None, Some(3))], &[(1, 7)], 9, &[(1, 7)]);
        check(
            &[(1, Some(5), None), (2, Some(5), Some(6))],
            &[],
            9,
            &[(1, 5), (2, 6)],
        );
        check(
            &[(1, None, Some(40)), (2, None, None), (3, None, None)],
            &[],
            1,
            &[(1, 40), (2, 1)],
        );
    }
}
