//! `results`: outcomes by row range.

use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::object_type::ObjectType::Contact;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, by, contact, row, updating};

/// Reading can start at every row, and gives what reading from the start gives.
pub async fn outcomes_are_read_from_any_row(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows: Vec<_> = (0..30).map(|number| contact(&format!("p{}@x.io", number % 20))).collect();
    let spec = world.admit(Contact, &by("email"), &rows).await;
    let lease = world.claim_one().await;
    world.run(lease, 7).await.unwrap();
    let all = world.outcomes(spec.id).await;
    assert_eq!(all.len(), 30);
    for from_row in 0..=30 {
        assert_eq!(world.outcomes_from(spec.id, from_row).await, all[from_row as usize..], "from row {from_row}");
    }
    assert_eq!(world.store.results(&world.caller, spec.id, 31).await.unwrap(), None);
}

/// Before the first commit, for no rows, and for no job there is nothing.
pub async fn a_job_without_outcomes_has_no_piece(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    assert_eq!(world.store.results(&world.caller, spec.id, 0).await.unwrap(), None);
    let lease = world.claim_one().await;
    assert_eq!(world.store.results(&world.caller, spec.id, 0).await.unwrap(), None);
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.store.results(&world.caller, spec.id, 1).await.unwrap(), None);
    assert_eq!(world.store.results(&world.caller, world.new_job_id(), 0).await.unwrap(), None);
}

/// Another team's job has no results.
pub async fn another_team_reads_nothing(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let spec = north.admit_contacts(&["a@x.io"]).await;
    let lease = north.claim_one().await;
    north.run(lease, 10).await.unwrap();
    assert_eq!(south.store.results(&south.caller, spec.id, 0).await.unwrap(), None);
    assert_eq!(north.outcomes(spec.id).await.len(), 1);
}

/// Each kind of outcome is read as it was decided: ids, and all faults with their texts.
pub async fn every_outcome_comes_back_as_it_was(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let known = world.create(Contact, &json!({ "email": "known@x.io" })).await.id;
    let given = RecordId(world.ids.next());
    let rows: [Value; 5] = [
        contact("new@x.io"),
        json!({ "id": given.to_string(), "default": {} }),
        contact("known@x.io"),
        row(json!({ "email": "known@x.io", "city": "Oslo" })),
        json!({ "default": { "seniority": "Büro 🦀", "first_interaction_date": "x", "emial": 1 } }),
    ];
    let spec = world.admit(Contact, &updating("email"), &rows).await;
    let mut lease = world.claim_one().await;
    let chunk = world.chunk_command(&lease, 10).await;
    let judged_error = match &chunk.judged.rows[4] {
        refract_domain::import::row::JudgedRow::Faulty(error) => error.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(judged_error.faults().count(), 3);
    world.store.apply_chunk(&mut lease, chunk).await.unwrap();
    let expected = [
        Outcome::Created { given_id: None },
        Outcome::Created { given_id: Some(given) },
        Outcome::Existing(known),
        Outcome::Updated(known),
        Outcome::Rejected(judged_error),
    ];
    assert_eq!(world.outcomes(spec.id).await, expected);
}

/// A large chunk comes back in pieces without gaps or overlaps, each of a few thousand rows at most.
pub async fn pieces_have_no_gaps(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = vec![json!({}); 25_000];
    let spec = world.admit(Contact, &ImportOptions::default(), &rows).await;
    let lease = world.claim_one().await;
    world.run(lease, 20_000).await.unwrap();
    let mut next_row = 0;
    while let Some(piece) = world.store.results(&world.caller, spec.id, next_row).await.unwrap() {
        assert_eq!(piece.first_row, next_row);
        assert!((1..=10_000).contains(&piece.rows), "{} rows in a piece", piece.rows);
        next_row += piece.rows;
    }
    assert_eq!(next_row, 25_000);
    assert_eq!(world.import_of(spec.id).await.tally.created, 25_000);
}
