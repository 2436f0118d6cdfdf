//! The valid items of one array over time, without a program.

use unrolled_kernels::Element;

use super::check::{Subject, check_lengths, check_shape, check_values};
use super::tensor::{Axis, Data, Tensor};
use crate::Result;
use crate::graph::Kind;

/// The valid items of a tensor over time, one row after the other, and their axis.
///
/// # Errors
/// Those of [`super::Batch::new`] for the input.
pub(crate) fn valid_items<E: Element>(
    what: Subject<'_>,
    kind: &Kind,
    mut tensor: Tensor<E>,
) -> Result<(Data<E>, Axis)> {
    check_shape(what, kind, &tensor)?;
    check_lengths(what, kind, &tensor)?;
    let mut axis = Axis::default();
    axis.follow(&tensor)?;
    tensor.data.pack(&axis, kind.size().unwrap_or(1));
    check_values(what, kind, &tensor.data, axis.lengths.len(), Some(&axis), |_| true)?;
    Ok((tensor.data, axis))
}
