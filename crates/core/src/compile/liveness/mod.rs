//! The lives of values and gradients, and the slots they share.

mod backward;
mod forward;
mod slots;

use std::collections::HashMap;
use std::ops::Range;

use crate::program::{Delay, Gradients, Operand, Program, Space, ValueId, defined, read};

/// The times at which an operand is first written and last read: instruction `i` of `n` runs at `i`, its backward at
/// `2n - i`, the region of the weights last.
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
    sections: &'a [Option<usize>],
    lives: HashMap<Operand, Life>,
    alias: HashMap<Operand, Operand>,
}

impl<'a> Lives<'a> {
    pub(super) fn new(
        program: &'a Program,
        gradients: &'a Gradients,
        training: bool,
        delays: &'a [Option<Delay>],
        sections: &'a [Option<usize>],
    ) -> Self {
        let (lives, alias) = (HashMap::new(), HashMap::new());
        Self { program, gradients, training, delays, sections, lives, alias }
    }

    fn back(&self, index: usize) -> usize {
        2 * self.program.instructions.len() - index
    }

    fn end(&self) -> usize {
        2 * self.program.instructions.len() + 1
    }

    /// The space of a value's whole extent.
    fn whole(&self, value: ValueId) -> Space {
        match (self.program.values[value].axis, self.sections[value]) {
            (None, _) => Space::Rows,
            (Some(axis), None) => Space::Axis(axis),
            (Some(axis), Some(_)) => Space::Segment(axis),
        }
    }

    /// The space of a value of a loop's body at one step.
    fn step(&self, value: ValueId) -> Space {
        self.program.values[value].axis.map_or(Space::Rows, Space::Step)
    }

    /// Follows operations in place to the operand that owns the storage.
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

    /// Widens the lives of operands that a section shares with others: its segments read and write them until the last has
    /// run, forward and back.
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
}

/// The rank of a space among those of one axis, by extent.
fn extent(space: Space) -> usize {
    match space {
        Space::Step(_) => 0,
        Space::Segment(_) => 1,
        Space::Axis(_) | Space::Rows | Space::PingPong | Space::Checkpoints(_) => 2,
    }
}
