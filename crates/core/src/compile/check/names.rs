//! Names and wires: every wire leads somewhere, and no cycle lacks a delay.

use std::collections::HashMap;

use crate::graph::{Node, brief};
use crate::{Error, Result};

/// A wire's node and, if it names one, port.
pub(super) fn split(wire: &str) -> (&str, Option<&str>) {
    match wire.rsplit_once(':') {
        Some((node, port)) => (node, Some(port)),
        None => (wire, None),
    }
}

/// Refuses a name that a wire cannot carry.
pub(super) fn validate(name: &str, what: &str) -> Result<()> {
    if name.is_empty() || name.len() > 1024 || name.contains([':', '\0']) {
        return Err(Error::graph(format!(
            "{what}: expected a name of 1 to 1024 bytes without ':' and NUL, received \"{}\"",
            brief(name)
        )));
    }
    Ok(())
}

/// The nodes in an order in which every wire comes from an earlier node.
pub(super) fn order(nodes: &[Node], scope: &str) -> Result<Vec<usize>> {
    let index = index(nodes, scope)?;
    let mut waiting = vec![0_usize; nodes.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        for wire in &node.inputs {
            let (from, _) = split(wire);
            let &j = index.get(from).ok_or_else(|| {
                Error::graph(format!(
                    "{scope}: node '{}': expected a wire from one of the nodes, received '{wire}'",
                    node.name
                ))
            })?;
            waiting[i] += 1;
            readers[j].push(i);
        }
    }
    let mut ready: Vec<usize> = (0..nodes.len()).rev().filter(|&i| waiting[i] == 0).collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some(i) = ready.pop() {
        sorted.push(i);
        for &reader in &readers[i] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready.push(reader);
            }
        }
    }
    match waiting.iter().position(|&n| n > 0) {
        Some(i) => Err(Error::graph(format!(
            "{scope}: node '{}': expected no cycle without a delay, received one that the node is on or reads from; only a scan's state may close a loop",
            nodes[i].name
        ))),
        None => Ok(sorted),
    }
}

fn index<'a>(nodes: &'a [Node], scope: &str) -> Result<HashMap<&'a str, usize>> {
    let mut index = HashMap::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        validate(&node.name, scope)?;
        if index.insert(node.name.as_str(), i).is_some() {
            return Err(Error::graph(format!("{scope}: expected one node '{}', received two", node.name)));
        }
    }
    Ok(index)
}
