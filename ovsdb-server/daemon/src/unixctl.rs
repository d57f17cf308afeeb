//! The control socket: `ovs-appctl` sends a command and its arguments as JSON-RPC 1.0 and prints the reply
//! (ovs-appctl(8)).
//!
//! In: bytes on a unix stream socket. Out: replies, one at a time per connection, in order. Bytes that are no request
//! close the connection.

mod ask;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

use crate::dirs;

pub use ask::ask;

/// What a command answers: text for stdout, or an error text.
pub type Reply = Result<String, String>;

/// A request longer than this is refused: commands are short, and the buffer is parsed again with each read.
const MAX_REQUEST: usize = 1 << 20;

/// How long until a connection that could not be accepted is tried again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type AnswerNow = dyn Fn(&[String]) -> Reply + Send + Sync;
type AfterAnswer = dyn Fn(&[String]) + Send + Sync;

enum Handler {
    Now(Box<AnswerNow>),
    Later(Box<dyn Fn(Vec<String>) -> oneshot::Receiver<Reply> + Send + Sync>),
    /// Answers empty, and runs once the answer is written.
    After(Box<AfterAnswer>),
}

struct Command {
    usage: String,
    min: usize,
    max: usize,
    handler: Handler,
}

/// The commands of a program. Cheap to clone; commands may be registered while the socket is served.
#[derive(Clone, Default)]
pub struct Commands {
    map: Arc<RwLock<BTreeMap<String, Arc<Command>>>>,
}

impl Commands {
    /// The commands every program has: `list-commands`, `version` (the text given), `vlog/…`.
    pub fn new(version: &str) -> Commands {
        let commands = Commands::default();
        let version = version.to_owned();
        commands.register("version", "", 0, 0, move |_| Ok(version.clone()));
        crate::vlog::register(&commands);
        let weak = Arc::downgrade(&commands.map);
        commands.register("list-commands", "", 0, 0, move |_| {
            Ok(weak
                .upgrade()
                .map_or_else(String::new, |map| Commands { map }.list()))
        });
        // Handled by the connection, which holds the format; here for the list.
        commands.register("set-options", "[--format text|json]", 0, 2, |_| Ok(String::new()));
        commands
    }

    /// Adds a command that answers at once; it must not block. `usage` describes the arguments.
    pub fn register(
        &self,
        name: &str,
        usage: &str,
        min: usize,
        max: usize,
        handler: impl Fn(&[String]) -> Reply + Send + Sync + 'static,
    ) {
        self.insert(name, usage, min, max, Handler::Now(Box::new(handler)));
    }

    /// Adds a command whose answer another thread or task sends. A dropped sender is an error reply.
    pub fn register_deferred(
        &self,
        name: &str,
        usage: &str,
        min: usize,
        max: usize,
        handler: impl Fn(Vec<String>) -> oneshot::Receiver<Reply> + Send + Sync + 'static,
    ) {
        self.insert(name, usage, min, max, Handler::Later(Box::new(handler)));
    }

    /// Adds `exit`: answers empty, then calls `hook`, so that the client hears the answer before the end.
    pub fn register_exit(&self, usage: &str, max: usize, hook: impl Fn(&[String]) + Send + Sync + 'static) {
        self.insert("exit", usage, 0, max, Handler::After(Box::new(hook)));
    }

    fn insert(&self, name: &str, usage: &str, min: usize, max: usize, handler: Handler) {
        let command = Command {
            usage: usage.to_owned(),
            min,
            max,
            handler,
        };
        self.map.write().insert(name.to_owned(), Arc::new(command));
    }

    /// The text of `list-commands`.
    pub fn list(&self) -> String {
        let mut out = String::from("The available commands are:\n");
        for (name, command) in self.map.read().iter() {
            out.push_str(&format!("  {name:<23} {}\n", command.usage));
        }
        out
    }

    fn list_json(&self) -> Value {
        let map = self.map.read();
        let shown = map
            .iter()
            .map(|(name, command)| (name.clone(), json!(command.usage)));
        Value::Object(shown.collect())
    }

