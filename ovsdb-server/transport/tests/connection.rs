//! A connection's task over a pair of sockets: what it answers by itself, when it ends, how much it holds.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use ovsdb_transport::connection::{Closed, Handler, serve};
use ovsdb_transport::link::{FULL_BYTES, Frame, Link};
use ovsdb_transport::stream::Stream;
use ovsdb_wire::framing::Framer;
use ovsdb_wire::message::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// Passes on what a server would see.
struct Notes(mpsc::Sender<Note>);

#[derive(Debug, PartialEq)]
enum Note {
    Method(String, usize),
    Drained,
}

impl Handler for Notes {
    fn message(&mut self, message: Message, n_bytes: usize) -> ControlFlow<String> {
        let name = match message {
            Message::Request { method, .. } | Message::Notification { method, .. } => method,
            Message::Response { .. } => "a response".to_owned(),
        };
        if name == "break" {
            return ControlFlow::Break("told to".to_owned());
        }
        self.0
            .send(Note::Method(name, n_bytes))
            .expect("the test listens");
        ControlFlow::Continue(())
    }

    fn drained(&mut self) {
        self.0.send(Note::Drained).expect("the test listens");
    }
}

struct Served {
    peer: UnixStream,
    link: Arc<Link>,
    notes: mpsc::Receiver<Note>,
    task: JoinHandle<Closed>,
}

fn start(probe: Option<Duration>) -> Served {
    let (peer, here) = UnixStream::pair().expect("a socket pair");
    let link = Arc::new(Link::new(probe));
    let (tx, notes) = mpsc::channel();
    let of_task = link.clone();
    let task = tokio::spawn(async move { serve(Stream::Unix(here), of_task, &mut Notes(tx)).await });
    Served {
        peer,
        link,
        notes,
        task,
    }
}

impl Served {
    async fn send(&mut self, text: &str) {
        self.peer
            .write_all(text.as_bytes())
            .await
            .expect("the task reads");
    }

    /// What the peer receives until that many bytes have come.
    async fn receive(&mut self, n: usize) -> String {
        let mut bytes = vec![0; n];
        self.peer.read_exact(&mut bytes).await.expect("the task writes");
        String::from_utf8(bytes).expect("JSON is text")
    }

    /// The next message that the peer receives.
    async fn message(&mut self) -> String {
        let mut framer = Framer::new(1 << 20);
        loop {
            if let Some(text) = framer.next().expect("the task writes JSON") {
                return String::from_utf8(text).expect("JSON is text");
            }
            framer.push(&[self.peer.read_u8().await.expect("the task writes")]);
        }
    }

    async fn end(self) -> Closed {
        self.task.await.expect("no panic")
    }
}

const PROBE: &str = r#"{"id":"echo","method":"echo","params":[]}"#;

