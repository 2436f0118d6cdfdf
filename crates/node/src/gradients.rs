//! Gradients of a batch for JavaScript.

use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Float64Array, Int32ArraySlice};
use napi_derive::napi;
use unrolled_core::Result;
use unrolled_core::model::GradientReport;
use unrolled_core::storage::{self, Data};

use crate::error::refused;
use crate::report::Report;
use crate::tensor::{Tensor, handed_over, integers, numbers};

/// Gradients of the loss of a batch, and the loss by row and item.
#[napi(object, object_from_js = false)]
pub struct Gradients {
    /// The loss and its terms.
    pub report: Report,
    /// By loss: the loss of each row and item.
    pub losses: Vec<ItemLosses>,
    /// Of the parameters, one after the other.
    pub parameters: Float32ArraySlice<'static>,
    /// Of the inputs of numbers and the initial states.
    pub inputs: Vec<Tensor>,
    /// Of the states after each step.
    pub states: Vec<Tensor>,
    /// Of the pre-activations of gates at each step, by node.
    pub gates: Vec<Tensor>,
}

/// The losses of one output, each times the weight of its item.
#[napi(object, object_from_js = false)]
pub struct ItemLosses {
    /// The output.
    pub output: String,
    /// The shape of the items: `[rows, time]` or `[rows]`.
    pub shape: Vec<u32>,
    /// The loss of each row.
    pub rows: Float64Array,
    /// The loss of each item; zero in padding.
    pub items: Float64Array,
    /// Valid steps of each row, if rows differ.
    pub lengths: Option<Int32ArraySlice<'static>>,
}

impl Gradients {
    pub(crate) fn new(env: &Env, report: GradientReport<f32>) -> Result<Self> {
        let GradientReport { report, parameters, gradients, losses } = report;
        Ok(Self {
            report: Report::of_step(report),
            losses: ItemLosses::all(env, losses)?,
            parameters: numbers(env, parameters).map_err(refused)?,
            inputs: handed_over(env, gradients.inputs)?,
            states: handed_over(env, gradients.states)?,
            gates: handed_over(env, gradients.gates)?,
        })
    }
}

impl ItemLosses {
    /// The losses of each output.
    pub(crate) fn all(env: &Env, losses: Vec<[storage::Tensor<f64>; 2]>) -> Result<Vec<Self>> {
        let losses = losses.into_iter().map(|losses| Self::new(env, losses));
        losses.collect::<napi::Result<_>>().map_err(refused)
    }

    fn new(env: &Env, [rows, items]: [storage::Tensor<f64>; 2]) -> napi::Result<Self> {
        Ok(Self {
            output: items.name,
            shape: items.shape.iter().map(|&size| size as u32).collect(),
            rows: losses(rows.data),
            items: losses(items.data),
            lengths: items.lengths.map(|lengths| integers(env, lengths)).transpose()?,
        })
    }
}

fn losses(data: Data<f64>) -> Float64Array {
    match data {
        Data::Values(values) => values.into(),
        Data::Ids(_) => Vec::new().into(),
    }
}
