//! When each value and gradient is needed, and who shares a slot with whom.

use std::collections::HashMap;
use std::ops::Range;

use super::differentiate::{Gradients, defined, read};
use super::plan::{Delay, Operand, Place, Slot, Space};
use super::{Operation, Program, ValueId, uses};

/// When an operand is first written and last read: instruction `i` runs at `i`, the losses at `n`,
/// the backward of `i` at `2n - i`, the region of the weights last.
#[derive(Clone, Copy)]
struct Life {
    start: usize,
    end: usize,
    space: Space,
    width: usize,
}

pub(super) struct Lives<'a> {
    program: &'a Program,
    gradients: &'a Gradients,
    training: bool,
    delays: &'a [Option<Delay>],
    groups: &'a [Option<usize>],
    lives: HashMap<Operand, Life>,
    alias: HashMap<Operand, Operand>,
}

impl<'a> Lives<'a> {
    pub(super) fn new(
        program: &'a Program,
        gradients: &'a Gradients,
        training: bool,
        delays: &'a [Option<Delay>],
        groups: &'a [Option<usize>],
    ) -> Self {
        let (lives, alias) = (HashMap::new(), HashMap::new());
        Self { program, gradients, training, delays, groups, lives, alias }
    }

    fn loss(&self) -> usize {
        self.program.instructions.len()
    }

    fn back(&self, index: usize) -> usize {
        2 * self.loss() - index
    }

    fn end(&self) -> usize {
        2 * self.loss() + 1
    }

    /// The space of a value's whole extent.
    fn whole(&self, value: ValueId) -> Space {
        match (self.program.values[value].axis, self.groups[value]) {
            (None, _) => Space::Rows,
            (Some(axis), None) => Space::Axis(axis),
            (Some(axis), Some(_)) => Space::Window(axis),
        }
    }

    /// Follows what works in place to the operand that owns the storage.
    fn owner(&self, operand: Operand) -> Operand {
        let mut owner = operand;
        while let Some(&next) = self.alias.get(&owner) {
            owner = next;
        }
        owner
    }

    /// Widens an operand's life to a time.
    fn touch(&mut self, operand: Operand, time: usize, space: Space) {
        let width = self.program.values[operand.value()].width;
        if width == 0 {
            return;
        }
        let owner = self.owner(operand);
        let life = self.lives.entry(owner).or_insert(Life { start: time, end: time, space, width });
        life.start = life.start.min(time);
        life.end = life.end.max(time);
        if extent(space) > extent(life.space) {
            life.space = space;
        }
    }

    /// Reads all steps of a value again at a time, an incoming state from where it was copied.
    fn touch_again(&mut self, operand: Operand, time: usize) {
        let delay = match operand {
            Operand::Value(value) => self.delays[value],
            _ => None,
        };
        match delay {
            Some(delay) => {
                self.touch(Operand::Value(delay.next), time, self.whole(delay.next));
                self.touch(Operand::Value(delay.initial), time, Space::Rows);
            }
            None => self.touch(operand, time, self.whole(operand.value())),
        }
    }

    /// What a group shares with others is read and written until its last window has run, forward and back.
    pub(super) fn repeat(&mut self, range: Range<usize>) {
        let program = self.program;
        for instruction in &program.instructions[range.clone()] {
            for value in defined(instruction).into_iter().chain(read(instruction)) {
                let shared = |lives: &Self, operand| {
                    let life = lives.lives.get(&lives.owner(operand));
                    life.map(|life| life.space).filter(|s| matches!(s, Space::Rows | Space::Axis(_)))
                };
                if let Some(space) = shared(self, Operand::Value(value)) {
                    self.touch(Operand::Value(value), range.start, space);
                    self.touch(Operand::Value(value), self.back(range.start), space);
                }
                if let Some(space) = shared(self, Operand::Gradient(value)) {
                    self.touch(Operand::Gradient(value), self.back(range.end - 1), space);
                    self.touch(Operand::Gradient(value), self.back(range.start), space);
                }
            }
        }
    }

