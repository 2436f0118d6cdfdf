//! AMX: tiles of 16 rows by 64 bytes, and `tdpbf16ps`. Assembly, because the intrinsics are not stable.
//!
//! The five instructions have run under an emulator, never yet on a CPU that has them; `tests/tiles.rs` tests all that is
//! built on them by tiles in software.

use std::arch::asm;
use std::sync::OnceLock;

use crate::tiles::{Configuration, Tiles};

/// The tiles of the thread. A value is the proof that the process may use the tiles.
pub(crate) struct Amx(());

impl Amx {
    /// # Safety
    /// - [`is_granted`] has returned true.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

/// One instruction on the tile of a constant number.
macro_rules! on_tile {
    ($number:expr, $before:literal, $after:literal, $($operand:tt)*) => {
        match $number {
            0 => asm!(concat!($before, "tmm0", $after), $($operand)*),
            1 => asm!(concat!($before, "tmm1", $after), $($operand)*),
            2 => asm!(concat!($before, "tmm2", $after), $($operand)*),
            3 => asm!(concat!($before, "tmm3", $after), $($operand)*),
            4 => asm!(concat!($before, "tmm4", $after), $($operand)*),
            5 => asm!(concat!($before, "tmm5", $after), $($operand)*),
            6 => asm!(concat!($before, "tmm6", $after), $($operand)*),
            7 => asm!(concat!($before, "tmm7", $after), $($operand)*),
            _ => unreachable!("there are eight tiles"),
        }
    };
}

impl Tiles for Amx {
    #[inline(always)]
    fn configure(&mut self, shapes: &Configuration) {
        // SAFETY: the instruction reads the 64 bytes of `shapes`, which are valid for palette 1: at most 16 rows of 64 bytes.
        unsafe { asm!("ldtilecfg [{}]", in(reg) shapes, options(nostack, preserves_flags, readonly)) };
    }

    #[inline(always)]
    unsafe fn load<const T: usize>(&mut self, start: *const u8, stride: usize) {
        // SAFETY: the caller says that the rows are readable; the compiler itself uses no tile.
        unsafe {
            on_tile!(T, "tileloadd ", ", [{} + {}]",
                in(reg) start, in(reg) stride, options(nostack, preserves_flags, readonly));
        }
    }

    #[inline(always)]
    unsafe fn store<const T: usize>(&mut self, start: *mut u8, stride: usize) {
        // SAFETY: the caller says that the rows are writable.
        unsafe {
            on_tile!(T, "tilestored [{} + {}], ", "",
                in(reg) start, in(reg) stride, options(nostack, preserves_flags));
        }
    }

    #[inline(always)]
    fn dot<const C: usize, const A: usize, const B: usize>(&mut self) {
        // SAFETY: the instruction works on tiles alone, whose shapes fit as configured.
        unsafe {
            match (C, A, B) {
                (0, 4, 6) => asm!("tdpbf16ps tmm0, tmm4, tmm6", options(nostack, preserves_flags, nomem)),
                (1, 4, 7) => asm!("tdpbf16ps tmm1, tmm4, tmm7", options(nostack, preserves_flags, nomem)),
                (2, 5, 6) => asm!("tdpbf16ps tmm2, tmm5, tmm6", options(nostack, preserves_flags, nomem)),
                (3, 5, 7) => asm!("tdpbf16ps tmm3, tmm5, tmm7", options(nostack, preserves_flags, nomem)),
                _ => unreachable!(
                    "tiles of sums are 0 to 3, of the left operand 4 and 5, of the right one 6 and 7"
                ),
            }
        }
    }

    #[inline(always)]
    fn release(&mut self) {
        // SAFETY: the instruction returns the tiles to their initial state, which the system need not save.
        unsafe { asm!("tilerelease", options(nostack, preserves_flags, nomem)) };
    }
}

/// True if the CPU has AMX with bf16, the system saves the tiles, and this process may use them. Asks the system once.
pub(crate) fn is_granted() -> bool {
    static GRANTED: OnceLock<bool> = OnceLock::new();
    *GRANTED.get_or_init(|| is_present() && is_saved() && permit())
}

/// Looks for AMX-TILE and AMX-BF16: bits 24 and 22 of EDX of leaf 7.
#[allow(
    unused_unsafe,
    clippy::allow_attributes,
    reason = "these functions are safe in newer versions of Rust than the oldest supported one"
)]
fn is_present() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    const BITS: u32 = 1 << 24 | 1 << 22;
    // SAFETY: every x86-64 CPU has the instruction.
    unsafe { __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & BITS == BITS }
}

/// Looks for the configuration and the data of tiles: bits 17 and 18 of XCR0.
fn is_saved() -> bool {
    const BITS: u32 = 1 << 17 | 1 << 18;
    if !is_x86_feature_detected!("avx") {
        return false;
    }
    let low: u32;
    // SAFETY: AVX was found, so the system has enabled the instruction.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nostack, preserves_flags, nomem));
    }
    low & BITS == BITS
}

/// Asks Linux for the tiles, which Linux grants on request only: `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
#[cfg(target_os = "linux")]
fn permit() -> bool {
    const ARCH_PRCTL: isize = 158;
    const REQUEST_PERMISSION: usize = 0x1023;
    const TILE_DATA: usize = 18;
    let result: isize;
    // SAFETY: the call takes two numbers and touches no memory of the process; it clobbers rcx and r11.
    unsafe {
        asm!("syscall", inlateout("rax") ARCH_PRCTL => result, in("rdi") REQUEST_PERMISSION, in("rsi") TILE_DATA,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn permit() -> bool {
    false
}
