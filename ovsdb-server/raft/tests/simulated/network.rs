//! A network between processes: streams whose bytes take their time, wait behind partitions, or never arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_transport::listen::Listener;
use ovsdb_transport::stream::Stream;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::chance::Chance;

/// A machine on the network.
pub type Host = usize;

/// From where to where.
pub type Links = BTreeSet<(Host, Host)>;

/// Where nothing comes through.
pub struct Partition {
    pub links: Links,
    /// It says so: connections end at once, as if nobody were there any more. Otherwise bytes wait for its end.
    pub refuses: bool,
}

/// Bytes that a stream holds.
const BUFFER: usize = 1 << 20;

/// How long bytes take where nothing is wrong, in ms.
pub const DELAY: Range<u64> = 0..3;

/// How often bytes that wait look whether they may go on.
const AGAIN: Duration = Duration::from_millis(7);

/// The network. Clones are the same one.
#[derive(Clone)]
pub struct Network(Arc<Mutex<Wires>>);

struct Wires {
    /// The network's own time.
    handle: Handle,
    chance: Chance,
    listeners: BTreeMap<String, (Host, UnboundedSender<(DuplexStream, String)>)>,
    partitions: BTreeMap<u64, Partition>,
    n_partitions: u64,
    /// How long bytes take, in ms.
    delay: Range<u64>,
    connections: BTreeMap<u64, Connection>,
    n_connections: u64,
}

struct Connection {
    hosts: [Host; 2],
    end: oneshot::Sender<End>,
}

/// How a connection ends.
enum End {
    /// For both sides.
    Cut,
    /// One of the two is gone; the other hears of it when something can come through.
    Died(usize),
}

impl Network {
    pub fn new(handle: Handle, chance: &Chance) -> Network {
        Network(Arc::new(Mutex::new(Wires {
            handle,
            chance: chance.clone(),
            listeners: BTreeMap::new(),
            partitions: BTreeMap::new(),
            n_partitions: 0,
            delay: DELAY,
            connections: BTreeMap::new(),
            n_connections: 0,
        })))
    }

    pub fn listen(&self, host: Host, address: String) -> Listener {
        let (streams, coming) = unbounded_channel();
        self.0.lock().listeners.insert(address, (host, streams));
        Listener::Memory(tokio::sync::Mutex::new(coming))
    }

    pub async fn dial(&self, from: Host, address: String) -> io::Result<Stream> {
        tokio::time::sleep(self.delay()).await;
        let listener = loop {
            let listener = self.0.lock().listeners.get(&address).cloned();
            match &listener {
                Some((to, _)) if self.is_refused(from, *to) => break None,
                // Where no machine is nobody answers either way.
                Some((to, _)) if self.is_blocked(from, *to) || self.is_blocked(*to, from) => {
                    tokio::time::sleep(AGAIN).await;
                }
                _ => break listener,
            }
        };
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let (to, streams) = listener.ok_or_else(refused)?;
        let (ours, near) = tokio::io::duplex(BUFFER);
        let (theirs, far) = tokio::io::duplex(BUFFER);
        streams
            .send((theirs, format!("host {from}")))
            .map_err(|_| refused())?;
        let (end, ended) = oneshot::channel();
        let network = self.clone();
        let mut wires = self.0.lock();
        let number = wires.n_connections;
        wires.n_connections += 1;
        let hosts = [from, to];
        wires.connections.insert(number, Connection { hosts, end });
        wires.handle.spawn(async move {
            network.connect([near, far], hosts, ended).await;
            network.0.lock().connections.remove(&number);
        });
        Ok(Stream::Memory(ours))
    }

