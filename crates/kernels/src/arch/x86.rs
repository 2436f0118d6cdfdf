//! The common part of the x86-64 vectors: everything but the names of intrinsics.

/// Declares a vector over a register. The operations named in braces are intrinsics, or functions of the calling
/// module if one intrinsic is not enough.
macro_rules! x86_vector {
    (
        $(#[$attribute:meta])*
        $vector:ident: $element:ty, $lanes:literal lanes of $register:ty, $registers:literal registers, $features:literal {
            splat: $splat:ident, load: $load:ident, read: $read:ident, write: $write:ident,
            add: $add:ident, sub: $sub:ident, mul: $mul:ident, div: $div:ident, mul_add: $mul_add:ident,
            sqrt: $sqrt:ident, and: $and:ident, and_not: $and_not:ident, or: $or:ident, xor: $xor:ident,
            select_greater: $select_greater:ident, max: $max:ident, scale: $scale:ident
            $(, totals: $totals:ident)? $(, dot: $dot:ident)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub(crate) struct $vector($register);

        impl std::ops::Add for $vector {
            type Output = Self;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: vectors exist only inside an entry, so the CPU has the instruction set.
                Self(unsafe { $add(self.0, other.0) })
            }
        }

        impl std::ops::Sub for $vector {
            type Output = Self;

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $sub(self.0, other.0) })
            }
        }

        impl std::ops::Mul for $vector {
            type Output = Self;

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $mul(self.0, other.0) })
            }
        }

        impl std::ops::Div for $vector {
            type Output = Self;

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $div(self.0, other.0) })
            }
        }

        impl std::ops::Neg for $vector {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $xor($splat(-0.0), self.0) })
            }
        }

        impl $crate::vector::Vector for $vector {
            type Element = $element;
            const LANES: usize = $lanes;
            const REGISTERS: usize = $registers;

            #[inline(always)]
            fn splat(x: $element) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $splat(x) })
            }

            #[inline(always)]
            fn read(source: &[$element]) -> Self {
                assert!(source.len() <= $lanes);
                // SAFETY: as for `add`; the slice is readable for its length, which is at most LANES.
                Self(unsafe { $read(source.as_ptr(), source.len()) })
            }

            #[inline(always)]
            fn write(self, target: &mut [$element]) {
                assert!(target.len() <= $lanes);
                // SAFETY: as for `add`; the slice is writable for its length, which is at most LANES.
                unsafe { $write(self.0, target.as_mut_ptr(), target.len()) };
            }

            #[inline(always)]
            unsafe fn load(source: *const $element) -> Self {
                // SAFETY: as for `add`; the caller says that LANES elements are readable.
                Self(unsafe { $load(source) })
            }

            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $mul_add(self.0, a.0, b.0) })
            }

            $(
                #[inline(always)]
                unsafe fn dot(self, a: Self, b: Self) -> Self {
                    // SAFETY: as for `add`; the caller says that the CPU has this instruction too.
                    Self(unsafe { $dot(self.0, a.0, b.0) })
                }
            )?

            $(
                #[inline(always)]
                fn totals(sums: [Self; $crate::vector::FOUR]) -> [$element; $crate::vector::FOUR] {
                    let [a, b, c, d] = sums;
                    // SAFETY: as for `add`.
                    unsafe { $totals(a.0, b.0, c.0, d.0) }
                }
            )?

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $sqrt(self.0) })
            }

            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $and_not($splat(-0.0), self.0) })
            }

            #[inline(always)]
            fn copy_sign(self, sign: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $or($and($splat(-0.0), sign.0), $and_not($splat(-0.0), self.0)) })
            }

            #[inline(always)]
            fn select_greater(a: Self, b: Self, yes: Self, no: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $select_greater(a.0, b.0, yes.0, no.0) })
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: as for `add`. The instruction returns its second operand unless the first is greater.
                Self(unsafe { $max(self.0, other.0) })
            }

            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                // SAFETY: as for `add`.
                Self(unsafe { $scale(self.0, n.0) })
            }

            #[inline(always)]
            fn outlined(work: impl $crate::vector::Outlined) {
                #[target_feature(enable = $features)]
                fn with_features(work: impl $crate::vector::Outlined) {
                    work.run();
                }
                // Rust 1.95 ignores `inline(never)` beside target features, but never inlines a function into a caller that
                // lacks a feature of the function.
                #[inline(never)]
                fn run(work: impl $crate::vector::Outlined) {
                    // SAFETY: as for `add`.
                    unsafe { with_features(work) };
                }
                run(work);
            }
        }
    };
}

pub(crate) use x86_vector;