    /// The command of a name, if this many arguments suit it.
    fn find(&self, name: &str, n_args: usize) -> Result<Arc<Command>, String> {
        let command = self.map.read().get(name).cloned().ok_or_else(|| {
            format!(
                "\"{name}\" is not a valid command (use \"list-commands\" to see a list of valid commands)"
            )
        })?;
        if n_args < command.min {
            return Err(format!(
                "\"{name}\" command requires at least {} arguments",
                command.min
            ));
        }
        if n_args > command.max {
            return Err(format!(
                "\"{name}\" command takes at most {} arguments",
                command.max
            ));
        }
        Ok(command)
    }
}

/// A bound control socket. Dropping it removes the file.
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

impl Server {
    /// The path of a program's socket: `option` (`--unixctl`) under the run directory unless absolute, else
    /// `PROGRAM.PID.ctl`; none for the option `none`.
    pub fn path(option: Option<&str>, program: &str) -> Option<PathBuf> {
        match option {
            Some("none") => None,
            Some(path) => Some(dirs::rundir().join(path)),
            None => Some(dirs::rundir().join(format!("{program}.{}.ctl", std::process::id()))),
        }
    }

    /// Binds, replacing a dead socket. Needs a tokio runtime.
    pub fn bind(path: &Path) -> io::Result<Server> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o770))?;
        crate::process::remove_at_exit(path);
        Ok(Server {
            listener,
            path: path.to_owned(),
        })
    }

    /// Serves until dropped. Needs the runtime's timers.
    pub async fn run(self, commands: Commands) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(serve(stream, commands.clone()))),
                Err(error) => {
                    tracing::warn!(target: "unixctl", rl = true, "{}: accept failed: {error}", self.path.display());
                    // Out of descriptors, most likely: others must end first.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        crate::process::remove_now(&self.path);
    }
}

/// One connection.
async fn serve(mut stream: UnixStream, commands: Commands) {
    let mut buffer = Vec::new();
    let mut json_format = false;
    loop {
        let mut requests = serde_json::Deserializer::from_slice(&buffer).into_iter::<Value>();
        let (next, used) = (requests.next(), requests.byte_offset());
        match next {
            Some(Ok(request)) => {
                buffer.drain(..used);
                let Some((reply, after)) = answer(&request, &commands, &mut json_format).await else {
                    return;
                };
                let text = reply.to_string();
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
                if let Some((command, args)) = after
                    && let Handler::After(hook) = &command.handler
                {
                    hook(&args);
                }
            }
            Some(Err(error)) if !error.is_eof() || buffer.len() > MAX_REQUEST => return,
            Some(Err(_)) | None => match stream.read_buf(&mut buffer).await {
                Ok(n) if n > 0 => {}
                _ => return,
            },
        }
    }
}

type After = Option<(Arc<Command>, Vec<String>)>;

