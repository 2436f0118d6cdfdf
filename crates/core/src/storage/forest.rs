//! The forests of a batch: the parent of each node, checked, and its height.

use crate::memory::{grow, reserve};
use crate::program::Form;
use crate::{Error, Result};

/// Numbers of the forests of a batch, in errors.
const FOREST: &str = "the forests of a batch";

/// The forests of the rows of a batch, one after the other; empty for chains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Forest {
    /// By node: the number of its parent within the row; -1 for a root.
    pub parents: Vec<i32>,
    /// By node: the longest way down to a leaf.
    pub heights: Vec<u32>,
    /// By node of a row: the number of its children that have no height yet.
    waiting: Vec<u32>,
    /// The nodes of a row whose children all have heights.
    ready: Vec<u32>,
}

impl Forest {
    /// Takes the parents of rows of these lengths, and finds the heights.
    ///
    /// # Errors
    /// [`crate::Code::Value`], naming row and node, for a parent that is none of the row's nodes, a cycle, several roots or more
    /// children than `form` allows; [`crate::Code::Size`] when there is no memory.
    pub(super) fn take(&mut self, parents: Vec<i32>, lengths: &[u32], form: Form) -> Result<()> {
        self.parents = parents;
        self.heights.clear();
        grow(&mut self.heights, self.parents.len(), FOREST)?;
        let most = lengths.iter().max().map_or(0, |&length| length as usize);
        reserve(&mut self.ready, most, FOREST)?;
        let mut start = 0;
        for (row, &length) in lengths.iter().enumerate() {
            let nodes = start..start + length as usize;
            start = nodes.end;
            self.waiting.clear();
            grow(&mut self.waiting, nodes.len(), FOREST)?;
            let (parents, heights) = (&self.parents[nodes.clone()], &mut self.heights[nodes]);
            count_children(parents, &mut self.waiting)
                .and_then(|()| check_form(parents, &self.waiting, form))
                .and_then(|()| rise(parents, heights, &mut self.waiting, &mut self.ready))
                .map_err(|e| e.within(format!("row {row}")))?;
        }
        Ok(())
    }
}

/// Counts the children of each node of a row.
fn count_children(parents: &[i32], counts: &mut [u32]) -> Result<()> {
    for (node, &parent) in parents.iter().enumerate() {
        match usize::try_from(parent) {
            Ok(parent) if parent < parents.len() => counts[parent] += 1,
            Err(_) if parent == -1 => {}
            _ => {
                let last = parents.len() - 1;
                return Err(Error::value(format!(
                    "expected a parent from 0 to {last}, or -1 for a root, received {parent} of node {node}"
                )));
            }
        }
    }
    Ok(())
}

/// Checks the number of roots and of children.
fn check_form(parents: &[i32], counts: &[u32], form: Form) -> Result<()> {
    let Form::Forest { most_children, one_root } = form else { return Ok(()) };
    if one_root && !parents.is_empty() {
        let mut roots = (0..parents.len()).filter(|&node| parents[node] < 0);
        if let (Some(first), Some(second)) = (roots.next(), roots.next()) {
            return Err(Error::value(format!("expected one root, received the nodes {first} and {second}")));
        }
    }
    let over =
        most_children.and_then(|most| counts.iter().position(|&count| count as usize > most).zip(Some(most)));
    match over {
        None => Ok(()),
        Some((node, most)) => Err(Error::value(format!(
            "expected at most {most} children, received {} of node {node}",
            counts[node]
        ))),
    }
}

/// Finds the heights of a row's nodes from the leaves up.
fn rise(parents: &[i32], heights: &mut [u32], waiting: &mut [u32], ready: &mut Vec<u32>) -> Result<()> {
    ready.clear();
    ready.extend((0..parents.len() as u32).filter(|&node| waiting[node as usize] == 0));
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        let Ok(parent) = usize::try_from(parents[node as usize]) else { continue };
        heights[parent] = heights[parent].max(heights[node as usize] + 1);
        waiting[parent] -= 1;
        if waiting[parent] == 0 {
            ready.push(parent as u32);
        }
    }
    if done == parents.len() {
        return Ok(());
    }
    // Whatever hangs on a cycle has its height; the nodes of the cycle wait for one another.
    let node = waiting.iter().position(|&count| count > 0).unwrap_or(0);
    Err(Error::value(format!("expected a forest, received a cycle through node {node}")))
}
