//! Two nodes on two teams beside one node: what a second server on the same database is worth.
//!
//! Owns the arrangement and its table. One node is measured with the import of one team, and with those of both, for it
//! runs the jobs of two teams side by side: two nodes are held against each.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};

use crate::figures::{machine_load, median};
use crate::http_client::HttpClient;
use crate::postgres::{self, Database};
use crate::server::{self, Access, Data, Server};

const POLL_EVERY: Duration = Duration::from_millis(20);

/// What to import, by which server, on which database server.
pub(super) struct NodesRun<'a> {
    pub(super) program: &'a Path,
    /// A file with the request's body.
    pub(super) body: &'a Path,
    /// Rows in it.
    pub(super) rows: u64,
    pub(super) postgres_url: &'a str,
    /// For the servers' logs.
    pub(super) folder: &'a Path,
}

/// Rows a second of one round.
#[derive(Clone, Copy)]
struct Round {
    one_node_one_team: f64,
    one_node_two_teams: f64,
    two_nodes_two_teams: f64,
}

impl Round {
    /// Two nodes as a multiple of one that has one team.
    fn factor_one_team(&self) -> f64 {
        self.two_nodes_two_teams / self.one_node_one_team
    }

    /// Two nodes as a multiple of one that has the same two teams.
    fn factor_two_teams(&self) -> f64 {
        self.two_nodes_two_teams / self.one_node_two_teams
    }
}

impl NodesRun<'_> {
    /// Measures so many rounds, prints them, and gives the figures for machines.
    pub(super) fn run(&self, rounds: u64) -> Result<Value> {
        let mut measured = Vec::new();
        for number in 1..=rounds {
            eprintln!("round {number} of {rounds}");
            measured.push(Round {
                one_node_one_team: self.measure(1, 1)?,
                one_node_two_teams: self.measure(1, 2)?,
                two_nodes_two_teams: self.measure(2, 2)?,
            });
        }
        println!("\n{} contacts a team; {}", self.rows, machine_load());
        println!(
            "{:<7} {:>15} {:>16} {:>17} {:>9} {:>10}",
            "round", "1 node, 1 team", "1 node, 2 teams", "2 nodes, 2 teams", "× 1 team", "× 2 teams"
        );
        for (index, round) in measured.iter().enumerate() {
            print_round(&(index + 1).to_string(), *round);
        }
        let of = |figure: fn(&Round) -> f64| median(&measured.iter().map(figure).collect::<Vec<_>>());
        let medians = Round {
            one_node_one_team: of(|round| round.one_node_one_team),
            one_node_two_teams: of(|round| round.one_node_two_teams),
            two_nodes_two_teams: of(|round| round.two_nodes_two_teams),
        };
        print_round("median", medians);
        Ok(json!({
            "rows": self.rows,
            "machine": machine_load(),
            "one_node_one_team": medians.one_node_one_team,
            "one_node_two_teams": medians.one_node_two_teams,
            "two_nodes_two_teams": medians.two_nodes_two_teams,
            "factor_one_team": medians.factor_one_team(),
            "factor_two_teams": medians.factor_two_teams(),
        }))
    }

    /// Rows a second over all teams, from the first byte sent to the last job's completion.
    fn measure(&self, nodes: usize, teams: usize) -> Result<f64> {
        let database = Database::create(self.postgres_url)?;
        postgres::texts(self.postgres_url, "CHECKPOINT")?;
        let servers = self.start(&database, nodes)?;
        let mut accesses = vec![servers[0].access.clone()];
        for number in 1..teams {
            accesses.push(servers[0].create_team(&format!("team {number}"))?);
        }
        let started = Instant::now();
        thread::scope(|scope| {
            let imports: Vec<_> = accesses
                .iter()
                .zip(servers.iter().cycle())
                .map(|(access, server)| scope.spawn(|| self.import(&server.host, access)))
                .collect();
            imports.into_iter().try_for_each(|import| import.join().map_err(|_| anyhow!("a thread ended early"))?)
        })?;
        let elapsed = started.elapsed();
        servers.into_iter().try_for_each(Server::stop)?;
        Ok((self.rows * teams as u64) as f64 / elapsed.as_secs_f64())
    }

    fn start(&self, database: &Database, nodes: usize) -> Result<Vec<Server>> {
        let log = |number: usize| -> PathBuf { self.folder.join(format!("node-{number}")) };
        let data = |number| Data::Database { url: database.url.clone(), folder: log(number) };
        (0..nodes).map(|number| Server::start(self.program, data(number))).collect()
    }

    fn import(&self, host: &str, access: &Access) -> Result<()> {
        let mut client = HttpClient::connect(host, &access.api_key)?;
        let job = server::start_import(&mut client, &access.team_id, self.body)?;
        let answer = server::wait_for_job(&mut client, &job, POLL_EVERY)?;
        let summary = server::summary_of(&answer.body)?;
        let succeeded = summary["succeeded"].as_u64().context("a job counts its rows")?;
        ensure!(succeeded == self.rows, "{succeeded} rows of {} are in", self.rows);
        Ok(())
    }
}

fn print_round(name: &str, round: Round) {
    println!(
        "{name:<7} {:>15.0} {:>16.0} {:>17.0} {:>9.2} {:>10.2}",
        round.one_node_one_team,
        round.one_node_two_teams,
        round.two_nodes_two_teams,
        round.factor_one_team(),
        round.factor_two_teams()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_are_held_against_one_with_either_work() {
        let round = Round { one_node_one_team: 100.0, one_node_two_teams: 120.0, two_nodes_two_teams: 180.0 };
        assert!((round.factor_one_team() - 1.8).abs() < 1e-9);
        assert!((round.factor_two_teams() - 1.5).abs() < 1e-9);
    }
}
