//! The same session of real clients on both servers, as texts that must be equal.
//!
//! In: a function that runs commands on a [`Session`]. Out: what they printed and how they ended, with uuids as
//! ordinals, the test's folder left out and log lines without their time and number.

use std::fs::File;
use std::process::{Child, Output, Stdio};

use crate::node::wait_for;
use crate::peers::Scratch;
use crate::server::{Kind, Server};

/// Commands that the C server has not.
const OURS_ALONE: [&str; 2] = ["ovsdb-server/backup", "ovsdb-server/restore"];

/// The C server first: what it does is what is expected.
pub const KINDS: [Kind; 2] = [Kind::C, Kind::Ours];

/// A server and what was typed and printed so far. In arguments, `@db` stands for the server's socket as a remote,
/// `@ctl` for its control socket, `@dir` for the test's folder, `@srv` for that folder as the server names it.
pub struct Session {
    /// Whose server it is.
    pub kind: Kind,
    /// The test's folder.
    pub scratch: Scratch,
    /// The server, `db`.
    pub server: Server,
    text: String,
    background: Option<(String, Child)>,
}

/// Runs the same session on both servers, which serve a database of this schema; the transcripts must be equal.
pub fn compare(test: &str, schema: &str, options: &[&str], mut run: impl FnMut(&mut Session)) {
    let [c, ours] = KINDS.map(|kind| {
        let scratch = Scratch::new(test);
        let server = Server::start(kind, &scratch, "db", schema, options);
        let mut session = Session {
            kind,
            scratch,
            server,
            text: String::new(),
            background: None,
        };
        run(&mut session);
        assert!(session.background.is_none(), "a command was left running");
        ordinals(&session.text)
    });
    assert!(
        c == ours,
        "with ours (+) instead of the C server (-):\n{}\nthe C server's transcript:\n{c}",
        difference(&c, &ours)
    );
}

impl Session {
    fn filled(&self, arg: &str) -> String {
        let inner = |file: &str| self.scratch.inner(file).display().to_string();
        arg.replace("@db", &format!("unix:{}", inner("db.sock")))
            .replace("@ctl", &inner("db.ctl"))
            .replace("@dir/", &inner(""))
            .replace("@srv/", &self.server.path(&self.scratch, ""))
    }

    /// Runs a peer's program to its end and records what it printed.
    pub fn run(&mut self, program: &str, args: &[&str]) {
        let output = self.output(program, args);
        self.note(&format!("$ {program} {} -> {}", args.join(" "), output.status));
        self.note(&String::from_utf8_lossy(&output.stdout));
        self.note(&String::from_utf8_lossy(&output.stderr));
    }

    /// The same where the order of the printed lines is left to chance: records them sorted.
    pub fn run_unordered(&mut self, program: &str, args: &[&str]) {
        let output = self.output(program, args);
        self.note(&format!("$ {program} {} -> {}", args.join(" "), output.status));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines: Vec<&str> = printed.lines().collect();
        lines.sort_unstable();
        self.note(&lines.join("\n"));
        self.note(&String::from_utf8_lossy(&output.stderr));
    }

    /// Runs a peer's program to its end without recording anything.
    pub fn output(&self, program: &str, args: &[&str]) -> Output {
        let filled: Vec<String> = args.iter().map(|arg| self.filled(arg)).collect();
        let filled: Vec<&str> = filled.iter().map(String::as_str).collect();
        self.scratch.output(program, &filled)
    }

    /// Runs a command of the server's control socket and records what came back.
    pub fn control(&mut self, args: &[&str]) {
        self.run("ovs-appctl", &[&["-t", "@ctl"], args].concat());
    }

    /// Runs a transaction by `ovsdb-client` and records its results.
    pub fn transact(&mut self, transaction: &str) {
        self.run("ovsdb-client", &["transact", "@db", transaction]);
    }

    /// Adds a text to the transcript.
    pub fn note(&mut self, text: &str) {
        let folder = self.scratch.inner("").display().to_string();
        let host = self.scratch.host("").display().to_string();
        for line in text.lines() {
            let line = line.replace(&host, "").replace(&folder, "");
            // Log lines begin with their time and number. How busy the machine is, is no part of what is compared.
            let mut parts = line.splitn(3, '|');
            let text = match (parts.next(), parts.next(), parts.next()) {
                (Some(time), Some(_), Some(rest)) if time.ends_with('Z') => rest,
                _ => &line,
            };
            // What only our server can, in its list of commands.
            if OURS_ALONE
                .iter()
                .any(|command| text.trim_start().starts_with(command))
            {
                continue;
            }
            if ["timeval|", "coverage|", "poll_loop|"]
                .iter()
                .any(|module| text.starts_with(module))
            {
                continue;
            }
            self.text.push_str(text);
            self.text.push('\n');
        }
    }