/// The reply to a request; none when it is none, which closes the connection.
async fn answer(request: &Value, commands: &Commands, json_format: &mut bool) -> Option<(Value, After)> {
    let id = request.get("id").filter(|id| !id.is_null())?;
    let method = request.get("method")?.as_str()?;
    let params = request.get("params")?.as_array()?;
    tracing::debug!(target: "unixctl", "received request {method}, id={id}");

    let mut after = None;
    let found = commands.find(method, params.len()).and_then(|command| {
        let args = params
            .iter()
            .map(|arg| arg.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>();
        args.map(|args| (command, args))
            .ok_or_else(|| format!("\"{method}\" command has non-string argument"))
    });
    let result = match found {
        Err(error) => Err(error),
        Ok((_, args)) if method == "set-options" => set_options(&args, json_format),
        Ok(_) if method == "list-commands" && *json_format => {
            return Some((
                json!({"id": id, "result": commands.list_json(), "error": null}),
                None,
            ));
        }
        Ok((command, args)) => match &command.handler {
            Handler::Now(handler) => handler(&args),
            Handler::Later(handler) => handler(args)
                .await
                .unwrap_or_else(|_| Err("command was abandoned".to_owned())),
            Handler::After(_) => {
                after = Some((command, args));
                Ok(String::new())
            }
        },
    };
    let wrap = |text: String| match *json_format {
        true => json!({"reply-format": "plain", "reply": text}),
        false => json!(text),
    };
    let reply = match result {
        Ok(text) => json!({"id": id, "result": wrap(text), "error": null}),
        Err(text) => json!({"id": id, "error": text, "result": null}),
    };
    Some((reply, after))
}

fn set_options(args: &[String], json_format: &mut bool) -> Reply {
    let format = match args {
        [] => return Ok(String::new()),
        [one] => one.strip_prefix("--format=").ok_or_else(|| match one.as_str() {
            "--format" => "option '--format' requires an argument".to_owned(),
            other => format!("unrecognized option '{other}'"),
        })?,
        [flag, value] if flag == "--format" => value,
        [other, ..] => return Err(format!("unrecognized option '{other}'")),
    };
    *json_format = match format {
        "json" => true,
        "text" => false,
        other => return Err(format!("option format has invalid value {other}")),
    };
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Commands {
        let commands = Commands::new("prog (Open vSwitch) 3.5.0");
        commands.register("echo", "ARG", 1, 2, |args| Ok(args.join(" ")));
        commands.register_deferred("later", "", 0, 0, |_| {
            let (tx, rx) = oneshot::channel();
            tx.send(Ok("done".to_owned())).expect("the receiver is alive");
            rx
        });
        commands.register_exit("", 0, |_| {});
        commands
    }

    async fn talk(text: &str) -> String {
        let (mut here, there) = UnixStream::pair().expect("a socket pair");
        let server = tokio::spawn(serve(there, commands()));
        here.write_all(text.as_bytes()).await.expect("a live peer");
        here.shutdown().await.expect("a live peer");
        let mut out = String::new();
        here.read_to_string(&mut out).await.expect("text");
        server.await.expect("no panic");
        out
    }

    #[test]
    fn requests_get_the_answers_clients_match_on() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        for (method, params, want) in [
            ("echo", r#"["a","b"]"#, r#""result":"a b""#),
            ("echo", "[]", r#"\"echo\" command requires at least 1 arguments"#),
            (
                "echo",
                r#"["a","b","c"]"#,
                r#"\"echo\" command takes at most 2 arguments"#,
            ),
            ("echo", "[1]", r#"\"echo\" command has non-string argument"#),
            (
                "nope",
                "[]",
                r#"\"nope\" is not a valid command (use \"list-commands\" to see"#,
            ),
            ("later", "[]", r#""result":"done""#),
            ("version", "[]", r#""result":"prog (Open vSwitch) 3.5.0""#),
            (
                "list-commands",
                "[]",
                r#"The available commands are:\n  echo                    ARG\n"#,
            ),
            ("exit", "[]", r#""result":"""#),
            (
                "set-options",
                r#"["--format","yaml"]"#,
                "option format has invalid value yaml",
            ),
        ] {
            let request = format!(r#"{{"id":0,"method":"{method}","params":{params}}}"#);
            let reply = runtime.block_on(talk(&request));
            assert!(reply.contains(want), "{method} {params}: {reply}");
        }
        let json = r#"{"id":0,"method":"set-options","params":["--format","json"]}{"id":1,"method":"echo","params":["x"]}"#;
        let reply = runtime.block_on(talk(json));
        assert!(
            reply.contains(r#""reply-format":"plain""#) && reply.contains(r#""reply":"x""#),
            "{reply}"
        );
        for bad in [
            "hello",
            "[]",
            r#"{"id":null,"method":"echo","params":[]}"#,
            "{\"id\":0",
            "\u{0}",
        ] {
            assert_eq!(runtime.block_on(talk(bad)), "", "{bad}");
        }
    }
}
