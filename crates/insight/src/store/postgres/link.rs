//! A connection that is made when it is needed, with an end to every wait.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::WrongType;
use tokio_postgres::{Client, Config};

use super::{PATIENCE, schema, tls};

/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_secs(3);

/// Why something failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) text: String,
    /// The database is away, busy or full: later it may work.
    pub(super) is_passing: bool,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let passing = |state: &SqlState| {
            // Connection, transaction rollback, resources, states of objects, the operator's doing, read-only.
            ["08", "40", "53", "55", "57", "25"].iter().any(|class| state.code().starts_with(class))
        };
        let text = match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => chain(&error),
        };
        // Without a code it is ours: the connection, or a parameter of another type than the statement has.
        let is_mistake = error.source().is_some_and(|cause| cause.is::<WrongType>());
        Self { text, is_passing: error.code().map_or(!is_mistake, passing) }
    }
}

impl From<postcard::Error> for Failure {
    fn from(error: postcard::Error) -> Self {
        Self { text: error.to_string(), is_passing: false }
    }
}

/// An error with its causes: what the library says alone is `error connecting to server`.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// Reads an address; an error names no part of it, as a password may stand there.
pub(in crate::store) fn address(url: &str) -> Result<Config, String> {
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        format!("it is no address of a database like postgres://user@host/name ({})", chain(&error))
    })?;
    config.connect_timeout(CONNECTING).application_name("portcullis").tcp_user_timeout(PATIENCE);
    Ok(config)
}

/// See the module.
pub(super) struct Link {
    config: Config,
    runtime: Runtime,
    client: Option<Client>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration may hold a password.
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(config: Config) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { config, runtime, client: None })
    }

    /// Does something on a connection. One that broke, or on which something took too long, is not used again.
    pub(super) fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Self { config, runtime, client } = self;
        let mut given = client.take().filter(|client| !client.is_closed());
        let done = runtime.block_on(async {
            let connected = match given.take() {
                Some(connected) => connected,
                None => connect(config).await?,
            };
            let connected = given.insert(connected);
            match tokio::time::timeout(PATIENCE, work(connected)).await {
                Ok(result) => result,
                Err(_) => {
                    given = None;
                    let text = format!("it took longer than {} s", PATIENCE.as_secs());
                    Err(Failure { text, is_passing: true })
                }
            }
        });
        *client = given.filter(|client| !client.is_closed());
        done
    }
}

async fn connect(config: &Config) -> Result<Client, Failure> {
    let late = || Failure { text: "no connection in time".to_owned(), is_passing: true };
    let connecting = async {
        let connector = tls::Connector::new().map_err(|text| Failure { text, is_passing: true })?;
        let (mut client, connection) = config.connect(connector).await?;
        // Ends with the client; what breaks it, the client's next step tells.
        tokio::spawn(async move { drop(connection.await) });
        schema::prepare(&mut client).await?;
        Ok(client)
    };
    tokio::time::timeout(PATIENCE, connecting).await.unwrap_or_else(|_| Err(late()))
}
