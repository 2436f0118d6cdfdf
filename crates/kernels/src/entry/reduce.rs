//! Reductions of a slice to a number: the doors.

entries! {
    trait Reductions;

    /// Σ xᵢ in 16 virtual lanes (lane j sums elements j, j + 16, ...), then a fixed pairwise tree.
    pub fn sum(x: &[E]) -> E = crate::generic::reduce::sum;

    /// Σ e^(xᵢ - shift), in the order of i.
    pub fn exponential_sum(x: &[E], shift: E) -> E = crate::generic::reduce::exponential_sum;

    /// The largest element; -∞ for an empty slice. A NaN may or may not win.
    pub fn max(x: &[E]) -> E = crate::generic::reduce::max;

    /// √Σ xᵢ² in f64, scaled so that only a norm beyond f64 overflows. Not finite if an element is not finite.
    pub fn norm(x: &[E]) -> f64 = crate::generic::reduce::norm;
}
