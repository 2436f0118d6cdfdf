//! Instruction sets: those of the CPU, and the one that the kernels run on.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::number::Number;

/// The environment variable that forces an instruction set.
const VARIABLE: &str = "UNROLLED_ISA";

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// The baseline of the target, one number at a time.
    Scalar,
    /// x86-64-v3: AVX2 and FMA.
    Avx2,
    /// x86-64-v4: AVX-512 F, VL, BW and DQ.
    Avx512,
    /// AVX-512, and AMX for products of bf16 operands; Linux only.
    Amx,
    /// AArch64 Advanced SIMD.
    Neon,
}

impl Isa {
    /// All of them, the widest last.
    const ALL: [Isa; 5] = [Isa::Scalar, Isa::Neon, Isa::Avx2, Isa::Avx512, Isa::Amx];

    fn word(self) -> &'static str {
        match self {
            Isa::Scalar => "scalar",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Amx => "amx",
            Isa::Neon => "neon",
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn present(self) -> bool {
        match self {
            Isa::Scalar => true,
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Isa::Avx512 => {
                Isa::Avx2.present()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            Isa::Amx => has_avx512_bf16() && crate::arch::amx_is_granted(),
            Isa::Neon => false,
        }
    }

    #[cfg(target_arch = "aarch64")]
    pub(crate) fn present(self) -> bool {
        match self {
            Isa::Scalar => true,
            Isa::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Isa::Avx2 | Isa::Avx512 | Isa::Amx => false,
        }
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(crate) fn present(self) -> bool {
        self == Isa::Scalar
    }

    fn all_present() -> Vec<Isa> {
        Isa::ALL.into_iter().filter(|isa| isa.present()).collect()
    }

    /// The instruction set of a name, if the CPU has it.
    ///
    /// # Errors
    /// The name is unknown, or the CPU lacks the set.
    pub fn named(word: &str) -> Result<Isa, IsaError> {
        let isa = Isa::from_str(word)?;
        if isa.present() { Ok(isa) } else { Err(IsaError::new(word)) }
    }

    /// The forced instruction set, or the widest present if none is forced.
    fn choose(forced: Option<&str>) -> Result<Isa, IsaError> {
        match forced {
            None => Ok(Isa::all_present().last().copied().unwrap_or(Isa::Scalar)),
            Some(word) => Isa::named(word),
        }
    }
}

/// True if the CPU has AVX-512-BF16, which some CPUs of x86-64-v4 lack.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512_bf16() -> bool {
    Isa::Avx512.present() && is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn has_avx512_bf16() -> bool {
    false
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    /// Reads "scalar", "avx2", "avx512", "amx" or "neon".
    fn from_str(word: &str) -> Result<Self, IsaError> {
        Isa::ALL.into_iter().find(|isa| isa.word() == word).ok_or_else(|| IsaError::new(word))
    }
}

/// The error of a forced instruction set that is unknown or that the CPU lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsaError {
    asked: String,
}

impl IsaError {
    fn new(asked: &str) -> Self {
        Self { asked: asked.to_owned() }
    }
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<_> = Isa::all_present().into_iter().map(Isa::word).collect();
        write!(f, "instruction set \"{}\" is not available: this CPU has {}", self.asked, present.join(", "))
    }
}

impl std::error::Error for IsaError {}

/// The kernels on one instruction set. A value is the proof that the CPU has the set.
#[derive(Clone, Copy, Debug)]
pub struct Kernels<E> {
    isa: Isa,
    element: PhantomData<E>,
}

impl<E: Number> Kernels<E> {
    /// The kernels on the widest instruction set of this CPU, or on the one named by `UNROLLED_ISA`.
    ///
    /// # Errors
    /// `UNROLLED_ISA` names an unknown set, or a set that the CPU lacks.
    pub fn detect() -> Result<Self, IsaError> {
        static CHOICE: OnceLock<Result<Isa, IsaError>> = OnceLock::new();
        let choice = CHOICE.get_or_init(|| match std::env::var_os(VARIABLE) {
            None => Isa::choose(None),
            Some(word) => Isa::choose(Some(&word.to_string_lossy())),
        });
        choice.clone().map(|isa| Self { isa, element: PhantomData })
    }

    /// The kernels on `isa`, or `None` if the CPU lacks it.
    pub fn with(isa: Isa) -> Option<Self> {
        isa.present().then_some(Self { isa, element: PhantomData })
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Every instruction set of this CPU, widest last.
    pub fn available() -> Vec<Isa> {
        Isa::all_present()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for isa in Isa::ALL {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
    }

    #[test]
    fn forcing_an_unknown_word_names_it() {
        let message = Isa::choose(Some("avx9")).unwrap_err().to_string();
        assert!(message.contains("\"avx9\"") && message.contains("scalar"), "{message}");
    }

    #[test]
    fn forcing_scalar_always_works() {
        assert_eq!(Isa::choose(Some("scalar")), Ok(Isa::Scalar));
    }

    #[test]
    fn forcing_a_foreign_set_fails() {
        let foreign = if cfg!(target_arch = "aarch64") { Isa::Avx2 } else { Isa::Neon };
        assert!(Isa::choose(Some(foreign.word())).is_err());
        assert!(Kernels::<f32>::with(foreign).is_none());
    }

    /// Runs again in other processes, started by the test below: a process detects once.
    #[test]
    fn detection_follows_the_variable() {
        match std::env::var(VARIABLE) {
            Err(_) => {
                assert_eq!(Kernels::<f32>::detect().ok().map(|kernels| kernels.isa()), Isa::choose(None).ok())
            }
            Ok(word) => match Isa::choose(Some(&word)) {
                Ok(isa) => assert_eq!(Kernels::<f32>::detect().unwrap().isa(), isa),
                Err(error) => assert_eq!(Kernels::<f64>::detect().unwrap_err(), error),
            },
        }
    }

    #[test]
    fn detection_can_be_forced() {
        for word in ["scalar", "avx2", "avx512", "amx", "neon", "", "AVX2"] {
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "isa::tests::detection_follows_the_variable"])
                .env(VARIABLE, word)
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{word}: {text}");
        }
    }

    #[test]
    fn the_default_is_the_widest() {
        assert_eq!(Isa::choose(None).ok(), Isa::all_present().last().copied());
    }
}
