//! What a case is: what is sent, what must come back, and what it may change.

use std::collections::BTreeMap;

use crate::support::client::Client;
use crate::support::server::{Launch, Server, Tenant};

/// Stands in the values of good rows: no log line and no error may repeat it.
pub(crate) const CANARY: &str = "canary-value-9f27c1e4";

/// A server with two teams.
pub(crate) struct World {
    pub(crate) server: Server,
    /// The team that sends bad input.
    pub(crate) own: Tenant,
    /// Another team, which must never notice.
    pub(crate) other: Tenant,
    /// Texts that no log line may hold, further to those known to all cases.
    pub(crate) secrets: Vec<String>,
}

impl World {
    /// Starts a server and makes the teams.
    pub(crate) fn start(launch: Launch) -> Self {
        let server = launch.start();
        let own = server.tenant();
        let other = server.make_tenant("other");
        let secrets = vec![own.key.clone(), other.key.clone(), CANARY.to_owned()];
        Self { server, own, other, secrets }
    }

    /// A client of the team that sends bad input.
    pub(crate) fn client(&self) -> Client {
        self.server.client(&self.own)
    }

    /// A client of the other team.
    pub(crate) fn other_client(&self) -> Client {
        self.server.client(&self.other)
    }
}

/// A row of the table of bad input.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) act: Act,
}

/// What is sent and what must come back.
pub(crate) enum Act {
    /// Every input, on a connection of its own, is refused alike, and nothing changes.
    Refused(Refused),
    /// One import in which every row given has its fault and the good rows between them go in.
    BadRows { object_type: &'static str, rows: fn() -> Vec<Row>, code: &'static str },
    /// One import in which every row given goes in.
    GoodRows { object_type: &'static str, rows: fn() -> Vec<Row> },
    /// What fits no table; says what it changed.
    Script(fn(&mut World) -> Change),
}

/// Inputs that are refused alike.
pub(crate) struct Refused {
    pub(crate) inputs: fn(&World) -> Vec<Input>,
    /// All of them are right.
    pub(crate) statuses: &'static [u16],
    /// Checked when there is a body; several are right only where the statuses differ.
    pub(crate) codes: &'static [&'static str],
    /// Closing the connection without an answer is right too.
    pub(crate) or_closed: bool,
    /// A header the answer must carry.
    pub(crate) with_header: Option<&'static str>,
    /// Something the message must say.
    pub(crate) saying: Option<&'static str>,
}

/// Bytes to send.
pub(crate) struct Input {
    pub(crate) label: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether the client says at the end that no more will come.
    pub(crate) ends: bool,
}

impl Input {
    pub(crate) fn new(label: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { label: label.into(), bytes, ends: false }
    }
}

/// A row as it is written, with a name for messages.
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) raw: String,
}

impl Row {
    pub(crate) fn new(label: impl Into<String>, raw: impl Into<String>) -> Self {
        Self { label: label.into(), raw: raw.into() }
    }

    /// A row named by its own text.
    pub(crate) fn of(raw: &str) -> Self {
        Self::new(raw, raw)
    }
}

/// What a case may change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// New records of the own team, by type.
    pub(crate) own_records: BTreeMap<&'static str, u64>,
    /// Whether other tables may have changed too: keys of the records, jobs, lists.
    pub(crate) more: bool,
}

impl Change {
    /// Nothing but, perhaps, an idempotency key.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// So many records more of one type.
    pub(crate) fn records(object_type: &'static str, count: usize) -> Self {
        Self { own_records: BTreeMap::from([(object_type, count as u64)]), more: true }
    }

    /// No records, but jobs, lists or keys.
    pub(crate) fn no_records() -> Self {
        Self { own_records: BTreeMap::new(), more: true }
    }
}

impl Refused {
    /// Refused with this status and code.
    pub(crate) fn with(
        status: &'static [u16],
        codes: &'static [&'static str],
        inputs: fn(&World) -> Vec<Input>,
    ) -> Self {
        Self { inputs, statuses: status, codes, or_closed: false, with_header: None, saying: None }
    }

    /// … or the connection is closed.
    pub(crate) fn or_closed(mut self) -> Self {
        self.or_closed = true;
        self
    }

    /// … and the answer carries this header.
    pub(crate) fn with_header(mut self, name: &'static str) -> Self {
        self.with_header = Some(name);
        self
    }

    /// … and the message says this.
    pub(crate) fn saying(mut self, text: &'static str) -> Self {
        self.saying = Some(text);
        self
    }

    /// The case of this id.
    pub(crate) fn case(self, id: &'static str) -> Case {
        Case { id, act: Act::Refused(self) }
    }
}

/// A case of bad rows among good ones.
pub(crate) fn bad_rows(
    id: &'static str,
    object_type: &'static str,
    code: &'static str,
    rows: fn() -> Vec<Row>,
) -> Case {
    Case { id, act: Act::BadRows { object_type, rows, code } }
}

/// A case of rows that go in.
pub(crate) fn good_rows(id: &'static str, object_type: &'static str, rows: fn() -> Vec<Row>) -> Case {
    Case { id, act: Act::GoodRows { object_type, rows } }
}

/// A case that fits no table.
pub(crate) fn script(id: &'static str, act: fn(&mut World) -> Change) -> Case {
    Case { id, act: Act::Script(act) }
}
