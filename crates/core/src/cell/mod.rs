//! What is special about each cell's step, forward above backward, and nothing more.

pub(crate) mod gru;
pub(crate) mod lstm;
pub(crate) mod rnn;
