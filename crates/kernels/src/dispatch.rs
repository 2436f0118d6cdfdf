//! From a `Kernels` value to the code compiled for its instruction set.

/// Declares methods of `Kernels`, each with one `#[target_feature]` entry per instruction set around one generic
/// algorithm over `V: Vector`. The trait carries the methods to `f32` and `f64`, so that each is compiled once, in this
/// crate; it has no other use.
macro_rules! entries {
    (
        trait $entries:ident;
        $(
            $(#[$attribute:meta])*
            $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $($generic:ident)::+;
        )*
    ) => {
        impl<E: $entries<E>> $crate::isa::Kernels<E> {
            $(
                $(#[$attribute])*
                #[inline]
                $visibility fn $name(self, $($argument: $type),*) $(-> $result)? {
                    <E as $entries<E>>::$name(self, $($argument),*)
                }
            )*
        }

        pub trait $entries<E> {
            $(fn $name(kernels: $crate::isa::Kernels<E>, $($argument: $type),*) $(-> $result)?;)*
        }

        entries!(@implement $entries f32 {
            $(fn $name($($argument: $type),*) $(-> $result)? = $($generic)::+;)*
        });
        entries!(@implement $entries f64 {
            $(fn $name($($argument: $type),*) $(-> $result)? = $($generic)::+;)*
        });
    };
    (
        @implement $entries:ident $element:ident {
            $(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $($generic:ident)::+;)*
        }
    ) => {
        const _: () = {
            type E = $element;

            impl $entries<E> for E {
                $(
                    fn $name(kernels: $crate::isa::Kernels<E>, $($argument: $type),*) $(-> $result)? {
                        #[cfg(target_arch = "x86_64")]
                        #[target_feature(enable = "avx2,fma")]
                        fn avx2($($argument: $type),*) $(-> $result)? {
                            $($generic)::+::<<E as $crate::simd::Simd>::Avx2>($($argument),*)
                        }

                        #[cfg(target_arch = "x86_64")]
                        #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
                        fn avx512($($argument: $type),*) $(-> $result)? {
                            $($generic)::+::<<E as $crate::simd::Simd>::Avx512>($($argument),*)
                        }

                        #[cfg(target_arch = "aarch64")]
                        #[target_feature(enable = "neon")]
                        fn neon($($argument: $type),*) $(-> $result)? {
                            $($generic)::+::<<E as $crate::simd::Simd>::Neon>($($argument),*)
                        }

                        match kernels.isa() {
                            // SAFETY: a `Kernels` value is the proof that the CPU has the features.
                            #[cfg(target_arch = "x86_64")]
                            $crate::isa::Isa::Avx2 => unsafe { avx2($($argument),*) },
                            // SAFETY: as above.
                            #[cfg(target_arch = "x86_64")]
                            $crate::isa::Isa::Avx512 | $crate::isa::Isa::Amx => unsafe { avx512($($argument),*) },
                            // SAFETY: as above.
                            #[cfg(target_arch = "aarch64")]
                            $crate::isa::Isa::Neon => unsafe { neon($($argument),*) },
                            _ => $($generic)::+::<<E as $crate::simd::Simd>::Scalar>($($argument),*),
                        }
                    }
                )*
            }
        };
    };
}
