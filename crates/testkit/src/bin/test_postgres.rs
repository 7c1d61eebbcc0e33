//! A throw-away PostgreSQL server for as long as standard input stays open.
//!
//! Prints the superuser's connection string, then waits. `cargo xtask test` runs it once for all tests; by hand:
//! `cargo run -p refract-testkit --bin test_postgres`, and Ctrl-D ends it. With `--disk` it lies on the disk instead of in
//! memory, for measurements; further arguments are lines for its configuration.

#![allow(clippy::print_stdout, reason = "whoever starts it reads the connection string")]

use std::io::{Read as _, Write as _};

use refract_testkit::postgres::{Place, PostgresServer, ServerOptions};

fn main() -> std::io::Result<()> {
    let (mut place, mut settings) = (Place::Fastest, String::new());
    for argument in std::env::args().skip(1) {
        if argument == "--disk" {
            place = Place::Disk;
        } else {
            settings.push_str(&argument);
            settings.push('\n');
        }
    }
    let server = PostgresServer::start(ServerOptions { place, tcp: false, settings });
    println!("{}", server.url());
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
