//! Options of training and of measurements, as JSON in camelCase.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Truncation;
use crate::clip::Clip;
use crate::loss::LossConfig;
use crate::optimizer::{Decay, OptimizerConfig};
use crate::program::Tape;
use crate::{Error, Result};

/// The reduction of a batch's losses to one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reduction {
    /// Their sum over the weight of the valid targets; 0 without any.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

/// One loss of one output.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LossTerm {
    /// The output's name.
    pub output: String,
    /// The loss.
    pub loss: LossConfig,
    /// Mean or sum.
    #[serde(default)]
    pub reduction: Reduction,
    /// Its factor in the total.
    #[serde(default = "one")]
    pub weight: f64,
}

/// The losses to measure on a batch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MeasureConfig {
    /// The losses; the total is their weighted sum.
    pub losses: Vec<LossTerm>,
}

/// The treatment of a step whose loss or gradient is not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnNonFinite {
    /// Fail, naming the node and the step of time.
    #[default]
    Error,
    /// Leave the parameters as they are and report a skipped step.
    Skip,
}

/// Gradient checkpointing: `"sqrt"`, or a limit in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "MemoryText")]
pub struct MemoryConfig(pub Tape);

#[derive(Deserialize)]
#[serde(untagged)]
enum MemoryText {
    Bytes(f64),
    Word(String),
}

impl TryFrom<MemoryText> for MemoryConfig {
    type Error = String;

    fn try_from(text: MemoryText) -> std::result::Result<Self, String> {
        match text {
            MemoryText::Bytes(bytes) if bytes >= 1.0 && bytes.fract() == 0.0 => {
                Ok(Self(Tape::Bytes(bytes as u64)))
            }
            MemoryText::Bytes(bytes) => {
                Err(format!("memory: expected a whole number of bytes of at least 1, received {bytes}"))
            }
            MemoryText::Word(word) if word == "sqrt" => Ok(Self(Tape::Sqrt)),
            MemoryText::Word(word) => Err(format!("memory: expected \"sqrt\" or bytes, received \"{word}\"")),
        }
    }
}

/// The options of a training run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TrainerConfig {
    /// The losses; the total is their weighted sum.
    pub losses: Vec<LossTerm>,
    /// The rule of the updates.
    pub optimizer: OptimizerConfig,
    /// The learning rate.
    pub learning_rate: f64,
    /// The factor of the learning rate, by step.
    #[serde(default, rename = "schedule")]
    pub decay: Decay,
    /// The bound of gradients.
    #[serde(default)]
    pub clip: Option<Clip>,
    /// The treatment of a step whose loss or gradient is not finite.
    #[serde(default)]
    pub on_non_finite: OnNonFinite,
    /// Truncated backpropagation through time; full if absent.
    #[serde(default)]
    pub truncate: Option<Truncation>,
    /// The part of the running mean of the parameters that each step keeps, from 0 to 1; no mean if absent.
    #[serde(default)]
    pub average: Option<f64>,
    /// The names of the parameters that have no gradient and that no step changes.
    #[serde(default)]
    pub frozen: Vec<String>,
    /// Gradient checkpointing; the whole tape is kept if absent.
    #[serde(default)]
    pub memory: MemoryConfig,
    /// The seed of dropout.
    #[serde(default)]
    pub seed: u64,
}

fn one() -> f64 {
    1.0
}

/// Reads a configuration.
///
/// # Errors
/// [`crate::Code::Argument`] for text that is malformed or has an unknown or missing field.
fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::argument(format!("{what}: {error}")))
}

impl MeasureConfig {
    /// Reads it from JSON.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for text that is malformed or has an unknown or missing field.
    pub fn from_json(text: &str) -> Result<Self> {
        parse("evaluate options", text)
    }
}

impl TrainerConfig {
    /// Reads it from JSON.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for text that is malformed or has an unknown or missing field.
    pub fn from_json(text: &str) -> Result<Self> {
        parse("training options", text)
    }
}
