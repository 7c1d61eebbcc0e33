//! Opens connections and demands of every one what the store rests on: a server that is new enough, that can write and
//! that keeps what it has promised. Must not know any table.

use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use refract_store::StoreError;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{AsyncMessage, Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Failure, Outcome, column};
use crate::settings::{Durability, PostgresSettings};
use crate::tls::connector;
use crate::transaction::Beginnings;

/// The first version that has been tried.
const VERSION_MIN: i32 = 140_000;

const SERVER: &str = include_str!("sql/open_server.sql");

/// How the names of all nodes begin, as the server shows them. `unblock_still.sql` goes by it.
const NODE: &str = "refract";

/// How soon a network that swallows packets is noticed.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const UNANSWERED_FOR: Duration = Duration::from_secs(20);

/// The same for the server, which keeps the locks of a node whose machine is gone until it notices. It means nothing on a
/// socket of the same machine.
const SERVER_NOTICES: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
                              SET tcp_keepalives_count = 2; SET tcp_user_timeout = 20000";

/// Opens connections with the same settings.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
    durability: Durability,
    within: Duration,
    /// Said once on every connection, where that lasts.
    session: Option<String>,
}

/// A connection and what is known of it.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The statement by which records are copied in, once it was needed.
    pub(crate) copy_records: OnceCell<Statement>,
    driver: AbortHandle,
}

impl Connection {
    /// Closes the connection without another word, whatever is under way.
    pub(crate) fn cut(self) {
        self.driver.abort();
    }
}

impl Connector {
    /// Reads the address and the certificates.
    pub(crate) fn new(settings: &PostgresSettings) -> Outcome<Self> {
        let mut config: Config = settings
            .url
            .parse()
            .map_err(|error| Failure::unavailable(format!("the database's address cannot be read: {error}")))?;
        let name = match config.get_application_name() {
            None => NODE.to_owned(),
            Some(given) if given.starts_with(NODE) => given.to_owned(),
            Some(given) => format!("{NODE} {given}"),
        };
        config.application_name(name);
        if config.get_hosts().len() > 1 {
            // Any of them may have become a standby: the one that can write is looked for.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        // One that does not answer must leave time for the next.
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
        config.connect_timeout(settings.connect_within / hosts);
        config.keepalives_idle(KEEPALIVE_AFTER).keepalives_interval(KEEPALIVE_EVERY).keepalives_retries(2);
        config.tcp_user_timeout(UNANSWERED_FOR);
        let tls = connector(config.get_ssl_mode(), settings.root_certificates.as_deref())?;
        let session = settings.keeps_sessions().then(|| format!("{}; {SERVER_NOTICES}", Beginnings::session(settings)));
        Ok(Self { config, tls, durability: settings.durability, within: settings.connect_within, session })
    }

    /// Opens a connection. `heard` is called with every notification that comes over it.
    pub(crate) async fn connect(&self, heard: impl Fn() + Send + 'static) -> Outcome<Connection> {
        let connecting = tokio::time::timeout(self.within, self.config.connect(self.tls.clone()));
        let Ok(connected) = connecting.await else {
            return Err(Failure::lost(format!("no connection within {:?}", self.within)));
        };
        let (client, mut socket) = connected?;
        let driver = tokio::spawn(async move {
            let mut messages = futures_util::stream::poll_fn(move |context| socket.poll_message(context));
            while let Some(message) = futures_util::StreamExt::next(&mut messages).await {
                match message {
                    Ok(AsyncMessage::Notification(_)) => heard(),
                    Ok(AsyncMessage::Notice(notice)) => tracing::debug!(notice = notice.message(), "notice"),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a connection ended");
                        break;
                    }
                }
            }
        });
        let connection = Connection { client, copy_records: OnceCell::new(), driver: driver.abort_handle() };
        let checking = tokio::time::timeout(self.within, self.check(&connection.client));
        match checking.await {
            Ok(checked) => checked.map(|()| connection),
            Err(_) => Err(Failure::lost(format!("no answer within {:?}", self.within))),
        }
    }

    async fn check(&self, client: &Client) -> Outcome<()> {
        if let Some(session) = &self.session {
            client.batch_execute(session).await?;
        }
        let row = client.query_typed_one(SERVER, &[]).await?;
        let version: i32 = column(&row, "version")?;
        if version < VERSION_MIN {
            let text = format!("PostgreSQL {} is too old: 14 or newer is needed", version / 10_000);
            return Err(StoreError::Internal(text).into());
        }
        if column::<bool>(&row, "is_standby")? {
            return Err(Failure::unavailable("the server is a standby: it cannot write"));
        }
        if column::<bool>(&row, "is_read_only")? {
            return Err(Failure::unavailable(
                "the database is set to default_transaction_read_only: it cannot be written",
            ));
        }
        if self.durability == Durability::Waived {
            return Ok(());
        }
        for name in ["fsync", "full_page_writes"] {
            let value: String = column(&row, name)?;
            if value != "on" {
                let text =
                    format!("the server runs with {name} = {value}: it may lose what it has confirmed. Turn it on");
                return Err(StoreError::Internal(text).into());
            }
        }
        Ok(())
    }
}

/// Connections of the pool.
pub(crate) struct Manager {
    pub(crate) connector: Connector,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Failure;

    async fn create(&self) -> Result<Connection, Failure> {
        let connection = self.connector.connect(|| ()).await?;
        if self.connector.session.is_some() {
            connection.client.batch_execute(Beginnings::GUARD).await?;
        }
        Ok(connection)
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Failure> {
        // Whether it stands in somebody's transaction is asked together with the first statement (see transaction.rs).
        if connection.client.is_closed() { Err(RecycleError::message("closed")) } else { Ok(()) }
    }
}
