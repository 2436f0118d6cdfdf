//! Programs: graphs compiled to instructions over values, as plain data.

mod border;
mod compiled;
mod def_use;
mod form;
mod frozen;
mod gradients;
mod instruction;
mod operands;
mod plan;
mod reductions;
mod section;
mod stepped;
mod storage;
mod target;
mod value;

pub use border::{HeldPort, Port, StatePort, TokenState, Wire};
pub use compiled::{Covered, Program};
pub(crate) use def_use::{defined, read, readers};
pub use form::Form;
pub use frozen::Frozen;
pub use gradients::Gradients;
pub use instruction::{ChildLink, Function, Instruction, Operation, Recurrence, StateLink};
pub use operands::{
    Attention, Choose, Coverage, Dropout, Embedding, GumbelTree, LayerNorm, Linear, Matmul, PackId, PackSpec,
    Pooling, Score, Shift, TensorRef,
};
pub use plan::{InstructionPlan, Mode, Plan, Tape, ValuePlan};
pub use reductions::{Contribution, Ids, Sum};
pub use section::Section;
pub use stepped::{Start, Stepped};
pub use storage::{Checkpoint, Delay, Operand, Place, Slot, Space};
pub use target::Target;
pub use value::{Value, ValueId};
