//! The table of a model's parameters: name, shape and place in the flat arena.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Most elements that the parameters of one model may have together.
pub const MAX_ELEMENTS: usize = 1 << 29;

/// The rule that draws the values of a parameter before training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Init {
    /// All zero.
    Zeros,
    /// All `value`.
    Constant {
        /// The value.
        value: f64,
    },
    /// Equal blocks of rows, each filled with one of `values`: a bias whose forget gate starts at 1.
    Blocks {
        /// One value for each block.
        values: Vec<f64>,
    },
    /// Uniform in `[-bound, bound)`.
    Uniform {
        /// Half the width of the interval.
        bound: f64,
    },
    /// Uniform with bound `sqrt(6 / (rows + columns))` of a matrix `[rows, columns]` (Glorot and Bengio, 2010).
    GlorotUniform,
    /// Normal with mean zero.
    Normal {
        /// The standard deviation.
        std: f64,
    },
    /// Equal blocks of rows of a matrix, each on its own a random orthogonal matrix (orthonormal rows, or
    /// orthonormal columns where a block has more rows than columns), uniform by Haar's measure.
    Orthogonal {
        /// The number of blocks.
        blocks: usize,
    },
}

/// A parameter as a graph declares it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Parameter {
    /// The name, unique in the model, such as `lstm.weight_hh_l0`.
    pub name: String,
    /// The shape, row-major.
    pub shape: Vec<usize>,
    /// The values before training.
    pub init: Init,
}

/// A parameter with its place in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The shape, row-major.
    pub shape: Vec<usize>,
    /// The place of the first element, in elements.
    pub offset: usize,
    /// The values before training.
    pub init: Init,
}

impl Entry {
    /// The elements of this parameter in the arena.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.shape.iter().product::<usize>()
    }
}

/// All parameters of a model, one after another without gaps in one flat arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    entries: Vec<Entry>,
    index: HashMap<String, usize>,
    total: usize,
}

impl Layout {
    /// Places `parameters` in the order given.
    ///
    /// # Errors
    /// `Graph` for an empty or doubled name, an empty dimension or an `init` that does not fit the shape;
    /// `Size` for more than [`MAX_ELEMENTS`] elements. Nothing is allocated for the elements.
    pub fn new(parameters: Vec<Parameter>) -> Result<Self> {
        let mut entries = Vec::with_capacity(parameters.len());
        let mut index = HashMap::with_capacity(parameters.len());
        let mut total = 0;
        for Parameter { name, shape, init } in parameters {
            check_name(&name)?;
            let size = elements(&name, &shape)?;
            check_init(&name, &shape, &init)?;
            if index.insert(name.clone(), entries.len()).is_some() {
                return Err(Error::graph(format!(
                    "parameter '{name}': expected one declaration, received two"
                )));
            }
            let offset = total;
            total += size;
            if total > MAX_ELEMENTS {
                return Err(too_large(&name, &shape));
            }
            entries.push(Entry { name, shape, offset, init });
        }
        Ok(Self { entries, index, total })
    }

    /// The parameters in their order in the arena.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The number of elements of all parameters.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// The parameter of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).map(|&i| &self.entries[i])
    }
}

/// A parameter's name is a tensor's name in the saved file as well, where `__metadata__` is taken.
fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains([':', '\0']) || name == "__metadata__" {
        return Err(Error::graph(format!(
            "parameters: expected a name without ':' and NUL that is neither empty nor '__metadata__', received {name:?}"
        )));
    }
    Ok(())
}

fn elements(name: &str, shape: &[usize]) -> Result<usize> {
    if shape.contains(&0) {
        return Err(Error::graph(format!(
            "parameter '{name}': expected dimensions of at least 1, received shape {shape:?}"
        )));
    }
    shape
        .iter()
        .try_fold(1usize, |product, &dimension| product.checked_mul(dimension))
        .filter(|&size| size <= MAX_ELEMENTS)
        .ok_or_else(|| too_large(name, shape))
}

fn too_large(name: &str, shape: &[usize]) -> Error {
    Error::size(format!(
        "parameter '{name}': expected at most {MAX_ELEMENTS} elements in all parameters, received more with shape {shape:?}"
    ))
}

