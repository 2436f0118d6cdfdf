//! Work beside the event loop: a thread for what takes long, and a share of the JavaScript thread for what does not.

mod order;
pub(crate) mod share;
mod threads;
mod worker;

pub(crate) use worker::Worker;
