//! The control socket, over a real one: whatever comes in, the next connection is served.

use ovsdb_daemon::unixctl::{Commands, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Sends the bytes, closes, and asks an ordinary question.
pub fn run(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let path = dir.path().join("ctl");
        let server = Server::bind(&path).expect("a socket can be bound");
        let commands = Commands::new("fuzz");
        commands.register("echo", "ARG...", 0, 3, |args| Ok(args.join(" ")));
        let serving = tokio::spawn(server.run(commands));
        let replies = talk(&path, bytes).await;
        for reply in serde_json::Deserializer::from_slice(&replies).into_iter::<Value>() {
            let reply = reply.expect("replies are JSON");
            assert!(reply["error"].is_null() != reply["result"].is_null(), "{reply}");
        }
        let reply = talk(&path, br#"{"id":1,"method":"echo","params":["a"]}"#).await;
        let reply: Value = serde_json::from_slice(&reply).expect("the reply is JSON");
        assert_eq!(reply["result"], "a");
        serving.abort();
    });
}

async fn talk(path: &std::path::Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(path)
        .await
        .expect("the socket is listened on");
    let (mut from, mut to) = stream.split();
    let mut replies = Vec::new();
    // The server hangs up on what is no request: then neither the rest of the bytes nor of the replies matters.
    let send = async {
        let _ = to.write_all(bytes).await;
        let _ = to.shutdown().await;
    };
    let _ = tokio::join!(send, from.read_to_end(&mut replies));
    replies
}
