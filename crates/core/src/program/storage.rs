//! Storage of values: spaces, slots and the operands that lie in them.

use super::ValueId;

/// The rows of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// The rows of the batch.
    Rows,
    /// All valid steps of an axis.
    Axis(usize),
    /// The rows alive at one step of an axis.
    Step(usize),
    /// The valid steps of an axis in one segment.
    Segment(usize),
    /// The rows of the batch twice, for checkpoints that are written and read in turn.
    PingPong,
    /// The rows of the batch at each checkpoint of an axis, the two ends included.
    Checkpoints(usize),
}

/// A value or its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The value.
    Value(ValueId),
    /// Its gradient.
    Gradient(ValueId),
    /// An incoming state as it enters the segment that runs as number `.1`.
    Checkpoint(ValueId, usize),
    /// The gradient of a checkpoint; those of two neighbors are kept.
    CheckpointGradient(ValueId, usize),
}

impl Operand {
    /// The value of the operand.
    #[must_use]
    pub fn value(self) -> ValueId {
        match self {
            Self::Value(value)
            | Self::Gradient(value)
            | Self::Checkpoint(value, _)
            | Self::CheckpointGradient(value, _) => value,
        }
    }
}

/// A buffer that operands use one after another.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Its rows.
    pub space: Space,
    /// Numbers a row.
    pub width: usize,
}

/// A slot, and the space of its rows.
pub type Place = (usize, Space);

/// The source of a state that a step reads: the state written at the step before, or the initial one.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// The state that a step writes.
    pub next: ValueId,
    /// The state before the first step.
    pub initial: ValueId,
    /// True if the step before is the one after in time.
    pub reverse: bool,
}

/// Storage of a state at the checkpoints between segments, and of its gradient at two neighbors in turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checkpoint {
    /// The states.
    pub states: Option<Place>,
    /// The gradients.
    pub gradients: [Option<Place>; 2],
}
