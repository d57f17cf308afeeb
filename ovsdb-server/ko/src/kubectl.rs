//! The way through the pods: `kubectl` is run as the plugin runs it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::component::Component;
use crate::kube;
use crate::restore;
use crate::way::{Failure, Outcome, Way};

/// The pods of a namespace.
pub struct Kubectl {
    /// The namespace.
    pub namespace: String,
}

impl Kubectl {
    /// Runs `kubectl` and lets its output through.
    pub fn show(&self, words: &[String]) -> Outcome {
        // What was printed here comes first.
        let _ = std::io::stdout().flush();
        let status = Command::new("kubectl").args(words).status();
        let status = status.map_err(not_there)?;
        match status.success() {
            true => Ok(()),
            false => Err(ended(status)),
        }
    }

    /// Runs `kubectl`; its output.
    pub fn ask(&self, words: &[String]) -> Outcome<String> {
        let output = Command::new("kubectl")
            .args(words)
            .stderr(Stdio::inherit())
            .output();
        let output = output.map_err(not_there)?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
            false => Err(ended(output.status)),
        }
    }

    /// The pod whose server leads.
    fn leader(&self, of: Component) -> Outcome<String> {
        let list = self.ask(&kube::list_leaders(&self.namespace, of))?;
        match kube::leader(&list, of) {
            Some(pod) => Ok(pod.to_owned()),
            None => Err(Failure::Said(of.no_leader().to_owned())),
        }
    }

    fn control(&self, pod: &str, of: Component, command: &str, args: &[&str]) -> Vec<String> {
        kube::control(&self.namespace, pod, of, command, args)
    }

    fn exec(&self, pod: &str, of: Component, words: &[&str]) -> Vec<String> {
        kube::exec(&self.namespace, pod, of.container(), words)
    }
}

impl Way for Kubectl {
    fn status(&mut self, of: Component) -> Outcome {
        let pod = self.leader(of)?;
        self.show(&self.control(&pod, of, "cluster/status", &[]))?;
        self.show(&self.control(&pod, of, "ovsdb-server/get-db-storage-status", &[]))
    }

    fn kick(&mut self, of: Component, server: &str) -> Outcome {
        let pod = self.leader(of)?;
        self.show(&self.control(&pod, of, "cluster/kick", &[server]))
    }

    fn backup(&mut self, of: Component, to: &Path) -> Outcome {
        let pod = self.leader(of)?;
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let there = format!("/etc/ovn/{name}");
        self.show(&self.exec(
            &pod,
            of,
            &["ovsdb-tool", "cluster-to-standalone", &there, &of.file()],
        ))?;
        let from = format!("{}/{pod}:{there}", self.namespace);
        let mut copy = kube::owned(&["cp", &from, &to.display().to_string()]);
        if let Some(container) = of.container() {
            copy.extend(kube::owned(&["-c", container]));
        }
        let copied = self.show(&copy);
        // The pod's disk is the database's: it keeps no copy, whether it arrived or not.
        let removed = self.show(&self.exec(&pod, of, &["rm", "-f", &there]));
        copied.and(removed)
    }

    fn dbstatus(&mut self, of: Component) -> Outcome {
        let list = self.ask(&kube::list_pods(&self.namespace))?;
        for pod in kube::pods(&list, of.pods()) {
            println!("get dbstatus in pod {pod}");
            for each in of.pair() {
                let status = self.ask(&self.control(pod, each, "ovsdb-server/get-db-storage-status", &[]))?;
                println!("{} db status {status}", each.word());
            }
        }
        Ok(())
    }

    fn restore(&mut self, of: Component, from: Option<&Path>, _force: bool) -> Outcome {
        if of != Component::Nb {
            println!("restore cmd is only used for nb db");
            return Ok(());
        }
        if let Some(file) = from {
            return Err(Failure::Error(format!(
                "{}: through kubectl, restore makes the cluster anew from its first server's own file; a file is \
                 restored with --address",
                file.display()
            )));
        }
        restore::run(self)
    }
}

fn not_there(error: std::io::Error) -> Failure {
    Failure::Error(format!(
        "kubectl: {error}; without Kubernetes, name a server's management API with --address"
    ))
}

fn ended(status: std::process::ExitStatus) -> Failure {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Failure::Exit(code.unwrap_or(1))
}
