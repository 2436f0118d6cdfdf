//! Every kernel on every instruction set of this CPU: equal bits, and the values of `reference.rs`.

mod attention;
mod bf16;
mod elementwise;
mod exponential;
mod float_mode;
mod gru;
mod math;
mod normalize;
mod open_gates;
mod optimize;
mod product;
mod recurrent;
mod reduce;
mod softmax;
mod strips;
mod support;
mod team;
mod tiles;
mod tree;
