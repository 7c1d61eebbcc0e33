//! What the lanes of a process know of each other: whose jobs each has, and how much its job has been served.
//!
//! A team's jobs run one after the other, so no two lanes take one. And whoever came later goes first until it has had its
//! share: a lane whose job has been served for long gives way to one whose job has not, between two chunks and not for
//! ever, since both want the same processors and the same database.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::TeamId;
use tokio::sync::{Mutex, MutexGuard, watch};

/// For so long a job is served before others no longer give way to it.
const SHARE: Duration = Duration::from_secs(1);

/// For so long a chunk gives way at most, so that a stream of small jobs slows a large one down and does not stop it.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// What all lanes share.
pub(super) struct Lanes {
    /// The teams in each lane. Locked while a lane claims, so that two lanes cannot claim two jobs of one team.
    teams: Mutex<Vec<Vec<TeamId>>>,
    /// How long the job was served that each lane is at; `None` where there is none.
    served: watch::Sender<Vec<Option<Duration>>>,
}

impl Lanes {
    pub(super) fn new(lanes: usize) -> Arc<Self> {
        Arc::new(Self { teams: Mutex::new(vec![Vec::new(); lanes]), served: watch::Sender::new(vec![None; lanes]) })
    }

    /// The view of one lane.
    pub(super) fn lane(self: &Arc<Self>, number: usize) -> OneOfLanes {
        OneOfLanes { lanes: Arc::clone(self), number, gave_way: 0 }
    }
}

/// One lane's view.
pub(super) struct OneOfLanes {
    lanes: Arc<Lanes>,
    number: usize,
    gave_way: u64,
}

impl OneOfLanes {
    /// Lets nobody else claim until the claim is dropped. `own` are the teams in this lane at present.
    pub(super) async fn claim(&self, own: Vec<TeamId>) -> Claiming<'_> {
        let mut teams = self.lanes.teams.lock().await;
        teams[self.number] = own;
        Claiming { teams, number: self.number }
    }

    /// This lane is about to carry out a chunk of a job that was served so long: waits while another lane has a job that
    /// has had less than its share and less than this one.
    pub(super) async fn take_turn(&mut self, served: Duration) {
        self.is_at(Some(served));
        let mut others = self.lanes.served.subscribe();
        let number = self.number;
        let may_go = |lanes: &Vec<Option<Duration>>| !must_give_way(lanes, number);
        if may_go(&others.borrow_and_update()) {
            return;
        }
        self.gave_way += 1;
        // Until then or, at the latest, after this time.
        let _ = tokio::time::timeout(WAIT_MAX, others.wait_for(may_go)).await;
    }

    /// How often this lane has given way. A chunk that is carried out beside others had better be short.
    pub(super) fn gave_way(&self) -> u64 {
        self.gave_way
    }

    /// This lane is at a job that was served so long, or at none.
    pub(super) fn is_at(&self, served: Option<Duration>) {
        let number = self.number;
        self.lanes.served.send_if_modified(|lanes| std::mem::replace(&mut lanes[number], served) != served);
    }
}

/// Whether some other lane's job has had less than its share, and less than the job of lane `number`.
fn must_give_way(lanes: &[Option<Duration>], number: usize) -> bool {
    let own = lanes[number].unwrap_or_default();
    let others = lanes.iter().enumerate().filter(|(other, _)| *other != number);
    others.filter_map(|(_, served)| *served).any(|served| served < SHARE && served < own)
}

/// The time of a claim.
pub(super) struct Claiming<'l> {
    teams: MutexGuard<'l, Vec<Vec<TeamId>>>,
    number: usize,
}

impl Claiming<'_> {
    /// The teams of which some lane has a job.
    pub(super) fn busy_teams(&self) -> Vec<TeamId> {
        self.teams.concat()
    }

    /// Whether there are no other lanes.
    pub(super) fn is_only_lane(&self) -> bool {
        self.teams.len() == 1
    }

    /// A job of this team was claimed.
    pub(super) fn add(&mut self, team_id: TeamId) {
        self.teams[self.number].push(team_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_job_gives_way_to_one_that_has_had_less_and_not_its_share() {
        assert!(!must_give_way(&[Some(MS(9_000)), None], 0));
        assert!(must_give_way(&[Some(MS(9_000)), Some(MS(0))], 0));
        assert!(!must_give_way(&[Some(MS(9_000)), Some(MS(0))], 1));
        assert!(!must_give_way(&[Some(MS(9_000)), Some(MS(1_000))], 0), "it has had its share");
        assert!(!must_give_way(&[Some(MS(300)), Some(MS(300))], 0), "neither waits for its equal");
        assert!(must_give_way(&[Some(MS(400)), Some(MS(300))], 0));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_way_goes_on_when_the_other_rests_or_has_had_its_share() {
        let lanes = Lanes::new(2);
        let (mut old, mut young) = (lanes.lane(0), lanes.lane(1));
        old.take_turn(MS(9_000)).await;
        assert_eq!(old.gave_way(), 0);
        young.take_turn(MS(0)).await;
        let begun = Instant::now();
        let other = async {
            tokio::time::sleep(MS(100)).await;
            young.is_at(None);
        };
        tokio::join!(old.take_turn(MS(9_000)), other);
        assert_eq!((begun.elapsed(), old.gave_way(), young.gave_way()), (MS(100), 1, 0));

        young.take_turn(MS(900)).await;
        let begun = Instant::now();
        let other = async {
            tokio::time::sleep(MS(200)).await;
            young.take_turn(MS(1_100)).await;
        };
        tokio::join!(old.take_turn(MS(9_000)), other);
        assert_eq!(begun.elapsed(), MS(200));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gives_way_for_ever() {
        let lanes = Lanes::new(2);
        let (mut old, mut young) = (lanes.lane(0), lanes.lane(1));
        young.take_turn(MS(0)).await;
        let begun = Instant::now();
        old.take_turn(MS(9_000)).await;
        assert_eq!(begun.elapsed(), WAIT_MAX);
    }
}
