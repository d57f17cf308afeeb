//! The way through a server's management API.

use std::path::Path;

use ovsdb_manage::api::ApiClient;
use ovsdb_manage::progress::Progress;
use ovsdb_manage::{Client, ClientError, files};
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
        println!("{removal}");
        Ok(())
    }

    fn backup(&mut self, of: Component, to: &Path) -> Outcome {
        let mut progress = Progress::default();
        self.run(files::save(&self.client, of.database(), to, &mut progress))?;
        Ok(())
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

    fn restore(&mut self, of: Component, from: Option<&Path>, force: bool) -> Outcome {
        let from = from.ok_or_else(|| {
            Failure::Error(format!(
                "restore: name the file, a backup of ovn-{}; it replaces the contents of every server",
                of.word()
            ))
        })?;
        let mut progress = Progress::default();
        self.run(files::put_in_place(
            &self.client,
            of.database(),
            from,
            force,
            &mut progress,
        ))?;
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
