//! The lives of values.

use super::Lives;
use crate::op::Storage;
use crate::program::{Instruction, Operand, Operation, Space, read};

impl Lives<'_> {
    /// The values, from where they are written to where forward, backward and the caller read them.
    pub(in crate::compile) fn forward(&mut self, outputs: bool) {
        let program = self.program;
        for value in program.inputs.iter().map(|p| p.value).chain(program.states.iter().map(|s| s.initial)) {
            self.touch(Operand::Value(value), 0, self.whole(value));
        }
        for value in program.held.iter().map(|held| held.port.value) {
            // From run to run: no other value may take the slot in between.
            self.touch(Operand::Value(value), 0, self.whole(value));
            self.touch(Operand::Value(value), self.end(), self.whole(value));
        }
        for (i, instruction) in program.instructions.iter().enumerate() {
            if let Operation::Recurrence(recurrence) = &instruction.op {
                for inner in &recurrence.body {
                    self.forward_inside(i, inner);
                }
                for state in &recurrence.states {
                    self.touch(Operand::Value(state.incoming), i, Space::Step(recurrence.axis));
                    self.touch(Operand::Value(state.last), i, Space::Rows);
                    self.touch(Operand::Value(state.next), i, Space::Step(recurrence.axis));
                }
                for link in &recurrence.children {
                    self.touch(Operand::Value(link.incoming), i, self.step(link.incoming));
                    // A child lies at any level below.
                    self.touch(Operand::Value(link.next), i, self.whole(link.next));
                }
            } else {
                self.alias_in_place(instruction);
                for &value in &instruction.outputs {
                    self.touch(Operand::Value(value), i, self.whole(value));
                }
            }
            for value in read(instruction) {
                self.touch(Operand::Value(value), i, self.whole(value));
            }
            if self.training
                && self.gradients.active(instruction)
                && !matches!(instruction.op, Operation::Recurrence(_))
            {
                for value in instruction.facts().reads_back {
                    self.touch(Operand::Value(value), self.back(i), self.whole(value));
                }
            }
        }
        for port in program.outputs.iter().filter(|_| outputs) {
            self.touch(Operand::Value(port.value), self.end(), self.whole(port.value));
        }
        for state in &program.states {
            self.touch(Operand::Value(state.last), self.end(), Space::Rows);
        }
    }

    fn forward_inside(&mut self, i: usize, inner: &Instruction) {
        self.alias_in_place(inner);
        for &value in &inner.outputs {
            self.touch(Operand::Value(value), i, self.step(value));
        }
        if self.training && self.gradients.active(inner) {
            for value in inner.facts().reads_back {
                self.touch_again(Operand::Value(value), self.back(i));
                if self.delays[value].is_some() {
                    self.touch(Operand::Value(value), self.back(i), self.step(value));
                }
            }
        }
    }

    fn alias_in_place(&mut self, instruction: &Instruction) {
        let storage = instruction.facts().storage;
        if !storage.is_in_place() {
            return;
        }
        let (pre, out) = (instruction.inputs[0], instruction.outputs[0]);
        self.alias.insert(Operand::Value(out), Operand::Value(pre));
        if self.training {
            let target = match storage {
                Storage::InPlaceOfValue => Operand::Value(pre),
                Storage::InPlace | Storage::Own => Operand::Gradient(out),
            };
            self.alias.insert(Operand::Gradient(pre), target);
        }
    }
}
