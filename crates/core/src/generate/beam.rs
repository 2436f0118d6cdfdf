//! The best continuations of the hypotheses of one row.

use std::cmp::Ordering;

use super::hypothesis::push;
use crate::Result;

/// A hypothesis and one more item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// `ln P` of the whole.
    pub(super) score: f64,
    /// `ln P` of the item.
    pub(super) log: f64,
    /// The hypothesis, among those of its row.
    pub(super) lane: usize,
    /// The item.
    pub(super) id: usize,
    /// True if the sequence ends with it.
    pub(super) ends: bool,
}

/// The best candidates so far: those that go on and those that end, each the best first. Among equals the lower lane comes
/// first, then the lower id, then the end.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    goes_on: Vec<Candidate>,
    ends: Vec<Candidate>,
}

impl Ranking {
    /// Forgets all candidates.
    pub(super) fn clear(&mut self) {
        self.goes_on.clear();
        self.ends.clear();
    }

    /// Takes a candidate if it is among the best `width`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn offer(&mut self, width: usize, candidate: Candidate) -> Result<()> {
        if candidate.score == f64::NEG_INFINITY {
            return Ok(());
        }
        let list = if candidate.ends { &mut self.ends } else { &mut self.goes_on };
        let last = list.len() == width;
        if last && list.last().is_some_and(|last| order(last, &candidate).is_lt()) {
            return Ok(());
        }
        if last {
            list.pop();
        }
        let place = list.partition_point(|other| order(other, &candidate).is_lt());
        push(list, candidate)?;
        list[place..].rotate_right(1);
        Ok(())
    }

    /// True without a candidate.
    pub(super) fn is_empty(&self) -> bool {
        self.goes_on.is_empty() && self.ends.is_empty()
    }

    /// The best of those that go on.
    pub(super) fn goes_on(&self) -> &[Candidate] {
        &self.goes_on
    }

    /// Those that end and are among the best `width` of all.
    pub(super) fn ends(&self, width: usize) -> &[Candidate] {
        let rank = |place: usize, candidate: &Candidate| {
            place + self.goes_on.partition_point(|other| order(other, candidate).is_lt())
        };
        let count = self.ends.iter().enumerate().take_while(|(place, it)| rank(*place, it) < width).count();
        &self.ends[..count]
    }
}

fn order(a: &Candidate, b: &Candidate) -> Ordering {
    let score = b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal);
    score.then(a.lane.cmp(&b.lane)).then(a.id.cmp(&b.id)).then(b.ends.cmp(&a.ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate((score, lane, id, ends): (f64, usize, usize, bool)) -> Candidate {
        Candidate { score, log: 0.0, lane, id, ends }
    }

    #[test]
    fn the_best_are_those_of_a_sorted_list() {
        // Scores of few values, so that many are equal.
        let all: Vec<_> = (0..60)
            .map(|i| candidate((-f64::from(i * 37 % 11), i as usize / 20, i as usize % 20, i % 3 == 0)))
            .collect();
        let mut sorted = all.clone();
        sorted.sort_by(order);
        for width in [1, 2, 5, 19, 60] {
            let mut ranking = Ranking::default();
            all.iter().for_each(|&it| ranking.offer(width, it).unwrap());
            let best = |ends: bool| sorted.iter().filter(move |it| it.ends == ends).copied();
            assert_eq!(ranking.goes_on(), best(false).take(width).collect::<Vec<_>>());
            let ends: Vec<_> = sorted[..width].iter().filter(|it| it.ends).copied().collect();
            assert_eq!(ranking.ends(width), ends);
        }
    }

    #[test]
    fn what_has_no_probability_is_no_candidate() {
        let mut ranking = Ranking::default();
        ranking.offer(2, candidate((f64::NEG_INFINITY, 0, 0, false))).unwrap();
        assert!(ranking.is_empty());
        ranking.offer(2, candidate((-1e300, 0, 0, true))).unwrap();
        assert!(!ranking.is_empty());
    }
}
