/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Level {
    /// For whoever looks for a fault in the extension.
    Trace = 0,
    /// The same, rarer.
    Debug = 1,
    /// What is as it should be.
    Info = 2,
    /// What should be looked at.
    Warn = 3,
    /// What is broken.
    Error = 4,
}

/// Writes a line to the Worker's log, which the operator reads. Never hand it what a client wrote: logs are kept longer
/// than calls. At most 32 lines a hook and 1,024 bytes a line are written.
pub fn log(level: Level, line: &str) {
    #[cfg(target_family = "wasm")]
    {
        #[link(wasm_import_module = "sluice")]
        unsafe extern "C" {
            #[link_name = "log"]
            fn write(level: i32, ptr: *const u8, len: usize);
        }
        // SAFETY: the host reads `len` bytes from `ptr`, which `line` owns until this returns, and writes none.
        unsafe { write(level as i32, line.as_ptr(), line.len()) }
    }
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{level:?}: {line}");
}
