//! SIGINT and SIGTERM: the first asks for an orderly end, a second ends the process at once.

use tokio::sync::watch;

use crate::{output, telemetry};

/// The signals that ask a process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// What service managers send.
    Terminate,
}

impl StopSignal {
    /// 128 + the signal's number, as shells report it.
    pub(crate) const fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// Listens from now on: the receiver holds the first signal once it came. A second one ends the process here.
///
/// # Errors
/// When the operating system refuses the handlers. Must be called within a tokio runtime.
pub(crate) fn listen() -> std::io::Result<watch::Receiver<Option<StopSignal>>> {
    let mut source = Source::new()?;
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let first = source.next().await;
        tracing::info!(signal = first.name(), "stopping; a second signal ends at once");
        let _ = sender.send(Some(first));
        let second = source.next().await;
        telemetry::write_out();
        std::process::exit(second.exit_code());
    });
    Ok(receiver)
}

/// Waits for the first signal.
pub(crate) async fn first(receiver: &mut watch::Receiver<Option<StopSignal>>) -> StopSignal {
    match receiver.wait_for(Option::is_some).await {
        Ok(signal) => signal.unwrap_or(StopSignal::Terminate),
        // The listener is gone only together with the runtime.
        Err(_) => StopSignal::Terminate,
    }
}

/// For commands without a runtime: tells `message()` on Ctrl-C, then ends the process with 130.
pub(crate) fn exit_on_interrupt(message: impl Fn() -> String + Send + 'static) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                output::note(format!("\n{}", message()));
                std::process::exit(StopSignal::Interrupt.exit_code());
            }
        });
    });
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = self.terminate.recv() => StopSignal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> StopSignal {
        // Without Ctrl-C there is nothing to wait for: never returning is right.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        StopSignal::Interrupt
    }
}
