//! The parameters and their packed copies.

use std::sync::Arc;

use unrolled_kernels::{Element, Matrix, Operands, Packed};

use crate::finite::{first_non_finite, largest};
use crate::memory::copied;
use crate::parallel::Pool;
use crate::params::Layout;
use crate::program::{PackSpec, Program, TensorRef};
use crate::{Error, Result};

/// The values of all parameters, packed for the products that read them.
pub struct Weights<E> {
    values: Vec<E>,
    /// A bound of their magnitudes.
    largest: f64,
    specs: Arc<[PackSpec]>,
    operands: Operands<E>,
    packs: Vec<Packed<E>>,
}

impl<E: Element> Weights<E> {
    /// Packs `values`, which lie as the program's layout says.
    ///
    /// # Errors
    /// [`crate::Code::Shape`] if there are more or fewer values than parameters, [`crate::Code::NonFinite`] for a
    /// NaN or infinity, naming the parameter.
    pub fn new(program: &Program, values: Vec<E>, pool: &Pool) -> Result<Self> {
        Self::with_operands(program, values, Operands::default(), pool)
    }

    /// The same for products of such operands. The values themselves keep their full precision.
    ///
    /// # Errors
    /// As [`Weights::new`].
    pub fn with_operands(
        program: &Program,
        values: Vec<E>,
        operands: Operands<E>,
        pool: &Pool,
    ) -> Result<Self> {
        check(program, &values)?;
        let packs = program.packs.iter().map(|spec| empty(program, spec, operands)).collect::<Result<_>>()?;
        let specs = program.packs.as_slice().into();
        let mut weights = Self { largest: largest(&values), values, specs, operands, packs };
        weights.refresh(pool);
        Ok(weights)
    }

    /// The same weights in memory of their own.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn try_clone(&self) -> Result<Self> {
        let packs = self.packs.iter().map(|packed| {
            let none = |_| Error::size(format!("no memory for {} bytes: packed parameters", packed.bytes()));
            packed.try_clone().map_err(none)
        });
        Ok(Self {
            values: copied(&self.values, "a copy of the parameters")?,
            largest: self.largest,
            specs: Arc::clone(&self.specs),
            operands: self.operands,
            packs: packs.collect::<Result<_>>()?,
        })
    }

    /// All values, flat.
    #[must_use]
    pub fn values(&self) -> &[E] {
        &self.values
    }

    /// Bytes of the values and of their packed copies.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.values[..]) + self.packs.iter().map(Packed::bytes).sum::<usize>()
    }

    /// Replaces all values.
    ///
    /// # Errors
    /// As [`Weights::new`]; nothing is changed then.
    pub fn set(&mut self, program: &Program, values: &[E], pool: &Pool) -> Result<()> {
        check(program, values)?;
        self.values.copy_from_slice(values);
        self.largest = largest(values);
        self.refresh(pool);
        Ok(())
    }

    /// Changes the values in place and packs them anew. `change` gets a bound of their magnitudes and gives that of the new
    /// ones.
    ///
    /// # Errors
    /// Those of `change`, which must leave the values as they were then.
    pub fn update(&mut self, pool: &Pool, change: impl FnOnce(f64, &mut [E]) -> Result<f64>) -> Result<()> {
        self.largest = change(self.largest, &mut self.values)?;
        self.refresh(pool);
        Ok(())
    }

    /// A tensor as a matrix.
    #[must_use]
    pub fn matrix(&self, tensor: TensorRef) -> Matrix<'_, E> {
        Matrix::new(&self.values[tensor.range()], tensor.rows, tensor.columns)
    }

    /// A tensor's elements.
    #[must_use]
    pub fn slice(&self, tensor: TensorRef) -> &[E] {
        &self.values[tensor.range()]
    }

    /// The precision of products.
    #[must_use]
    pub fn operands(&self) -> Operands<E> {
        self.operands
    }

    /// A packed operand.
    #[must_use]
    pub fn packed(&self, id: usize) -> &Packed<E> {
        &self.packs[id]
    }

    fn refresh(&mut self, pool: &Pool) {
        let values = &self.values;
        let count = self.packs.len();
        pool.for_each_part(
            (&mut self.packs[..], &self.specs[..]),
            count,
            1,
            |(packs, specs): (&mut [Packed<E>], &[PackSpec])| {
                for (packed, spec) in packs.iter_mut().zip(specs) {
                    let tensor = spec.tensor;
                    packed.pack(Matrix::new(&values[tensor.range()], tensor.rows, tensor.columns));
                }
            },
        );
    }
}

/// Room for the pack of a tensor.
fn empty<E: Element>(program: &Program, spec: &PackSpec, operands: Operands<E>) -> Result<Packed<E>> {
    let PackSpec { tensor, gates } = *spec;
    let packed = match gates {
        Some(gates) => Packed::try_transposed(tensor.rows, tensor.columns, gates, operands),
        None => Packed::try_plain(tensor.rows, tensor.columns, operands),
    };
    packed.map_err(|_| {
        let entry = program.layout.entries().iter().find(|entry| entry.range().contains(&tensor.offset));
        let name = entry.map_or("", |entry| entry.name.as_str());
        Error::size(format!("no memory for {} numbers: parameter '{name}', packed", tensor.range().len()))
    })
}

fn check<E: Element>(program: &Program, values: &[E]) -> Result<()> {
    if values.len() != program.layout.total() {
        return Err(Error::shape(format!(
            "parameters: expected {} values, received {}",
            program.layout.total(),
            values.len()
        )));
    }
    check_finite(&program.layout, values)
}

/// Refuses a NaN or infinity among the parameters.
fn check_finite<E: Element>(layout: &Layout, values: &[E]) -> Result<()> {
    let bad = layout.entries().iter().find(|entry| first_non_finite(&values[entry.range()]).is_some());
    match bad {
        Some(entry) => Err(Error::non_finite(format!(
            "parameter '{}': expected finite numbers, received a NaN or infinity",
            entry.name
        ))),
        None => Ok(()),
    }
}
