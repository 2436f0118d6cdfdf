//! A tree over the steps of a sequence: inputs accepted and outputs given.

use super::node::{Ports, setting};
use super::{Checker, Scope};
use crate::graph::{Kind, Node};
use crate::op::gumbel_tree::{GATES, widths};
use crate::program::{GumbelTree, Linear, Operation, ValueId};
use crate::{Error, Result};

impl Checker {
    pub(super) fn gumbel_tree(
        &mut self,
        node: &Node,
        inputs: &[ValueId],
        [weight, query]: [&str; 2],
        bias: Option<&str>,
        temperature: f64,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let width = self.numbers(node, inputs)?;
        self.refuse_part(node, "a tree", inputs[0], scope)?;
        if let Some(axis) = self.program.values[inputs[0]].axis {
            self.refuse_forest(node, "a sequence to build a tree over", axis, "fold it")?;
        }
        if width % 2 != 0 {
            return Err(Error::shape(format!(
                "node '{}': expected states [h c] of an even number of features, received {}",
                node.name,
                self.kind(inputs[0])
            )));
        }
        setting(node, "temperature", temperature, &(f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)))?;
        let (size, gates) = (width / 2, GATES * (width / 2));
        let op = GumbelTree {
            linear: Linear {
                weight: self.parameter(node, weight, &[gates, width])?,
                bias: bias.map(|bias| self.parameter(node, bias, &[gates])).transpose()?,
                forward: 0,
                backward: Vec::new(),
            },
            query: self.parameter(node, query, &[size])?,
            temperature,
        };
        let kind = self.kind(inputs[0]).clone();
        // The sums of the weights go over the axis of the first.
        let merges = self.value(&node.name, kind.with_size(1));
        let root = self.value(&node.name, Kind::Vector { size: width });
        let inner = widths(size).map(|width| self.value(&node.name, kind.with_size(width)));
        let outputs: Vec<ValueId> = [merges, root].into_iter().chain(inner).collect();
        self.push(node, Operation::GumbelTree(op), inputs.to_vec(), outputs, scope);
        // A place has no slope.
        let places = self.like(&node.name, merges);
        self.push(node, Operation::Detach, vec![merges], vec![places], scope);
        Ok(vec![("state".to_owned(), root), ("merges".to_owned(), places)])
    }
}
