//! What pods say and hear, by `talk.py` and the peers' Python.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};

use ferrovn_tests::node::{Pod, wait_for};
use ferrovn_tests::peers;
use ferrovn_tests::process::Process;

const TEXT: &str = include_str!("talk.py");

/// A program in a pod that runs until its handle ends.
pub struct Talk {
    process: Process,
    lines: BufReader<ChildStdout>,
}

impl Talk {
    /// The next line it says; an empty one where it has ended.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it says text");
        line.trim_end().to_owned()
    }
}

fn command(pod: &Pod, words: &[&str]) -> Command {
    let mut command = pod.command("chroot");
    command
        .arg(peers::root())
        .args(["python3", "-c", TEXT])
        .args(words);
    command
}

/// Starts a program, and waits until it is ready.
pub fn start(pod: &Pod, words: &[&str]) -> Talk {
    let mut command = command(pod, words);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = Process::start(command);
    let lines = BufReader::new(process.stdout());
    let mut talk = Talk { process, lines };
    assert_eq!(talk.line(), "ready", "{words:?} in {}", pod.address);
    talk
}

/// What a program that is ready to hear says in the end, once `more` was done often enough.
pub fn heard(mut talk: Talk, mut more: impl FnMut()) -> String {
    wait_for("an end of hearing", || {
        more();
        talk.process.has_ended()
    });
    talk.line()
}

/// Lets a pod tell its name on TCP ports.
pub fn serve(pod: &Pod, name: &str, ports: &[u16]) -> Talk {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let ports = ports.iter().map(String::as_str);
    let words: Vec<&str> = ["serve", name].into_iter().chain(ports).collect();
    start(pod, &words)
}

/// The lines a program says to its end; none where it fails, and why it does on the test's own output.
pub fn lines(pod: &Pod, words: &[&str]) -> Vec<String> {
    let output = command(pod, words).output().expect("it runs");
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        println!(
            "{words:?} in {}: {}",
            pod.address,
            why.lines().last().unwrap_or_default()
        );
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

/// Connects `n` times: what was told each time, or `refused`, or `silent`.
pub fn ask(pod: &Pod, address: &str, port: u16, n: usize) -> Vec<String> {
    lines(pod, &["ask", address, &port.to_string(), &n.to_string()])
}