fn request(method: &str) -> String {
    format!(r#"{{"id":1,"method":"{method}","params":[]}}"#)
}

fn frame(n: usize) -> Frame {
    vec![b'x'; n].into()
}

#[tokio::test]
async fn an_echo_is_answered_here_while_requests_are_handed_on() {
    let mut served = start(None);
    let echo = r#"{"id":[7],"method":"echo","params":["a",{"b":null}]}"#;
    served.send(&format!("{}{echo}", request("get_schema"))).await;
    let reply = served.message().await;
    for part in [r#""id":[7]"#, r#""result":["a",{"b":null}]"#] {
        assert!(reply.contains(part), "{reply}");
    }
    let length = request("get_schema").len();
    assert_eq!(
        served.notes.try_recv(),
        Ok(Note::Method("get_schema".into(), length))
    );
    assert!(served.notes.try_recv().is_err());
    // The answer to a probe is nobody's business; another answer is the server's.
    served
        .send(r#"{"id":"echo","result":[],"error":null}{"id":5,"result":1,"error":null}"#)
        .await;
    served.send(&request("break")).await;
    let notes = served.notes;
    assert!(matches!(served.task.await, Ok(Closed::ByUs(why)) if why == "told to"));
    let seen: Vec<Note> = notes.iter().collect();
    assert!(
        matches!(&seen[..], [Note::Method(name, _)] if name == "a response"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn the_end_has_a_reason() {
    let served = start(None);
    drop(served.peer);
    assert!(matches!(served.task.await, Ok(Closed::ByPeer)));

    for bad in [
        "[]",
        "{}",
        "hello",
        r#"{"id":1,"method":"x","params":{}}"#,
        r#"{"id":1,"method":"x","params":[01]}"#,
    ] {
        let mut served = start(None);
        served.send(bad).await;
        let closed = served.end().await;
        assert!(matches!(closed, Closed::Protocol(_)), "{bad}: {closed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_probed_and_then_cut() {
    let mut served = start(Some(Duration::from_secs(5)));
    // It answers the first probe, and says something of its own later.
    assert_eq!(served.receive(PROBE.len()).await, PROBE);
    served.send(r#"{"id":"echo","result":[],"error":null}"#).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    served.send(&request("list_dbs")).await;
    // Five seconds after that the next probe comes, and five more seconds are the end.
    let said = tokio::time::Instant::now();
    assert_eq!(served.receive(PROBE.len()).await, PROBE);
    let probed = tokio::time::Instant::now();
    assert_eq!((probed - said).as_secs(), 5);
    let Served { peer, task, .. } = served;
    assert!(matches!(task.await, Ok(Closed::Silent)));
    assert_eq!((tokio::time::Instant::now() - probed).as_secs(), 5);
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn without_an_interval_nobody_is_probed_and_a_new_one_holds_at_once() {
    let mut served = start(None);
    let nothing = tokio::time::timeout(Duration::from_secs(24 * 3600), served.peer.read_u8()).await;
    assert!(nothing.is_err());
    served.link.set_probe_interval(Some(Duration::from_secs(2)));
    assert_eq!(served.receive(PROBE.len()).await, PROBE);
    served.link.set_probe_interval(None);
    served.send(&request("break")).await;
    assert!(matches!(served.end().await, Closed::ByUs(_)));
}

#[tokio::test]
async fn a_full_link_reads_no_requests_until_it_has_room() {
    let mut served = start(None);
    served.link.send(frame(2 * FULL_BYTES));
    // More than the sockets hold between them is left.
    while served.link.queued_bytes() == 2 * FULL_BYTES {
        tokio::task::yield_now().await;
    }
    served.send(&request("list_dbs")).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(served.link.queued_bytes() > FULL_BYTES);
    assert!(
        served.notes.try_recv().is_err(),
        "a request was read while nobody reads the replies"
    );
    served.receive(2 * FULL_BYTES).await;
    served.send(&request("break")).await;
    let notes = served.notes;
    assert!(matches!(served.task.await, Ok(Closed::ByUs(_))));
    let seen: Vec<Note> = notes.iter().collect();
    assert!(
        seen.contains(&Note::Drained)
            && seen
                .iter()
                .any(|n| matches!(n, Note::Method(m, _) if m == "list_dbs")),
        "{seen:?}"
    );
    assert_eq!(served.link.queued_bytes(), 0);
}

#[tokio::test]
async fn requests_that_wait_to_be_served_stop_further_ones() {
    let mut served = start(None);
    let big = format!(
        r#"{{"id":1,"method":"big","params":["{}"]}}"#,
        "x".repeat(2 << 20)
    );
    served.send(&big).await;
    let Note::Method(_, n_bytes) = (loop {
        match served.notes.try_recv() {
            Ok(note) => break note,
            Err(_) => tokio::task::yield_now().await,
        }
    }) else {
        panic!("not a request");
    };
    assert_eq!(n_bytes, big.len());
    served.send(&request("small")).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(
        served.notes.try_recv().is_err(),
        "a request was read while a megabyte waits"
    );
    served.link.release(n_bytes);
    served.send(&request("break")).await;
    let notes = served.notes;
    assert!(matches!(served.task.await, Ok(Closed::ByUs(_))));
    assert!(
        notes
            .iter()
            .any(|note| matches!(note, Note::Method(name, _) if name == "small"))
    );
}

#[tokio::test]
async fn a_closed_link_sends_what_it_owes_and_nothing_more() {
    let mut served = start(None);
    served.link.send(frame(10));
    served.link.close("because");
    served.link.close("another reason");
    served.link.send(frame(10));
    let mut received = Vec::new();
    served
        .peer
        .read_to_end(&mut received)
        .await
        .expect("an orderly end");
    assert_eq!(received.len(), 10);
    assert!(matches!(served.end().await, Closed::ByUs(why) if why == "because"));
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_does_not_wait_for_who_never_reads() {
    let served = start(None);
    served.link.send(frame(8 * FULL_BYTES));
    served.link.close("because");
    assert!(matches!(served.task.await, Ok(Closed::ByUs(_))));
    drop(served.peer);
}