fn check_init(name: &str, shape: &[usize], init: &Init) -> Result<()> {
    let rows = shape.first().copied().unwrap_or(1);
    let uneven = |blocks: usize| format!("expected blocks that divide {rows} rows, received {blocks}");
    let no_matrix = (shape.len() != 2).then(|| format!("expected a matrix, received rank {}", shape.len()));
    let fault = match init {
        Init::Zeros => None,
        Init::Constant { value } => {
            (!value.is_finite()).then(|| format!("expected a finite value, received {value}"))
        }
        Init::Blocks { values } => {
            if values.is_empty() || rows % values.len() != 0 {
                Some(uneven(values.len()))
            } else {
                values
                    .iter()
                    .find(|v| !v.is_finite())
                    .map(|v| format!("expected finite values, received {v}"))
            }
        }
        Init::Uniform { bound: spread } | Init::Normal { std: spread } => (!(spread.is_finite()
            && *spread >= 0.0))
            .then(|| format!("expected a finite number of at least 0, received {spread}")),
        Init::GlorotUniform => no_matrix,
        Init::Orthogonal { blocks } => {
            no_matrix.or_else(|| (*blocks == 0 || rows % blocks != 0).then(|| uneven(*blocks)))
        }
    };
    match fault {
        Some(fault) => Err(Error::graph(format!("init of parameter '{name}' of shape {shape:?}: {fault}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn parameter(name: &str, shape: &[usize], init: Init) -> Parameter {
        Parameter { name: name.into(), shape: shape.into(), init }
    }

    fn code(parameters: Vec<Parameter>) -> Code {
        Layout::new(parameters).unwrap_err().code
    }

    #[test]
    fn offsets_follow_without_gaps() {
        let layout = Layout::new(vec![
            parameter("a", &[3, 5], Init::Zeros),
            parameter("b", &[7], Init::Zeros),
            parameter("scalar", &[], Init::Zeros),
            parameter("c", &[2, 2, 2], Init::Zeros),
        ])
        .unwrap();
        assert_eq!(layout.entries().iter().map(|e| e.offset).collect::<Vec<_>>(), [0, 15, 22, 23]);
        assert_eq!(layout.total(), 31);
        assert_eq!(layout.find("b").unwrap().range(), 15..22);
        assert_eq!(layout.find("scalar").unwrap().range(), 22..23);
        assert!(layout.find("d").is_none());
        assert_eq!(Layout::new(vec![]).unwrap().total(), 0);
    }

    #[test]
    fn names_are_checked() {
        for name in ["", "a:b", "a\0", "__metadata__"] {
            assert_eq!(code(vec![parameter(name, &[1], Init::Zeros)]), Code::Graph, "{name:?}");
        }
        let twice = vec![parameter("w", &[1], Init::Zeros), parameter("w", &[2], Init::Zeros)];
        assert_eq!(
            Layout::new(twice).unwrap_err().message,
            "parameter 'w': expected one declaration, received two"
        );
    }

    #[test]
    fn sizes_are_checked_before_anything_is_allocated() {
        let huge = [vec![usize::MAX, 2], vec![1 << 32, 1 << 32], vec![MAX_ELEMENTS + 1]];
        for shape in huge {
            let error = Layout::new(vec![parameter("big", &shape, Init::Zeros)]).unwrap_err();
            assert_eq!(error.code, Code::Size);
            assert!(error.message.contains("'big'") && error.message.contains(&format!("{shape:?}")));
        }
        assert!(Layout::new(vec![parameter("most", &[MAX_ELEMENTS], Init::Zeros)]).is_ok());
        let sum = vec![parameter("a", &[MAX_ELEMENTS], Init::Zeros), parameter("b", &[1], Init::Zeros)];
        assert_eq!(code(sum), Code::Size);
        assert_eq!(code(vec![parameter("w", &[4, 0], Init::Zeros)]), Code::Graph);
    }

    #[test]
    fn inits_must_fit_their_shape() {
        let bad = [
            (vec![4], Init::GlorotUniform),
            (vec![4], Init::Orthogonal { blocks: 1 }),
            (vec![6, 2], Init::Orthogonal { blocks: 4 }),
            (vec![6, 2], Init::Orthogonal { blocks: 0 }),
            (vec![6], Init::Blocks { values: vec![0.0; 4] }),
            (vec![6], Init::Blocks { values: vec![] }),
            (vec![6], Init::Blocks { values: vec![0.0, f64::NAN] }),
            (vec![6], Init::Constant { value: f64::INFINITY }),
            (vec![6], Init::Uniform { bound: -1.0 }),
            (vec![6], Init::Normal { std: f64::NAN }),
        ];
        for (shape, init) in bad {
            assert_eq!(code(vec![parameter("w", &shape, init.clone())]), Code::Graph, "{shape:?} {init:?}");
        }
        for init in [Init::Uniform { bound: 0.0 }, Init::Normal { std: 0.0 }] {
            assert!(Layout::new(vec![parameter("w", &[6], init)]).is_ok(), "a spread of nothing");
        }
    }

    #[test]
    fn json_is_the_graphs() {
        let pairs = [
            (r#""zeros""#, Init::Zeros),
            (r#"{"constant":{"value":0.5}}"#, Init::Constant { value: 0.5 }),
            (r#"{"blocks":{"values":[0.0,1.0,0.0,0.0]}}"#, Init::Blocks { values: vec![0.0, 1.0, 0.0, 0.0] }),
            (r#"{"uniform":{"bound":0.25}}"#, Init::Uniform { bound: 0.25 }),
            (r#""glorotUniform""#, Init::GlorotUniform),
            (r#"{"normal":{"std":1.0}}"#, Init::Normal { std: 1.0 }),
            (r#"{"orthogonal":{"blocks":4}}"#, Init::Orthogonal { blocks: 4 }),
        ];
        for (json, init) in pairs {
            let text = format!(r#"{{"name":"w","shape":[4,2],"init":{json}}}"#);
            assert_eq!(
                serde_json::from_str::<Parameter>(&text).unwrap(),
                parameter("w", &[4, 2], init.clone())
            );
            assert_eq!(serde_json::to_string(&init).unwrap(), json);
        }
        for json in [
            r#"{"name":"w","shape":[1],"init":"zeros","extra":1}"#,
            r#"{"name":"w","shape":[1],"init":{"normal":{"std":1,"mean":0}}}"#,
            r#"{"name":"w","shape":[1],"init":"Zeros"}"#,
            r#"{"name":"w","shape":[-1],"init":"zeros"}"#,
            r#"{"name":"w","shape":[1.5],"init":"zeros"}"#,
            r#"{"name":"w","shape":[1]}"#,
        ] {
            assert!(serde_json::from_str::<Parameter>(json).is_err(), "{json}");
        }
    }
}
