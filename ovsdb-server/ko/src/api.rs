//! The way through a server's management API.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::path::Path;

use ovsdb_manage::api::ApiClient;
use ovsdb_manage::types::Removal;
use ovsdb_manage::{Client, ClientError};
use ovsdb_transport::tls::{Tls, TlsFiles};
use tokio::runtime::{Builder, Runtime};

use crate::component::Component;
use crate::way::{Failure, Outcome, Way};

/// A connection.
pub struct Api {
    address: String,
    client: Client,
    runtime: Runtime,
}

impl Api {
    /// Connects.
    pub fn new(address: String, tls: TlsFiles) -> Outcome<Api> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Error(error.to_string()))?;
        let tls = (tls != TlsFiles::default()).then(|| Tls::new(tls));
        let client = runtime.block_on(ovsdb_manage::connect(&address, tls.as_ref()))?;
        Ok(Api {
            address,
            client,
            runtime,
        })
    }

    fn run<T>(&self, answer: impl Future<Output = Result<T, impl Into<ClientError>>>) -> Outcome<T> {
        Ok(self.runtime.block_on(answer).map_err(Into::into)?)
    }
}

impl Way for Api {
    fn status(&mut self, of: Component) -> Outcome {
        let status = self.run(self.client.status(of.database().into()))?;
        print!("{status}");
        let storage = self.run(self.client.storage_status(of.database().into()))?;
        println!("{storage}");
        Ok(())
    }

    fn kick(&mut self, of: Component, server: &str) -> Outcome {
        let removal = self.run(self.client.kick(of.database().into(), server.into()))?;
        println!(
            "{}",
            match removal {
                Removal::Started => "started removal",
                Removal::Requested => "sent removal request to leader",
            }
        );
        Ok(())
    }

    fn backup(&mut self, of: Component, to: &Path) -> Outcome {
        let here = |error: io::Error| Failure::Error(format!("{}: {error}", to.display()));
        // Under its own name only when whole.
        let partial = to.with_extension("partial");
        let mut file = BufWriter::new(File::create(&partial).map_err(here)?);
        let mut told = Progress::default();
        let whole = self.run(ovsdb_manage::backup(
            &self.client,
            of.database(),
            &mut file,
            |so_far, total| told.show(so_far, total),
        ));
        told.end();
        let saved = whole.and_then(|_| {
            let file = file.into_inner().map_err(|error| here(error.into_error()))?;
            file.sync_all().map_err(here)?;
            std::fs::rename(&partial, to).map_err(here)
        });
        saved.inspect_err(|_| {
            // A torn backup is worse than none.
            let _ = std::fs::remove_file(&partial);
        })
    }

    fn dbstatus(&mut self, of: Component) -> Outcome {
        println!("get dbstatus at {}", self.address);
        let databases = self.run(self.client.databases())?;
        for each in of.pair() {
            if databases.iter().any(|info| info.name == each.database()) {
                let status = self.run(self.client.storage_status(each.database().into()))?;
                println!("{} db status {status}", each.word());
            }
        }
        Ok(())
    }

    fn restore(&mut self, of: Component, from: Option<&Path>) -> Outcome {
        let from = from.ok_or_else(|| {
            Failure::Error(format!(
                "restore: name the file, a backup of ovn-{}; it replaces the contents of every server",
                of.word()
            ))
        })?;
        let here = |error: io::Error| Failure::Error(format!("{}: {error}", from.display()));
        let file = File::open(from).map_err(here)?;
        let total = file.metadata().map_err(here)?.len();
        let mut told = Progress::default();
        let restored = self.run(ovsdb_manage::restore(
            &self.client,
            of.database(),
            &mut BufReader::new(file),
            |so_far| told.show(so_far, Some(total)),
        ));
        told.end();
        restored?;
        println!("restore ovn-{} db from {}", of.word(), from.display());
        Ok(())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        match error {
            ClientError::Refused(refusal) => Failure::Refused(refusal.message),
            other => Failure::Error(other.to_string()),
        }
    }
}

/// Megabytes so far, where somebody looks.
#[derive(Default)]
struct Progress {
    shown_mb: Option<u64>,
}

impl Progress {
    fn show(&mut self, so_far: u64, total: Option<u64>) {
        let mb = so_far / 1_000_000;
        if self.shown_mb == Some(mb) || !io::stderr().is_terminal() {
            return;
        }
        self.shown_mb = Some(mb);
        match total {
            Some(total) => eprint!("\r{mb} of {} MB", total / 1_000_000),
            None => eprint!("\r{mb} MB"),
        }
        let _ = io::stderr().flush();
    }

    fn end(&self) {
        if self.shown_mb.is_some() {
            eprintln!();
        }
    }
}
