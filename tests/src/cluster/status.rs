//! What `cluster/status` says (ovsdb-server(1)), as a value. Texts in; nothing else.

/// A member's view of its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The database.
    pub name: String,
    /// The cluster's id; none until it is known.
    pub cid: Option<String>,
    /// This server's id.
    pub sid: String,
    /// Where the other members reach it.
    pub address: String,
    /// `cluster member`, `joining cluster`, …
    pub standing: String,
    /// What it is to the others.
    pub role: Role,
    /// The term it is in.
    pub term: u64,
    /// Whom it follows.
    pub leader: Peer,
    /// Whom it voted for in this term.
    pub vote: Peer,
    /// The base of election timeouts, in ms.
    pub election_timer_ms: u64,
    /// The first log index it keeps, and the one after its last.
    pub log: (u64, u64),
    /// Entries of its log that are not committed.
    pub n_uncommitted: u64,
    /// Entries of its log that are not applied, whether they are committed or not.
    pub n_unapplied: u64,
    /// Connections, as written: `->abcd`, `<-abcd`, in parentheses when they are broken.
    pub connections: Vec<String>,
    /// The members it knows.
    pub servers: Vec<Server>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Writes go through it.
    Leader,
    /// It follows one, or waits.
    Follower,
    /// It wants to lead.
    Candidate,
}

/// A member as others mention it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The one that speaks.
    Itself,
    /// Nobody known.
    Unknown,
    /// Its nickname: the first four digits of its server id, or the name of its unix socket.
    Other(String),
}

/// A line of `Servers:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its nickname: the first four digits of its server id, or the name of its unix socket.
    pub nickname: String,
    /// Where it is reached.
    pub address: String,
    /// The one that speaks.
    pub is_self: bool,
    /// What follows: phases, votes, indexes.
    pub remarks: String,
}

impl Status {
    /// What the others call this member.
    pub fn nickname(&self) -> &str {
        let own = self.servers.iter().find(|server| server.is_self);
        own.map_or(&self.sid, |own| &own.nickname)
    }

    /// Reads the text; an error names the line that is missing or wrong.
    pub fn parse(text: &str) -> Result<Status, String> {
        let (head, servers) = text
            .split_once("\nServers:\n")
            .ok_or_else(|| format!("no servers in\n{text}"))?;
        let value = |key: &str| {
            let of_key = |line: &'_ str| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned);
            head.lines()
                .find_map(of_key)
                .ok_or_else(|| format!("no {key} in\n{text}"))
        };
        let number = |key: &str| -> Result<u64, String> {
            let text = value(key)?;
            // The election timer may be changing: `1000 (changing to 2000)`.
            let digits = text.split_whitespace().next().unwrap_or_default();
            digits.parse().map_err(|_| format!("{key}: {text}"))
        };
        let full_id = |text: &str| Some(text.split_once('(')?.1.strip_suffix(')')?.to_owned());
        let role = match value("Role")?.as_str() {
            "leader" => Role::Leader,
            "follower" => Role::Follower,
            "candidate" => Role::Candidate,
            other => return Err(format!("Role: {other}")),
        };
        let log = value("Log")?;
        let bounds = log
            .strip_prefix('[')
            .and_then(|log| log.strip_suffix(']')?.split_once(", "));
        let bound = |text: &str| text.parse::<u64>().map_err(|_| format!("Log: {log}"));
        let (first, next) = bounds.ok_or_else(|| format!("Log: {log}"))?;
        Ok(Status {
            name: value("Name")?,
            cid: full_id(&value("Cluster ID")?),
            sid: full_id(&value("Server ID")?).ok_or("no whole server id")?,
            address: value("Address")?,
            standing: value("Status")?,
            role,
            term: number("Term")?,
            leader: Peer::parse(&value("Leader")?),
            vote: Peer::parse(&value("Vote")?),
            election_timer_ms: number("Election timer")?,
            log: (bound(first)?, bound(next)?),
            n_uncommitted: number("Entries not yet committed")?,
            n_unapplied: number("Entries not yet applied")?,
            // Without any connection the line ends after its colon.
            connections: value("Connections")
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            servers: servers.lines().map(Server::parse).collect::<Result<_, _>>()?,
        })
    }
}

impl Peer {
    fn parse(text: &str) -> Peer {
        match text {
            "self" => Peer::Itself,
            "unknown" => Peer::Unknown,
            nickname => Peer::Other(nickname.to_owned()),
        }
    }
}

impl Server {
    /// `    nickname (nickname at address) (self) remarks`.
    fn parse(line: &str) -> Result<Server, String> {
        let parts = line.trim_start().split_once(" (").and_then(|(nickname, rest)| {
            let (_, rest) = rest.split_once(" at ")?;
            let (address, remarks) = rest.split_once(')')?;
            Some((nickname, address, remarks.trim()))
        });
        let (nickname, address, remarks) = parts.ok_or_else(|| format!("not a server: {line}"))?;
        Ok(Server {
            nickname: nickname.to_owned(),
            address: address.to_owned(),
            is_self: remarks.starts_with("(self)"),
            remarks: remarks.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADER: &str = "\
4fba
Name: D
Cluster ID: 5140 (51400518-262e-4e4e-9d1c-9c497fb6ad32)
Server ID: 4fba (4fbad326-8781-43d2-b89b-d568889bd03b)
Address: tcp:127.0.0.1:17001
Status: cluster member
Role: leader
Term: 3
Leader: self
Vote: 2dd9

Last Election won: 4005 ms ago
Election timer: 1000 (changing to 2000)
Log: [2, 5]
Entries not yet committed: 1
Entries not yet applied: 0
Connections: <-2dd9 (->0b23)
Disconnections: 0
Servers:
    0b23 (0b23 at tcp:127.0.0.1:17002) next_index=5 match_index=4 last msg 329 ms ago
    4fba (4fba at tcp:127.0.0.1:17001) (self) next_index=2 match_index=4
";

    #[test]
    fn a_leader_is_read() {
        let status = Status::parse(LEADER).expect("well-formed");
        assert_eq!(
            status.cid.as_deref(),
            Some("51400518-262e-4e4e-9d1c-9c497fb6ad32")
        );
        assert_eq!(
            (status.role, status.term, status.log, status.election_timer_ms),
            (Role::Leader, 3, (2, 5), 1000)
        );
        assert_eq!(
            (status.leader, status.vote),
            (Peer::Itself, Peer::Other("2dd9".into()))
        );
        assert_eq!((status.n_uncommitted, status.connections.len()), (1, 2));
        let servers: Vec<_> = status.servers.iter().map(|s| (&*s.nickname, s.is_self)).collect();
        assert_eq!(servers, [("0b23", false), ("4fba", true)]);
        assert_eq!(status.servers[0].address, "tcp:127.0.0.1:17002");
    }

    #[test]
    fn who_joins_knows_little() {
        let text = LEADER
            .replace("5140 (51400518-262e-4e4e-9d1c-9c497fb6ad32)", "not yet known")
            .replace("Leader: self", "Leader: unknown")
            .replace(" <-2dd9 (->0b23)", "");
        let status = Status::parse(&text).expect("well-formed");
        assert_eq!((status.cid, status.leader), (None, Peer::Unknown));
        assert!(status.connections.is_empty());
    }

    #[test]
    fn a_missing_line_is_named() {
        let error = Status::parse(&LEADER.replace("Term: 3\n", "")).expect_err("it is needed");
        assert!(error.starts_with("no Term in"), "{error}");
    }
}
