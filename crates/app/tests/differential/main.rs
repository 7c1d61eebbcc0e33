//! The same imports, generated, sent to two servers: one on a folder, one on PostgreSQL. Status, codes, answers, results of
//! jobs and stored records are the same, ids and instants aside.
//!
//! `REFRACT_DIFFERENTIAL_IMPORTS` says how many imports (400), `REFRACT_DIFFERENTIAL_SEED` which (1). A failure shows the
//! seed, the import's number and its body.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod drawn;
mod named;
mod side;

use std::collections::BTreeMap;

use drawn::{Draw, Drawn};
use side::Side;

/// Imports that one team gets: enough for them to meet, few enough that the state can be read often.
const IMPORTS_OF_A_TEAM: usize = 50;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text:?}")))
}

#[test]
fn both_stores_answer_generated_imports_alike() {
    let imports = usize::try_from(setting("REFRACT_DIFFERENTIAL_IMPORTS", 400)).expect("a number of imports");
    let seed = setting("REFRACT_DIFFERENTIAL_SEED", 1);
    let (mut folder, mut database) = (Side::in_folder(), Side::in_database());
    let mut draw = Draw::seeded(seed);
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..imports {
        if number % IMPORTS_OF_A_TEAM == 0 {
            compare_states(&mut folder, &mut database, &format!("seed {seed}, before import {number}"));
            folder.begin_team(number);
            database.begin_team(number);
            draw.begin_team();
        }
        for other in draw.others(folder.records()) {
            let (here, there) = (folder.send_other(&other), database.send_other(&other));
            assert_eq!(here, there, "seed {seed}, before import {number}: {other:?}");
        }
        let drawn = draw.import();
        let (here, there) = (folder.send(&drawn), database.send(&drawn));
        let Drawn { path, body, .. } = &drawn;
        assert_eq!(here.told, there.told, "seed {seed}, import {number}: {path} {}", String::from_utf8_lossy(body));
        *answers.entry(here.kind).or_default() += 1;
    }
    compare_states(&mut folder, &mut database, &format!("seed {seed}, after {imports} imports"));
    println!("{imports} imports from seed {seed}: {answers:#?}");
    // The imports are worth comparing: no kind of answer is missing.
    for kind in ["200", "202", "400 invalid_json", "400 invalid_request", "400 duplicate_key"] {
        assert!(answers.contains_key(kind), "no answer {kind}: {answers:?}");
    }
}

fn compare_states(folder: &mut Side, database: &mut Side, when: &str) {
    let (here, there) = (folder.state(), database.state());
    for (line_here, line_there) in here.iter().zip(&there) {
        assert_eq!(line_here, line_there, "{when}");
    }
    assert_eq!(here.len(), there.len(), "{when}");
}
