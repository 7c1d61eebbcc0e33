//! Kills around small imports: whether it was carried out or not, the same request again finds it done once.

use std::thread;
use std::time::Duration;

use rand::Rng;

use crate::support::http::{PATIENCE, Wire};
use crate::support::server::Launch;
use crate::{bodies, seed};

/// Rows of each import; they have no key, so a second run would show.
const ROWS: u64 = 40;
/// The longest time between the request and the kill.
const LIFE_MOST: Duration = Duration::from_millis(8);

/// When the kill strikes.
enum Strike {
    BeforeTheEnd,
    AnyTime,
    AfterTheAnswer,
}

impl Strike {
    /// Mostly at any time; each of the others now and then, so that both sides of the commit are struck for certain.
    fn of(import: u32) -> Self {
        match import % 5 {
            0 => Self::BeforeTheEnd,
            1 => Self::AfterTheAnswer,
            _ => Self::AnyTime,
        }
    }
}

#[test]
fn a_small_import_that_is_killed_and_sent_again_is_carried_out_once() {
    let mut chance = seed::chance("inline");
    let kills = seed::kills() / 3;
    let mut server = Launch::new().start();
    let mut was_done = 0;
    for import in 0..kills {
        let (key, body) = (format!("inline-{import}"), bodies::keyless_contacts(&format!("Import {import}"), 40));
        let request = server.client(&server.tenant()).import_request("contact", body).header("Idempotency-Key", &key);
        let mut wire = Wire::open(server.address());
        let (most, last) = request.parted(1);
        wire.send(&most).expect("a living server takes the request");
        match Strike::of(import) {
            Strike::BeforeTheEnd => {}
            Strike::AnyTime => {
                wire.send(&last).expect("a living server takes the request");
                thread::sleep(chance.random_range(Duration::ZERO..LIFE_MOST));
            }
            Strike::AfterTheAnswer => {
                wire.send(&last).expect("a living server takes the request");
                assert_eq!(wire.receive(PATIENCE).answer().status, 200);
            }
        }
        server.kill();
        server.restart();

        let client = server.client(&server.tenant());
        let before = client.count("contact");
        let first = client.send(&request);
        assert_eq!(first.status, 200, "{}", first.text());
        let is_replay = first.header("idempotent-replay") == Some("true");
        let (all, all_before) = ((u64::from(import) + 1) * ROWS, u64::from(import) * ROWS);
        assert_eq!(before, if is_replay { all } else { all_before }, "an import is there as a whole or not at all");
        assert_eq!(client.count("contact"), all, "and once");
        assert_eq!(first.json()["succeeded"], ROWS);
        let again = client.send(&request);
        assert_eq!(again.header("idempotent-replay"), Some("true"));
        assert_eq!(again.body, first.body, "the answer is the same, byte for byte");
        was_done += u32::from(is_replay);
    }
    println!("inline: {kills} kills; {was_done} struck after the commit");
    assert!((1..kills).contains(&was_done), "kills struck on both sides of the commit");
}