    /// The values, from where they are written to where forward, backward and the caller read them.
    pub(super) fn forward(&mut self, seeded: &[ValueId]) {
        let program = self.program;
        for value in program.inputs.iter().map(|p| p.value).chain(program.states.iter().map(|s| s.initial)) {
            self.touch(Operand::Value(value), 0, self.whole(value));
        }
        for (i, instruction) in program.instructions.iter().enumerate() {
            if let Operation::Recurrence(recurrence) = &instruction.op {
                for inner in &recurrence.body {
                    self.forward_inside(i, inner, Space::Step(recurrence.axis));
                }
                for state in &recurrence.states {
                    self.touch(Operand::Value(state.incoming), i, Space::Step(recurrence.axis));
                    self.touch(Operand::Value(state.last), i, Space::Rows);
                    self.touch(Operand::Value(state.next), i, Space::Step(recurrence.axis));
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
                for value in uses::backward_reads(instruction) {
                    self.touch(Operand::Value(value), self.back(i), self.whole(value));
                }
            }
        }
        // Training returns no outputs, only their losses.
        let outputs = program.outputs.iter().map(|port| port.value);
        let training = self.training;
        for value in outputs.filter(|value| !training || seeded.contains(value)) {
            self.touch(Operand::Value(value), self.loss(), self.whole(value));
        }
        for state in &program.states {
            self.touch(Operand::Value(state.last), self.end(), Space::Rows);
        }
    }

    fn forward_inside(&mut self, i: usize, inner: &super::Instruction, step: Space) {
        self.alias_in_place(inner);
        for &value in &inner.outputs {
            self.touch(Operand::Value(value), i, step);
        }
        if self.training && self.gradients.active(inner) {
            for value in uses::backward_reads(inner) {
                self.touch_again(Operand::Value(value), self.back(i));
                if self.delays[value].is_some() {
                    self.touch(Operand::Value(value), self.back(i), step);
                }
            }
        }
    }

    fn alias_in_place(&mut self, instruction: &super::Instruction) {
        if !uses::in_place(&instruction.op) {
            return;
        }
        let (pre, out) = (instruction.inputs[0], instruction.outputs[0]);
        self.alias.insert(Operand::Value(out), Operand::Value(pre));
        if self.training {
            let target = match instruction.op {
                Operation::ActivationStep { .. } => Operand::Gradient(out),
                _ => Operand::Value(pre),
            };
            self.alias.insert(Operand::Gradient(pre), target);
        }
    }

    /// The gradients, from the last reader's backward to the writer's.
    pub(super) fn backward(
        &mut self,
        seeded: &[ValueId],
        inputs: bool,
        first_touched: &mut [Vec<ValueId>],
        each_step: &mut [Vec<ValueId>],
    ) {
        let program = self.program;
        let mut touched = vec![false; program.values.len()];
        for &value in seeded {
            touched[value] = true;
            self.touch(Operand::Gradient(value), self.loss(), self.whole(value));
        }
        let wanted = self.wanted_outside(seeded);
        for (i, instruction) in program.instructions.iter().enumerate().rev() {
            if !self.gradients.active(instruction) {
                continue;
            }
            let time = self.back(i);
            let local = match &instruction.op {
                Operation::Recurrence(recurrence) => Some(Space::Step(recurrence.axis)),
                _ => None,
            };
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
                match local {
                    Some(step) if inside.contains(&value) && whole != Space::Rows && !wanted[value] => {
                        self.touch(Operand::Gradient(value), time, step);
                        each_step[i].push(value);
                    }
                    _ => {
                        self.touch(Operand::Gradient(value), time, whole);
                        if !touched[value] {
                            touched[value] = true;
                            first_touched[i].push(value);
                        }
                    }
                }
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

    /// Values whose gradient a single step cannot hold: seeded, read outside their loop, or summed for
    /// the weights.
    fn wanted_outside(&self, seeded: &[ValueId]) -> Vec<bool> {
        let mut wanted = vec![false; self.program.values.len()];
        for &value in seeded {
            wanted[value] = true;
        }
        for instruction in &self.program.instructions {
            for value in read(instruction) {
                wanted[value] = true;
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

    /// What the weights' region sums lives to the end, over all steps.
    pub(super) fn keep_contributions(&mut self) {
        let gradients = self.gradients;
        for contribution in &gradients.contributions {
            for operand in contribution.sum.operands() {
                self.touch_again(operand, self.end());
            }
        }
    }

    /// Gives each life a slot of its space, the smallest free one that is wide enough.
    pub(super) fn assign(self) -> (Vec<Slot>, HashMap<Operand, Place>) {
        let mut order: Vec<(Operand, Life)> = self.lives.iter().map(|(&o, &l)| (o, l)).collect();
        order.sort_by_key(|&(operand, life)| (life.start, key(operand)));
        let mut slots: Vec<Slot> = Vec::new();
        // Windows of a group leave the last one's values where they are until it goes back.
        let mut users: Vec<Option<usize>> = Vec::new();
        let mut busy_until: Vec<usize> = Vec::new();
        let mut owned: HashMap<Operand, Place> = HashMap::new();
        for (operand, life) in order {
            let user = match life.space {
                Space::Window(_) => self.groups[operand.value()],
                _ => None,
            };
            let free = (0..slots.len())
                .filter(|&s| slots[s].space == life.space && users[s] == user && busy_until[s] < life.start)
                .min_by_key(|&s| (slots[s].width < life.width, slots[s].width.abs_diff(life.width)));
            let slot = free.unwrap_or_else(|| {
                slots.push(Slot { space: life.space, width: 0 });
                busy_until.push(0);
                users.push(user);
                slots.len() - 1
            });
            slots[slot].width = slots[slot].width.max(life.width);
            busy_until[slot] = life.end;
            owned.insert(operand, (slot, life.space));
        }
        let mut places = owned.clone();
        for &operand in self.alias.keys() {
            if let Some(&place) = owned.get(&self.owner(operand)) {
                places.insert(operand, place);
            }
        }
        (slots, places)
    }
}

/// Which of two spaces of one axis is the larger.
fn extent(space: Space) -> usize {
    match space {
        Space::Step(_) => 0,
        Space::Window(_) => 1,
        Space::Axis(_) | Space::Rows | Space::Turns | Space::Borders(_) => 2,
    }
}

fn key(operand: Operand) -> (ValueId, bool) {
    (operand.value(), matches!(operand, Operand::Gradient(_)))
}