    /// Carries bytes between two hosts.
    async fn connect(
        &self,
        [near, far]: [DuplexStream; 2],
        [a, b]: [Host; 2],
        ended: oneshot::Receiver<End>,
    ) {
        let (from_a, to_a) = tokio::io::split(near);
        let (from_b, to_b) = tokio::io::split(far);
        let mut sides = [Some((from_a, to_a)), Some((from_b, to_b))];
        let end = {
            let [Some((from_a, to_a)), Some((from_b, to_b))] = &mut sides else {
                return;
            };
            let both = async {
                // A side that is closed is closed in both directions.
                tokio::select! {
                    biased;
                    () = self.carry(from_a, to_b, a, b) => End::Died(0),
                    () = self.carry(from_b, to_a, b, a) => End::Died(1),
                }
            };
            tokio::select! {
                biased;
                end = ended => end.unwrap_or(End::Cut),
                end = both => end,
            }
        };
        if let End::Died(side) = end {
            sides[side] = None;
            let (dead, other) = if side == 0 { (a, b) } else { (b, a) };
            self.pass(dead, other).await;
        }
    }

    /// Ends when the one side has nothing more to say, and the other has heard everything.
    async fn carry(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        a: Host,
        b: Host,
    ) {
        let mut bytes = vec![0; 1 << 16];
        loop {
            let n = from.read(&mut bytes).await.unwrap_or(0);
            if n == 0 {
                return;
            }
            self.pass(a, b).await;
            // Nobody may read any more: the other direction ends this.
            if to.write_all(&bytes[..n]).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn pass(&self, from: Host, to: Host) {
        tokio::time::sleep(self.delay()).await;
        while self.is_blocked(from, to) {
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn delay(&self) -> Duration {
        let wires = self.0.lock();
        Duration::from_millis(wires.chance.within(wires.delay.clone()))
    }

    fn is_blocked(&self, from: Host, to: Host) -> bool {
        self.is_parted(from, to, |_| true)
    }

    fn is_refused(&self, from: Host, to: Host) -> bool {
        self.is_parted(from, to, |partition| partition.refuses)
    }

    fn is_parted(&self, from: Host, to: Host, by: impl Fn(&Partition) -> bool) -> bool {
        let wires = self.0.lock();
        let mut partitions = wires.partitions.values().filter(|partition| by(partition));
        partitions.any(|partition| partition.links.contains(&(from, to)))
    }

    /// From now on nothing comes through there. Says by which number that ends.
    pub fn part(&self, partition: Partition) -> u64 {
        if partition.refuses {
            self.cut(|a, b| partition.links.contains(&(a, b)), 100);
        }
        let mut wires = self.0.lock();
        wires.n_partitions += 1;
        let number = wires.n_partitions;
        wires.partitions.insert(number, partition);
        number
    }

    /// A partition ends; some connections did not survive it.
    pub fn unite(&self, partition: u64) {
        let ended = self.0.lock().partitions.remove(&partition);
        if let Some(Partition { links, .. }) = ended {
            self.cut(|a, b| links.contains(&(a, b)) || links.contains(&(b, a)), 50);
        }
    }

    /// There are no partitions any more, and bytes take no longer than at first.
    pub fn calm(&self) {
        let mut wires = self.0.lock();
        wires.partitions.clear();
        wires.delay = DELAY;
    }

    pub fn set_delay(&self, ms: Range<u64>) {
        self.0.lock().delay = ms;
    }

    /// Ends some connections between hosts, with a likelihood in percent. Says how many.
    pub fn cut(&self, which: impl Fn(Host, Host) -> bool, likelihood: u64) -> usize {
        let mut wires = self.0.lock();
        let chance = wires.chance.clone();
        let cut = wires.connections.extract_if(.., |_, connection| {
            let [a, b] = connection.hosts;
            which(a, b) && chance.in_hundred(likelihood)
        });
        // One that has ended already hears nothing.
        cut.map(|(_, connection)| drop(connection.end.send(End::Cut)))
            .count()
    }

    /// A host's process died.
    pub fn died(&self, host: Host) {
        let mut wires = self.0.lock();
        wires.listeners.retain(|_, (listens, _)| *listens != host);
        let its = wires
            .connections
            .extract_if(.., |_, connection| connection.hosts.contains(&host));
        for (_, connection) in its {
            let side = usize::from(connection.hosts[0] != host);
            // One that has ended already hears nothing.
            let _ = connection.end.send(End::Died(side));
        }
    }
}
