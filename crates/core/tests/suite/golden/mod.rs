//! The library against PyTorch's float64 results in `test/golden`, which `tools/golden.py` makes.

mod archive;
mod attention;
mod gumbel_tree;
mod losses;
mod models;
mod net;
mod nodes;
mod optimizers;
mod recurrent;
mod schedules;
mod training;
