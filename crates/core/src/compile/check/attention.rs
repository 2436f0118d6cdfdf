//! Attention: a query, and the memory that it reads.

use super::node::{Ports, SINGLE, setting};
use super::{Checker, Scope};
use crate::graph::{Kind, Node, Score};
use crate::program::{Attention, Operation, Score as Scored, ValueId};
use crate::{Error, Result};

impl Checker {
    pub(super) fn attention(
        &mut self,
        node: &Node,
        inputs: &[ValueId],
        score: &Score,
        scope: &mut Scope,
    ) -> Result<Ports> {
        let (&query, memory) = match inputs {
            [query, memory @ ..] if (1..=2).contains(&memory.len()) => (query, memory),
            _ => {
                return Err(Error::graph(format!(
                    "node '{}': expected a query, keys and at most one sequence of values, received {} inputs",
                    node.name,
                    inputs.len()
                )));
            }
        };
        let size = self.size_of(node, query)?;
        let axis = self.memory_axis(node, memory, scope)?;
        let keys = self.size_of(node, memory[0])?;
        if keys != size {
            return Err(Error::shape(format!(
                "node '{}': expected keys of the query's {size} features, received {}",
                node.name,
                self.kind(memory[0])
            )));
        }
        let score = match score {
            Score::Additive { weight, coverage: Some(coverage) } => {
                let weights = [weight, coverage].map(|name| self.parameter(node, name, &[size]));
                let [weight, coverage] = weights;
                return self.coverage(node, query, memory, axis, [weight?, coverage?], scope);
            }
            Score::Dot { scale } => {
                setting(node, "scale", *scale, &SINGLE)?;
                Scored::Dot { scale: *scale }
            }
            Score::Additive { weight, coverage: None } => {
                Scored::Additive { weight: self.parameter(node, weight, &[size])? }
            }
        };
        let kind = self.kind(query).clone();
        let values = self.size_of(node, memory[memory.len() - 1])?;
        let context = self.value(&node.name, kind.with_size(values));
        let own_axis = self.program.values[query].axis == Some(axis);
        let memory_name = self.program.axes[axis].clone();
        let weights = Kind::Alignment { axis: kind.axis().map(str::to_owned), memory: memory_name };
        let weights = self.value(&node.name, weights);
        let mut outputs = vec![context, weights];
        if matches!(score, Scored::Additive { .. }) {
            outputs.push(self.value(&node.name, kind));
        }
        let mut inputs = vec![query];
        for &value in memory {
            inputs.push(self.row_major(node, value, scope));
        }
        self.push(node, Operation::Attention(Attention { score, own_axis }), inputs, outputs, scope);
        Ok(vec![("context".to_owned(), context), ("weights".to_owned(), weights)])
    }

    /// The axis of a memory; a loop reads one of another axis than its own, complete before its first step.
    fn memory_axis(&self, node: &Node, memory: &[ValueId], scope: &Scope) -> Result<usize> {
        let axis = |value: ValueId| self.program.values[value].axis;
        let own = |value: ValueId| axis(value).is_none_or(|at| [scope.axis, scope.edges].contains(&Some(at)));
        if let Some(&value) = memory.iter().find(|&&value| own(value)) {
            let expected = match scope.axis {
                None => "a sequence to attend to",
                Some(_) => "a sequence of another axis than the loop's to attend to",
            };
            return Err(Error::kind(format!(
                "node '{}': expected {expected}, received {} from '{}'",
                node.name,
                self.kind(value),
                self.name(value)
            )));
        }
        match self.shared_axis(node, memory, 1)? {
            Some(axis) => Ok(axis),
            None => Err(Error::internal(format!("node '{}': a memory without an axis", node.name))),
        }
    }

    pub(super) fn row_major(&mut self, node: &Node, value: ValueId, scope: &mut Scope) -> ValueId {
        let kind = self.kind(value).clone();
        let name = self.name(value).to_owned();
        let output = self.value(&name, kind);
        self.push(node, Operation::RowMajor, vec![value], vec![output], scope);
        output
    }
}
