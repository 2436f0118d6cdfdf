//! From a `Kernels` value to the code compiled for its instruction set.

/// Declares methods of `Kernels`, each with one `#[target_feature]` entry per instruction set around one generic
/// algorithm over `V: Vector`.
macro_rules! entries {
    ($(
        $(#[$attribute:meta])*
        pub fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $($generic:ident)::+;
    )*) => {
        impl<E: $crate::element::Element> $crate::isa::Kernels<E> {
            $(
                $(#[$attribute])*
                pub fn $name(self, $($argument: $type),*) $(-> $result)? {
                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = "avx2,fma")]
                    fn avx2<E: $crate::element::Element>($($argument: $type),*) $(-> $result)? {
                        $($generic)::+::<E::Avx2>($($argument),*)
                    }

                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
                    fn avx512<E: $crate::element::Element>($($argument: $type),*) $(-> $result)? {
                        $($generic)::+::<E::Avx512>($($argument),*)
                    }

                    #[cfg(target_arch = "aarch64")]
                    #[target_feature(enable = "neon")]
                    fn neon<E: $crate::element::Element>($($argument: $type),*) $(-> $result)? {
                        $($generic)::+::<E::Neon>($($argument),*)
                    }

                    match self.isa() {
                        // SAFETY: this value exists, so the CPU has the features.
                        #[cfg(target_arch = "x86_64")]
                        $crate::isa::Isa::Avx2 => unsafe { avx2($($argument),*) },
                        // SAFETY: as above.
                        #[cfg(target_arch = "x86_64")]
                        $crate::isa::Isa::Avx512 => unsafe { avx512($($argument),*) },
                        // SAFETY: as above.
                        #[cfg(target_arch = "aarch64")]
                        $crate::isa::Isa::Neon => unsafe { neon($($argument),*) },
                        _ => $($generic)::+::<E::Scalar>($($argument),*),
                    }
                }
            )*
        }
    };
}
