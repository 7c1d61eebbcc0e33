//! Project chores: `cargo xtask --help` lists them.
mod contacts;
mod raw_load;
use std::path::Path;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let variant = match a[3].as_str() { "integer" => raw_load::Variant::Integer, "blob" => raw_load::Variant::Blob, _ => raw_load::Variant::Indexed };
    let rows: u64 = a[1].parse().unwrap();
    let reps: u64 = a[5].parse().unwrap();
    for _ in 0..a[4].parse::<u32>().unwrap() {
        let l = raw_load::RawLoad { contacts: contacts::Contacts { rows, repeats_percent: reps, seed: 1 }, update_existing: reps > 0, transaction_rows: a[2].parse().unwrap(), variant };
        let r = l.run(Path::new("target/bench/raw")).unwrap();
        println!("{rows} tx={} {variant:?} reps={reps}: {:.0} rows/s elapsed {:.2?} wall {:.2?} disk {} MB created {}", a[2], r.rows_per_second(), r.elapsed, r.wall, r.disk_bytes >> 20, r.created);
    }
}
