//! Who shares storage: lifetimes to slots.
//!
//! A slot is a buffer of rows or steps by features. Values and gradients whose lifetimes do not meet
//! share one; what lives for a single step of a loop holds a single step.

use std::collections::HashMap;
use std::ops::Range;

use super::differentiate::{self, Contribution, Gradients, defined, read};
use super::{Operation, Program, StateLink, ValueId, uses};

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
    borders: HashMap<Operand, Place>,
    values: Vec<Option<Place>>,
    value_gradients: Vec<Option<Place>>,
    training: bool,
}

/// Where a state that a step reads is found again: with the step before, or before the first.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// The state that a step writes.
    pub next: ValueId,
    /// The state before the first step.
    pub initial: ValueId,
    /// Whether the step before is the one after in time.
    pub reverse: bool,
}

/// A slot, and what its rows are.
type Place = (usize, Space);

impl Plan {
    /// The slot and space of an operand, if it is stored.
    #[must_use]
    pub fn place(&self, operand: Operand) -> Option<Place> {
        match operand {
            Operand::Value(value) => self.values[value],
            Operand::Gradient(value) => self.value_gradients[value],
            Operand::Border(value, _) => self.borders.get(&Operand::Border(value, 0)).copied(),
            Operand::BorderGradient(value, at) => {
                self.borders.get(&Operand::BorderGradient(value, at % 2)).copied()
            }
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
    let borders = if windowed { borders(program, &gradients, &mut slots) } else { HashMap::new() };
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

/// Storage for the states at the borders of windows, and for their gradients.
fn borders(program: &Program, gradients: &Gradients, slots: &mut Vec<Slot>) -> HashMap<Operand, Place> {
    let mut borders = HashMap::new();
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for state in &recurrence.states {
            let width = program.values[state.incoming].width;
            let mut add = |operand, space| {
                slots.push(Slot { space, width });
                borders.insert(operand, (slots.len() - 1, space));
            };
            add(Operand::Border(state.incoming, 0), Space::Borders(recurrence.axis));
            if [state.incoming, state.next, state.last].iter().any(|&value| gradients.needed[value]) {
                add(Operand::BorderGradient(state.incoming, 0), Space::Rows);
                add(Operand::BorderGradient(state.incoming, 1), Space::Rows);
            }
        }
    }
    borders
}

/// The incoming states that nobody reads outside of their loops.
fn delays(program: &Program) -> Vec<Option<Delay>> {
    let mut delays = vec![None; program.values.len()];
    for instruction in &program.instructions {
        if let Operation::Recurrence(recurrence) = &instruction.op {
            for &StateLink { initial, incoming, next, .. } in &recurrence.states {
                delays[incoming] = Some(Delay { next, initial, reverse: recurrence.reverse });
            }
        }
    }
    for value in program.instructions.iter().flat_map(read) {
        delays[value] = None;
    }
    for port in &program.outputs {
        delays[port.value] = None;
    }
    delays
}

fn again(program: &Program, gradients: &Gradients, delays: &[Option<Delay>]) -> Vec<bool> {
    let mut again = vec![false; program.values.len()];
    for instruction in &program.instructions {
        let Operation::Recurrence(recurrence) = &instruction.op else { continue };
        for inner in recurrence.body.iter().filter(|inner| gradients.active(inner)) {
            for value in uses::backward_reads(inner) {
                again[value] = delays[value].is_some();
            }
        }
    }
    again
}

fn before(program: &Program, gradients: &Gradients, delays: &[Option<Delay>]) -> Vec<[bool; 2]> {
    let mut before = vec![[false; 2]; program.axes.len()];
    for operand in gradients.contributions.iter().flat_map(|contribution| contribution.sum.operands()) {
        if let Operand::Value(value) = operand
            && let (Some(delay), Some(axis)) = (delays[value], program.values[value].axis)
        {
            before[axis][usize::from(delay.reverse)] = true;
        }
    }
    before
}

/// When an operand is first written and last read: instruction `i` runs at `i`, the losses at `n`,
/// the backward of `i` at `2n - i`, the region of the weights last.
#[derive(Clone, Copy)]
struct Life {
    start: usize,
    end: usize,
    space: Space,
    width: usize,
}

struct Lives<'a> {
    program: &'a Program,
    gradients: &'a Gradients,
    training: bool,
    delays: &'a [Option<Delay>],
    groups: &'a [Option<usize>],
    lives: HashMap<Operand, Life>,
    alias: HashMap<Operand, Operand>,
}

impl<'a> Lives<'a> {
    fn new(
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
    fn repeat(&mut self, range: Range<usize>) {
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
    fn forward(&mut self, seeded: &[ValueId]) {
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
    fn backward(
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
    fn keep_contributions(&mut self) {
        let gradients = self.gradients;
        for contribution in &gradients.contributions {
            for operand in contribution.sum.operands() {
                self.touch_again(operand, self.end());
            }
        }
    }

    /// Gives each life a slot of its space, the smallest free one that is wide enough.
    fn assign(self) -> (Vec<Slot>, HashMap<Operand, Place>) {
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
        Space::Axis(_) | Space::Rows | Space::Borders(_) => 2,
    }
}

fn key(operand: Operand) -> (ValueId, bool) {
    (operand.value(), matches!(operand, Operand::Gradient(_)))
}