    /// Starts a peer's program that goes on until [`Session::end`].
    pub fn begin(&mut self, program: &str, args: &[&str]) {
        let filled: Vec<String> = args.iter().map(|arg| self.filled(arg)).collect();
        let output = File::create(self.scratch.host("background")).expect("the folder is writable");
        let errors = output.try_clone().expect("a file can be shared");
        let mut command = self.scratch.peer(program);
        command
            .args(filled)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let child = command.spawn().expect("chroot runs");
        let name = format!("{program} {}", args.join(" "));
        assert!(self.background.replace((name, child)).is_none(), "one at a time");
    }

    /// Waits until the server's control socket answers a command with this text.
    pub fn until_control(&self, command: &str, text: &str) {
        wait_for(&format!("{:?}: \"{text}\" of {command}", self.kind), || {
            let output = self.output("ovs-appctl", &["-t", "@ctl", command]);
            String::from_utf8_lossy(&output.stdout).contains(text)
        });
    }

    /// Waits until the started program has printed this text.
    pub fn until(&mut self, text: &str) {
        let path = self.scratch.host("background");
        wait_for(
            &format!("{:?}: \"{text}\" in {}", self.kind, path.display()),
            || std::fs::read_to_string(&path).is_ok_and(|printed| printed.contains(text)),
        );
    }

    /// Ends the started program and records what it printed.
    pub fn end(&mut self) {
        self.end_masked(str::to_owned);
    }

    /// The same with each line changed, where a part of it is left to chance.
    pub fn end_masked(&mut self, mask: impl Fn(&str) -> String) {
        let (name, mut child) = self.background.take().expect("a program was started");
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
        self.record(&name, mask);
    }

    /// Waits for the started program's own end and records how it ended; what it printed may depend on when it was
    /// told.
    pub fn end_by_itself(&mut self) {
        let (name, mut child) = self.background.take().expect("a program was started");
        let mut status = None;
        wait_for(&format!("{:?}: the end of {name}", self.kind), || {
            status = child.try_wait().expect("it was started");
            status.is_some()
        });
        self.record(
            &format!("{name} -> {}", status.expect("waited for")),
            str::to_owned,
        );
    }

    fn record(&mut self, name: &str, mask: impl Fn(&str) -> String) {
        let printed = std::fs::read(self.scratch.host("background")).expect("it was made");
        self.note(&format!("$ {name} &"));
        for line in String::from_utf8_lossy(&printed).lines() {
            self.note(&mask(line));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some((_, mut child)) = self.background.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Replaces uuids by ordinals in order of appearance.
pub fn ordinals(text: &str) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(uuid) = from.get(..36).filter(|text| is_uuid(text)) {
            let ordinal = seen.iter().position(|s| s == uuid).unwrap_or_else(|| {
                seen.push(uuid.to_owned());
                seen.len() - 1
            });
            out.push_str(&format!("<{ordinal}>"));
            rest = &from[36..];
        } else {
            let end = from
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(from.len())
                .max(1);
            out.push_str(&from[..end]);
            rest = &from[end..];
        }
    }
    out.push_str(rest);
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, byte)| match i {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// The lines that one text has and the other has not, each place with the line before it.
fn difference(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    // Longest common subsequence of what follows each pair of positions.
    let mut longest = vec![vec![0_u32; to.len() + 1]; from.len() + 1];
    for i in (0..from.len()).rev() {
        for j in (0..to.len()).rev() {
            longest[i][j] = match from[i] == to[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out, mut same) = (0, 0, String::new(), None);
    while i < from.len() || j < to.len() {
        if i < from.len() && j < to.len() && from[i] == to[j] {
            same = Some(from[i]);
            (i, j) = (i + 1, j + 1);
            continue;
        }
        if let Some(line) = same.take() {
            out.push_str(&format!("  {line}\n"));
        }
        if j == to.len() || i < from.len() && longest[i + 1][j] >= longest[i][j + 1] {
            out.push_str(&format!("- {}\n", from[i]));
            i += 1;
        } else {
            out.push_str(&format!("+ {}\n", to[j]));
            j += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_uuids_get_equal_ordinals_and_nothing_else_does() {
        let (a, b) = (
            "0a8b2f6e-4d55-4f3e-9f50-10d3b1c8e1aa",
            "1a8b2f6e-4d55-4f3e-9f50-10d3b1c8e1aa",
        );
        let text = format!("x {a},{b},{a} face 10d3b1c8");
        assert_eq!(ordinals(&text), "x <0>,<1>,<0> face 10d3b1c8");
    }

    #[test]
    fn a_difference_names_the_lines() {
        assert_eq!(
            difference("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n"),
            "  a\n- b\n+ x\n  d\n+ e\n"
        );
    }
}
