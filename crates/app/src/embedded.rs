//! The house, started: store, engine and HTTP surface in this process, and their orderly end.
//!
//! Owns the order of starting and stopping. `serve` and `demo` differ only in what they do
//! around it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use refract_engine::{Engine, EngineSettings, SharedStore};
use refract_http::HttpSettings;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::ServerSettings;
use crate::exit::Failure;
use crate::system::{RandomIds, SystemClock};
use crate::workbooks::ChildWorkbooks;

/// Everything must have ended within 10 seconds of the signal; what has not by now is cut off.
const STOP_WITHIN: Duration = Duration::from_millis(9_500);

/// A running server.
pub(crate) struct Embedded {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    engine: Arc<Engine>,
    stop: watch::Sender<bool>,
    http: JoinHandle<std::io::Result<()>>,
}

/// Takes the address that was asked for.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let refused = |failure: std::io::Error| {
        Failure::other(format!("cannot listen on {address}: {failure}\nanother address: --listen or REFRACT_LISTEN"))
    };
    TcpListener::bind(address).await.map_err(refused)
}

impl Embedded {
    /// Starts the engine and serves.
    pub(crate) async fn start(
        listener: TcpListener,
        store: SharedStore,
        settings: &ServerSettings,
    ) -> Result<Self, Failure> {
        let address = listener.local_addr().map_err(Failure::other)?;
        let engine_settings = EngineSettings { when_idle: Some(crate::memory::give_back), ..settings.engine.clone() };
        let engine = Engine::start(store, Arc::new(SystemClock), Arc::new(RandomIds), engine_settings);
        // With the store's clock known, before anything is stamped.
        engine.ready().await.map_err(Failure::other)?;
        let (stop, stopped) = watch::channel(false);
        let program = std::env::current_exe().map_err(Failure::other)?;
        let http_settings =
            HttpSettings { workbooks: Some(Arc::new(ChildWorkbooks::of(program))), ..settings.http.clone() };
        let http = tokio::spawn(refract_http::serve(listener, Arc::clone(&engine), http_settings, stopped));
        Ok(Self { address, engine, stop, http })
    }

    /// The address as a client writes it. A server on every address is reached on this machine's own.
    pub(crate) fn client_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        format!("http://{address}")
    }

    /// Waits for the HTTP surface to end by itself, which it does only by failing.
    pub(crate) async fn failed(&mut self) -> Failure {
        match (&mut self.http).await {
            Ok(Ok(())) => Failure::other("the HTTP surface ended"),
            Ok(Err(failure)) => Failure::other(format!("the HTTP surface failed: {failure}")),
            Err(failure) => Failure::other(format!("the HTTP surface crashed: {failure}")),
        }
    }

    /// Not ready, no new work, answers under way finished, the chunk in hand committed, leases given back.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let Self { engine, stop, http, .. } = self;
        engine.stop_accepting();
        let _ = stop.send(true);
        let orderly = async {
            let ended = http.await;
            engine.shutdown().await;
            ended
        };
        match tokio::time::timeout(STOP_WITHIN, orderly).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(failure))) => Err(Failure::other(format!("the HTTP surface failed: {failure}"))),
            Ok(Err(failure)) => Err(Failure::other(format!("the HTTP surface crashed: {failure}"))),
            Err(_) => Err(Failure::other("not everything ended within 10 seconds; the next start takes it up")),
        }
    }
}
