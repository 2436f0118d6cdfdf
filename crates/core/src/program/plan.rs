//! A plan: the storage of a program in one mode.

use super::{Checkpoint, Contribution, Delay, Gradients, Operand, Place, Slot, Space, ValueId};

/// The purpose of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forward, for the outputs.
    Inference {
        /// In segments of time short enough for a cache; otherwise all steps of each operation together.
        segmented: bool,
    },
    /// Forward, for the losses.
    Evaluation,
    /// Forward, and backward from the losses.
    Training {
        /// True for the gradients of inputs and initial states too.
        inputs: bool,
        /// The values kept for backward.
        tape: Tape,
    },
}

/// The values that a training step keeps for backward; the rest are computed once more, to the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tape {
    /// Everything.
    #[default]
    Whole,
    /// The states between segments of time, and one segment, of the length that makes both together smallest.
    Sqrt,
    /// The fewest segments with which the tape takes at most these bytes.
    Bytes(u64),
}

/// Storage for a program in one mode.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The buffers.
    pub slots: Vec<Slot>,
    /// The gradients, empty for inference.
    pub gradients: Gradients,
    /// By value.
    pub values: Vec<ValuePlan>,
    /// By instruction.
    pub instructions: Vec<InstructionPlan>,
    /// By axis: true if sums read the states before the steps, of scans from first to last and of reversed ones.
    pub previous: Vec<[bool; 2]>,
    /// By axis: true if an attention reads the steps, row after row.
    pub memory: Vec<bool>,
    /// True if sections run segment by segment.
    pub segmented: bool,
    /// True if the plan runs backward.
    pub training: bool,
}

/// The storage of one value and its gradient.
#[derive(Clone, Copy, Debug, Default)]
pub struct ValuePlan {
    /// The slot of the value.
    pub place: Option<Place>,
    /// The slot of its gradient.
    pub gradient: Option<Place>,
    /// The section that no other shares the value with, where sections run segment by segment.
    pub section: Option<usize>,
    /// For an incoming state that is kept for a single step: its source.
    pub delay: Option<Delay>,
    /// True for an incoming state that backward reads and copies from its source once more.
    pub recomputed: bool,
    /// For an incoming state where sections run segment by segment: storage between segments.
    pub checkpoint: Checkpoint,
}

/// The gradients that the backward of one instruction begins.
#[derive(Clone, Debug, Default)]
pub struct InstructionPlan {
    /// Gradients that its backward is the first to add to.
    pub zeroed_before: Vec<ValueId>,
    /// For loops: gradients that live for one step.
    pub per_step_gradients: Vec<ValueId>,
}

impl Plan {
    /// The slot and space of an operand, if it is stored.
    #[must_use]
    #[inline(always)]
    pub fn place(&self, operand: Operand) -> Option<Place> {
        match operand {
            Operand::Value(value) => self.values[value].place,
            Operand::Gradient(value) => self.values[value].gradient,
            Operand::Checkpoint(value, _) => self.values[value].checkpoint.states,
            Operand::CheckpointGradient(value, at) => self.values[value].checkpoint.gradients[at % 2],
        }
    }

    /// The source of an incoming state that is kept for a single step.
    #[must_use]
    pub fn delay(&self, operand: Operand) -> Option<Delay> {
        match operand {
            Operand::Value(value) => self.values[value].delay,
            _ => None,
        }
    }

    /// True if some sum goes over all steps of an axis together.
    #[must_use]
    pub fn reduces_over(&self, axis: usize) -> bool {
        let whole = |c: &Contribution| c.space == Space::Axis(axis) && !self.sums_by_segment(c);
        self.gradients.contributions.iter().any(whole)
    }

    /// True if a contribution is summed segment by segment.
    #[must_use]
    pub fn sums_by_segment(&self, contribution: &Contribution) -> bool {
        self.segmented && contribution.section.is_some()
    }

    /// True for a value with a gradient.
    #[must_use]
    pub fn has_gradient(&self, value: ValueId) -> bool {
        self.gradients.needed.get(value).copied().unwrap_or(false)
    }
}
