//! Attention with coverage: one that steps of a loop take turns in.

use super::node::Ports;
use super::{Checker, Scope};
use crate::graph::{Kind, Node};
use crate::program::{Coverage, Operation, TensorRef, ValueId};
use crate::{Error, Result};

impl Checker {
    /// Adds an attention over the axis `memory` whose query and keys fit.
    pub(super) fn coverage(
        &mut self,
        node: &Node,
        query: ValueId,
        inputs: &[ValueId],
        memory: usize,
        [weight, coverage]: [TensorRef; 2],
        scope: &mut Scope,
    ) -> Result<Ports> {
        let axis = scope.axis.ok_or_else(|| {
            Error::graph(format!(
                "node '{}': expected an attention with coverage in a scan's body, received one in the graph",
                node.name
            ))
        })?;
        self.refuse_forest(node, "the steps of a scan", axis, "a node has no step before it")?;
        let query = self.over(node, query, axis, scope)?;
        let kind = self.kind(query).clone();
        let values = self.size_of(node, inputs[inputs.len() - 1])?;
        let memory = self.program.axes[memory].clone();
        let alignment = |axis| Kind::Alignment { axis, memory: memory.clone() };
        let context = self.value(&node.name, kind.with_size(values));
        let weights = self.value(&node.name, alignment(kind.axis().map(str::to_owned)));
        let energies = self.value(&node.name, kind.clone());
        let covered = self.value(&node.name, alignment(None));
        let loss = self.value(&node.name, kind.with_size(1));
        let sums = self.value(&node.name, kind);
        let mut read = vec![query];
        for &value in inputs {
            read.push(self.row_major(node, value, scope));
        }
        let op = Operation::Coverage(Coverage { weight, coverage, axis, reverse: scope.reverse });
        self.push(node, op, read, vec![context, weights, energies, covered, loss, sums], scope);
        let ports = [("context", context), ("weights", weights), ("coverageLoss", loss)];
        Ok(ports.map(|(name, value)| (name.to_owned(), value)).into())
    }
}
