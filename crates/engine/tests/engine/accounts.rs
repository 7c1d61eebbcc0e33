//! Which way a presented key goes.

use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_domain::ids::ApiKeyId;
use refract_engine::{Access, ApiKey};
use refract_store::{AccountVerbs, NewApiKey};
use refract_testkit::Verb;

use crate::house::{House, not_running};

const RIGHT: [u8; 32] = [0xa5; 32];

async fn house_with_the_right_key() -> (House, ApiKey) {
    let house = House::new(not_running()).await;
    let key = ApiKey {
        id: ApiKeyId(house.world.ids.next()),
        team_id: house.world.caller.team_id,
        label: String::new(),
        access: Access::Write,
        created_at: Timestamp(0),
        revoked_at: None,
    };
    assert!(house.store.create_key(NewApiKey { key: key.clone(), sha256: RIGHT }).await.unwrap());
    (house, key)
}

/// The hash of a wrong key whose first `shared` bytes are those of the right one's.
fn wrong(shared: usize) -> [u8; 32] {
    let mut sha256 = RIGHT;
    sha256.iter_mut().skip(shared).for_each(|byte| *byte = !*byte);
    sha256
}

/// B-AUTH-13, by structure rather than by a clock: however much of the right hash a wrong one shares, beside a right key
/// that is remembered or not, it takes one look-up of the whole hash, is not found, and is not remembered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_keys_go_one_way_whatever_they_share_with_a_right_one() {
    let (house, key) = house_with_the_right_key().await;
    for is_remembered in [false, true] {
        if is_remembered {
            assert_eq!(house.engine.find_key(RIGHT).await.unwrap(), Some(key.clone()));
        }
        for shared in 0..RIGHT.len() {
            for time in 1..=2 {
                let before = house.store.calls(Verb::FindKey);
                assert_eq!(house.engine.find_key(wrong(shared)).await.unwrap(), None);
                assert_eq!(house.store.calls(Verb::FindKey), before + 1, "{shared} bytes shared, time {time}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_key_is_remembered_for_less_than_a_revocation_may_take() {
    let (house, key) = house_with_the_right_key().await;
    for _ in 0..3 {
        assert_eq!(house.engine.find_key(RIGHT).await.unwrap(), Some(key.clone()));
    }
    assert_eq!(house.store.calls(Verb::FindKey), 1);
    let revoked_at = Timestamp(1);
    assert!(house.store.revoke_key(key.id, revoked_at).await.unwrap());
    house.world.clock.advance(Duration::from_secs(5));
    let found = house.engine.find_key(RIGHT).await.unwrap();
    assert_eq!(found.and_then(|key| key.revoked_at), Some(revoked_at));
    assert_eq!(house.store.calls(Verb::FindKey), 2);
}
