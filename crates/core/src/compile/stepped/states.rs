//! States of a step that begin with a value of the graph: a loop's, and the first step of a shift.

use crate::program::{
    Covered, Instruction, Operation, Pooling, Program, StatePort, TokenState, Value, ValueId,
};

/// Makes the states of `step` that begin with values which no step changes states of its own. By state: the value that it
/// begins with; zeros without.
pub(super) fn begin_with_given(step: &mut Program, dependent: &[bool]) -> Vec<Option<ValueId>> {
    let mut given: Vec<bool> = dependent.iter().map(|dependent| !dependent).collect();
    step.states.iter().for_each(|state| given[state.initial] = false);
    let mut own = Own { values: std::mem::take(&mut step.values), states: Vec::new(), begun: Vec::new() };
    let mut list = Vec::with_capacity(step.instructions.len());
    for mut instruction in std::mem::take(&mut step.instructions) {
        let node = instruction.node.clone();
        let mut kept = None;
        match &mut instruction.op {
            Operation::Recurrence(recurrence) => {
                for state in recurrence.states.iter_mut().filter(|state| given[state.initial]) {
                    state.initial = own.state(state.initial, state.last, recurrence.reverse);
                }
            }
            Operation::Shift(shift) => {
                if let &[x, first] = &instruction.inputs[..]
                    && given[first]
                {
                    let last = own.last_of(&node, instruction.outputs[0], first);
                    instruction.inputs[1] = own.state(first, last, shift.reverse);
                    let op = Operation::Pool(Pooling::Last { first: false });
                    kept = Some(Instruction { node, op, inputs: vec![x], outputs: vec![last] });
                }
            }
            // A step has an item in each row: nothing falls back.
            Operation::Pool(_) => {
                let fallback = instruction.inputs.get(1).is_some_and(|&value| given[value]);
                instruction.inputs.truncate(if fallback { 1 } else { 2 });
            }
            _ => {}
        }
        list.push(instruction);
        list.extend(kept);
    }
    let begun = std::iter::repeat_n(None, step.states.len()).chain(own.begun);
    step.values = own.values;
    step.states.extend(own.states);
    step.instructions = list;
    let coverages: Vec<StatePort> = step.coverages().map(coverage).collect();
    let begun = begun.chain(coverages.iter().map(|_| None)).collect();
    step.states.extend(coverages);
    begun
}

/// The state of an attention with coverage: the weights so far. A session knows its size, the steps of the longest memory.
fn coverage(Covered { node, value, .. }: Covered<'_>) -> StatePort {
    let name = format!("{node}:coverage");
    StatePort { name, size: 0, token: None, initial: value, last: value, reverse: false }
}

/// The new states.
struct Own {
    values: Vec<Value>,
    states: Vec<StatePort>,
    begun: Vec<Option<ValueId>>,
}

impl Own {
    /// A state that begins with the value `begin` and ends as `last`. Two that begin with one value part.
    fn state(&mut self, begin: ValueId, last: ValueId, reverse: bool) -> ValueId {
        let (name, size) = (self.values[last].name.clone(), self.values[last].width);
        let initial = self.copy(begin, &name);
        let vocabulary = self.values[begin].kind.vocabulary();
        let token = vocabulary.map(|vocabulary| TokenState { vocabulary, start: 0 });
        self.states.push(StatePort { name, size, token, initial, last, reverse });
        self.begun.push(Some(begin));
        initial
    }

    /// A value for the last step that a shift took. One made from a delayed state has the state's name.
    fn last_of(&mut self, node: &str, output: ValueId, first: ValueId) -> ValueId {
        let name = match self.values[output].name.contains(':') {
            true => self.values[output].name.clone(),
            false => format!("{node}:last"),
        };
        self.copy(first, &name)
    }

    fn copy(&mut self, like: ValueId, name: &str) -> ValueId {
        self.values.push(Value { name: name.to_owned(), ..self.values[like].clone() });
        self.values.len() - 1
    }
}
