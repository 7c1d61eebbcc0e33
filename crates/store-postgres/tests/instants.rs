//! What the database makes of dates is what the program makes of them, to the byte.

// A failure here is a failure of the test.
#![allow(clippy::expect_used)]

use proptest::prelude::*;
use refract_domain::value::instant_order_text;
use refract_store_postgres::{Durability, PostgresSettings, PostgresStore};
use refract_testkit::Drawer;
use refract_testkit::postgres::TestDatabase;

/// Texts that are asked of the database together.
const BATCH: usize = 500;

/// Dates of every form, nearly all of them dates.
fn dates() -> impl Strategy<Value = String> {
    let day = (1..=9_999_u32, 1..=12_u32, 1..=31_u32).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let clock = (0..=24_u32, 0..=60_u32, 0..=60_u32).prop_map(|(h, m, s)| format!("{h:02}:{m:02}:{s:02}"));
    let fraction = prop_oneof![2 => Just(String::new()), 3 => "\\.[0-9]{1,24}0{0,3}", 1 => Just(".".to_owned())];
    let zone = prop_oneof![2 => Just("Z".to_owned()), 1 => Just("z".to_owned()), 4 => "[+-][0-2][0-9]:[0-6][0-9]", 1 => Just(String::new())];
    let time =
        ("[Tt]", clock, fraction, zone).prop_map(|(t, clock, fraction, zone)| format!("{t}{clock}{fraction}{zone}"));
    let whole = (day, prop_oneof![1 => Just(String::new()), 6 => time]).prop_map(|(day, time)| format!("{day}{time}"));
    prop_oneof![8 => whole, 1 => "[0-9TtZz:.+-]{0,30}", 1 => "000[01]-[01][0-9]-[0-3][0-9]"]
}

#[tokio::test]
async fn the_database_orders_dates_as_the_program_does() {
    let database = TestDatabase::create();
    let settings = PostgresSettings { durability: Durability::Waived, ..PostgresSettings::new(database.url()) };
    PostgresStore::migrate(&settings).await.expect("migrations");
    let edges =
        ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999-23:59", "2000-02-29", "1900-02-29", "0000-01-01", ""];
    let mut drawer = Drawer::seeded(4);
    let mut dates_among_them = 0;
    for round in 0..20 {
        let mut texts: Vec<String> = (0..BATCH).map(|_| drawer.draw(&dates())).collect();
        if round == 0 {
            texts.extend(edges.map(str::to_owned));
        }
        // None of them can hold a quote.
        let rows: Vec<String> = texts.iter().enumerate().map(|(place, text)| format!("({place}, '{text}')")).collect();
        let sql = format!(
            "SELECT refract_instant(written) FROM (VALUES {}) AS t (place, written) ORDER BY place",
            rows.join(",")
        );
        let answers = database.sql(&sql);
        assert_eq!(answers.len(), texts.len());
        for (text, answer) in texts.iter().zip(answers) {
            let expected = instant_order_text(text);
            dates_among_them += usize::from(expected.is_some());
            assert_eq!(answer[0], expected, "{text:?}");
        }
    }
    assert!(dates_among_them > 3_000, "{dates_among_them} dates");
}
