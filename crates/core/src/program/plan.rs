//! Who shares storage: lifetimes to slots.
//!
//! A slot is a buffer of rows or steps by features. Values and gradients whose lifetimes do not meet
//! share one; what lives for a single step of a loop holds a single step.

use super::contribute::Contribution;
use super::differentiate::{self, Gradients};
use super::lives::Lives;
use super::states::{Border, Delay, again, before, borders, delays};
use super::uses::{defined, read};
use super::{Program, ValueId};

/// What a plan is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forward alone.
    Inference {
        /// In windows of time short enough for a cache; otherwise all steps of each operation together.
        windows: bool,
    },
    /// Forward and backward.
    Training {
        /// The values that are given a gradient: outputs with a loss.
        seeded: Vec<ValueId>,
        /// Whether the gradients of inputs and initial states are wanted too.
        inputs: bool,
        /// How much is kept for going back.
        tape: Tape,
    },
}

/// How much a training step keeps for going back; the rest is computed once more, to the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tape {
    /// Everything.
    #[default]
    Whole,
    /// The states between windows of time, and one window: as long as makes both together smallest.
    Sqrt,
    /// The fewest windows with which the tape takes at most so many bytes.
    Bytes(u64),
}

/// What the rows of a slot are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// The rows of the batch.
    Rows,
    /// All valid steps of an axis.
    Axis(usize),
    /// The rows alive at one step of an axis.
    Step(usize),
    /// The valid steps of an axis in one window.
    Window(usize),
    /// The rows of the batch twice, for borders that are written and read in turn.
    Turns,
    /// The rows of the batch at each border of an axis's windows, its ends among them.
    Borders(usize),
}

/// A value or its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The value.
    Value(ValueId),
    /// Its gradient.
    Gradient(ValueId),
    /// An incoming state as it enters the window that runs so late.
    Border(ValueId, usize),
    /// The gradient of that; those of two neighbours are kept.
    BorderGradient(ValueId, usize),
}

impl Operand {
    /// The value that it is, or that it belongs to.
    #[must_use]
    pub fn value(self) -> ValueId {
        match self {
            Self::Value(value)
            | Self::Gradient(value)
            | Self::Border(value, _)
            | Self::BorderGradient(value, _) => value,
        }
    }
}

/// A buffer that operands take turns in.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// What its rows are.
    pub space: Space,
    /// Numbers a row.
    pub width: usize,
}

/// Storage for a program in one mode.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The buffers.
    pub slots: Vec<Slot>,
    /// The gradients, empty for inference.
    pub gradients: Gradients,
    /// By instruction: gradients that its backward is the first to add to.
    pub first_touched: Vec<Vec<ValueId>>,
    /// By instruction, for loops: gradients that live for one step.
    pub each_step: Vec<Vec<ValueId>>,
    /// By axis: whether sums read the states before the steps, of scans from first to last and of reversed ones.
    pub before: Vec<[bool; 2]>,
    /// Whether groups run window by window.
    pub windowed: bool,
    /// By value: the group that alone knows it, where that runs window by window.
    pub groups: Vec<Option<usize>>,
    /// By value: whether it is an incoming state that backward reads, and so is copied once more.
    pub again: Vec<bool>,
    delays: Vec<Option<Delay>>,
    /// By value, where groups run window by window.
    borders: Vec<Border>,
    values: Vec<Option<Place>>,
    value_gradients: Vec<Option<Place>>,
    training: bool,
}

/// A slot, and what its rows are.
pub(super) type Place = (usize, Space);

impl Plan {
    /// The slot and space of an operand, if it is stored.
    #[must_use]
    #[inline(always)]
    pub fn place(&self, operand: Operand) -> Option<Place> {
        match operand {
            Operand::Value(value) => self.values[value],
            Operand::Gradient(value) => self.value_gradients[value],
            Operand::Border(value, _) => self.borders.get(value)?.states,
            Operand::BorderGradient(value, at) => self.borders.get(value)?.gradients[at % 2],
        }
    }

    /// Where an incoming state is found again, if it is kept for a single step.
    #[must_use]
    pub fn delay(&self, operand: Operand) -> Option<Delay> {
        match operand {
            Operand::Value(value) => self.delays[value],
            _ => None,
        }
    }

    /// Whether some sum goes over all steps of an axis at once.
    #[must_use]
    pub fn lists(&self, axis: usize) -> bool {
        let whole = |c: &Contribution| c.space == Space::Axis(axis) && !(self.windowed && c.group.is_some());
        self.gradients.contributions.iter().any(whole)
    }

    /// Whether the plan runs backward.
    #[must_use]
    pub fn training(&self) -> bool {
        self.training
    }

    /// Whether a value has a gradient.
    #[must_use]
    pub fn has_gradient(&self, value: ValueId) -> bool {
        self.gradients.needed.get(value).copied().unwrap_or(false)
    }
}

/// Plans the storage of a program.
pub(super) fn plan(program: &Program, mode: Mode) -> Plan {
    let (gradients, training) = match &mode {
        Mode::Inference { .. } => {
            (Gradients { needed: vec![false; program.values.len()], contributions: Vec::new() }, false)
        }
        Mode::Training { seeded, inputs, .. } => {
            (differentiate::differentiate(program, seeded, *inputs), true)
        }
    };
    let windowed = matches!(
        mode,
        Mode::Inference { windows: true } | Mode::Training { tape: Tape::Sqrt | Tape::Bytes(_), .. }
    );
    let seeded: &[ValueId] = if let Mode::Training { seeded, .. } = &mode { seeded } else { &[] };
    let delays = delays(program);
    let mut groups = if windowed { inside_groups(program) } else { vec![None; program.values.len()] };
    if !training {
        // The caller reads them whole.
        program.outputs.iter().for_each(|port| groups[port.value] = None);
    }
    let mut lives = Lives::new(program, &gradients, training, &delays, &groups);
    lives.forward(seeded);
    let mut first_touched = vec![Vec::new(); program.instructions.len()];
    let mut each_step = vec![Vec::new(); program.instructions.len()];
    if let Mode::Training { seeded, inputs, .. } = &mode {
        lives.backward(seeded, *inputs, &mut first_touched, &mut each_step);
    }
    lives.keep_contributions();
    if windowed {
        program.groups.iter().for_each(|group| lives.repeat(group.range.clone()));
    }
    let (mut slots, places) = lives.assign();
    let borders = if windowed { borders(program, &gradients, training, &mut slots) } else { Vec::new() };
    let all = |operand: fn(ValueId) -> Operand| {
        (0..program.values.len()).map(|value| places.get(&operand(value)).copied()).collect()
    };
    let (values, value_gradients) = (all(Operand::Value), all(Operand::Gradient));
    let before = before(program, &gradients, &delays);
    let again = again(program, &gradients, &delays);
    Plan {
        slots,
        gradients,
        first_touched,
        each_step,
        before,
        again,
        windowed,
        groups,
        delays,
        borders,
        values,
        value_gradients,
        training,
    }
}

/// By value: the group that alone knows it, over time.
fn inside_groups(program: &Program) -> Vec<Option<usize>> {
    let mut groups = vec![None; program.values.len()];
    for (g, group) in program.groups.iter().enumerate() {
        for value in program.instructions[group.range.clone()].iter().flat_map(defined) {
            groups[value] = (program.values[value].axis == Some(group.axis)).then_some(g);
        }
    }
    for (i, instruction) in program.instructions.iter().enumerate() {
        for value in read(instruction) {
            if groups[value].is_some_and(|g| !program.groups[g].range.contains(&i)) {
                groups[value] = None;
            }
        }
    }
    groups
}
