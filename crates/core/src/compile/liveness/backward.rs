//! The lives of gradients.

use super::Lives;
use crate::program::{InstructionPlan, Operand, Operation, Space, ValueId, defined, read};

impl Lives<'_> {
    /// The gradients, from the last reader's backward to the writer's.
    pub(in crate::compile) fn backward(&mut self, inputs: bool, plans: &mut [InstructionPlan]) {
        let program = self.program;
        let mut touched = vec![false; program.values.len()];
        let wanted = self.wanted_outside();
        for (i, instruction) in program.instructions.iter().enumerate().rev() {
            if !self.gradients.active(instruction) {
                continue;
            }
            let time = self.back(i);
            let looped = matches!(instruction.op, Operation::Recurrence(_));
            let inside = defined(instruction);
            let mut values: Vec<ValueId> = inside.iter().copied().chain(read(instruction)).collect();
            values.sort_unstable();
            values.dedup();
            for value in values {
                if !self.gradients.needed[value] {
                    continue;
                }
                let whole = self.whole(value);
                if self.alias.contains_key(&Operand::Gradient(value)) {
                    // Written whole by the step that works in place: never zeroed.
                    self.touch(Operand::Gradient(value), time, whole);
                    continue;
                }
                match looped && inside.contains(&value) && whole != Space::Rows && !wanted[value] {
                    true => {
                        self.touch(Operand::Gradient(value), time, self.step(value));
                        plans[i].per_step_gradients.push(value);
                    }
                    false => {
                        self.touch(Operand::Gradient(value), time, whole);
                        if !touched[value] {
                            touched[value] = true;
                            plans[i].zeroed_before.push(value);
                        }
                    }
                }
            }
        }
        for port in program.probes.iter().chain(&program.gates) {
            if self.gradients.needed[port.value] {
                self.touch(Operand::Gradient(port.value), self.end(), self.whole(port.value));
            }
        }
        if inputs {
            for value in
                program.inputs.iter().map(|p| p.value).chain(program.states.iter().map(|s| s.initial))
            {
                if self.gradients.needed[value] {
                    self.touch(Operand::Gradient(value), self.end(), self.whole(value));
                }
            }
        }
    }

    /// Values whose gradient a single step cannot hold: read outside their loop, read out, or summed for the weights.
    fn wanted_outside(&self) -> Vec<bool> {
        let mut wanted = vec![false; self.program.values.len()];
        for port in self.program.probes.iter().chain(&self.program.gates) {
            wanted[port.value] = true;
        }
        for instruction in &self.program.instructions {
            for value in read(instruction) {
                wanted[value] = true;
            }
            if let Operation::Recurrence(recurrence) = &instruction.op {
                // A parent at any level above sends to its child.
                recurrence.children.iter().for_each(|link| wanted[link.next] = true);
            }
        }
        for contribution in &self.gradients.contributions {
            for operand in contribution.sum.operands() {
                if let Operand::Gradient(value) = operand {
                    wanted[value] = true;
                }
            }
        }
        wanted
    }

    /// Keeps the operands of the weights' sums to the end, over all steps.
    pub(in crate::compile) fn keep_contributions(&mut self) {
        let gradients = self.gradients;
        for contribution in &gradients.contributions {
            for operand in contribution.sum.operands() {
                self.touch_again(operand, self.end());
            }
        }
    }
}
