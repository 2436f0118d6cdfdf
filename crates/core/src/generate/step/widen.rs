//! A step of a beam: the best continuations of all hypotheses of a row.

use unrolled_kernels::Element;

use super::{Step, allowed, ends};
use crate::Result;
use crate::generate::beam::Candidate;
use crate::generate::hypothesis::{Item, Path};
use crate::generate::lane::Lane;
use crate::generate::{Beam, Stop};

impl<E: Element> Step<'_, E> {
    /// The best continuations of all hypotheses of a row.
    pub(super) fn widen(&mut self, beam: &Beam, first: usize, lanes: &[Lane]) -> Result<()> {
        self.next.ranking.clear();
        for (at, lane) in lanes.iter().enumerate() {
            self.offer(beam.width, first, at, Lane { fed: lane.fed + 1, ..*lane })?;
        }
        let ranking = std::mem::take(&mut self.next.ranking);
        let (Some(&Lane { row, fed, .. }), max_steps) = (lanes.first(), self.config.max_steps) else {
            return Ok(());
        };
        if ranking.is_empty() && self.ended[row].is_empty() {
            return Err(self.nothing_likely(lanes[0]));
        }
        for it in ranking.ends(beam.width) {
            let path = self.grow(first, lanes, it)?;
            self.end(row, path, true)?;
        }
        let over = self.is_over(beam, row, ranking.goes_on().first().map(|best| best.score));
        for it in ranking.goes_on().iter().filter(|_| !over) {
            let lane = lanes[it.lane];
            let path = self.grow(first, lanes, it)?;
            match path.items == max_steps {
                true => self.end(row, path, false)?,
                false => self.next.keep(first + it.lane, Lane { fed: fed + 1, path, ..lane })?,
            }
        }
        self.next.ranking = ranking;
        Ok(())
    }

    /// The path of a hypothesis with its next item.
    fn grow(&mut self, first: usize, lanes: &[Lane], it: &Candidate) -> Result<Path> {
        let alignment = self.alignment(first + it.lane);
        self.trail.extend(lanes[it.lane].path, Item { log: it.log, id: Some(it.id), values: &[], alignment })
    }

    /// Offers every continuation of one hypothesis.
    fn offer(&mut self, width: usize, first: usize, at: usize, lane: Lane) -> Result<()> {
        self.score(first + at, lane)?;
        let odds = match self.config.stop {
            Stop::Output(_) => Some(self.odds(first + at, lane)?),
            _ => None,
        };
        let may_end = lane.path.items + 1 >= self.config.min_steps;
        let allowed = allowed(self.config, self.banned, lane);
        for id in (0..self.sizes.items).filter(|&id| allowed(id)) {
            let log = self.next.log(id);
            let mut candidate = |log: f64, ends: bool| {
                let score = lane.path.score + log;
                self.next.ranking.offer(width, Candidate { score, log, lane: at, id, ends })
            };
            match odds {
                Some([end, on]) => {
                    if may_end {
                        candidate(log + end, true)?;
                    }
                    candidate(log + on, false)?;
                }
                None => candidate(log, ends(self.config, lane, Some(id)))?,
            }
        }
        Ok(())
    }

    /// True if nothing that goes on can come among the results: enough hypotheses have ended, or those that have are better
    /// than the best can become.
    fn is_over(&self, beam: &Beam, row: usize, best: Option<f64>) -> bool {
        let Some(best) = best else { return true };
        let bound = beam.normalized(best, self.config.max_steps);
        let better = self.ended[row].iter().filter(|ended| ended.normalized_score >= bound).count();
        self.ended[row].len() >= beam.width || better >= beam.n_best
    }
}
