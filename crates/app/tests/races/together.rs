//! Doing things at the same moment.

use std::sync::Barrier;
use std::thread;

use crate::support::client::Client;
use crate::support::http::Answer;
use crate::support::request::Request;

/// Runs `work` once for each index, each on a thread of its own, all let go at the same moment; what they return comes in
/// the order of the indexes.
pub(crate) fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let threads: Vec<_> = (0..count)
            .map(|index| {
                scope.spawn(move || {
                    barrier.wait();
                    work(index)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread fails")).collect()
    })
}

/// Sends a request until it is not refused for having too much under way.
pub(crate) fn send_in_turn(client: &Client, request: &Request) -> Answer {
    for _ in 0..60 {
        let answer = client.send(request);
        if answer.status != 429 {
            return answer;
        }
        assert!(answer.header("retry-after").is_some(), "429 says when to come again");
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    panic!("refused for too long");
}
