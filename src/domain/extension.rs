//! WebAssembly filters: where in a call one runs, what becomes of a call whose filter fails, and their bounds.

use super::invalid::Invalid;

/// Where in a call an extension runs, in the order of a call: before it is routed, before a whole answer goes out, before
/// each event of a stream does, and when all is over.
pub const HOOKS: [&str; 4] = ["request", "response", "event", "settle"];

/// What becomes of a call whose extension fails: it goes on without it, or fails.
pub const ON_ERROR: [&str; 2] = ["open", "closed"];

/// The largest module, in bytes.
pub const MAX_MODULE_BYTES: usize = 1 << 20;

/// The longest configuration, in bytes of JSON.
pub const MAX_CONFIG_BYTES: usize = 64 << 10;

/// How many ids a scope may list of each kind.
pub const MAX_SCOPE: usize = 32;

/// The most that one hook may take, in milliseconds.
pub const MAX_TIME_LIMIT_MS: i64 = 1000;

/// Refuses a module that is too large, or no base64.
pub fn check_module(param: &str, base64: &str) -> Result<(), Invalid> {
    let unpadded = base64.trim_end_matches('=');
    let bytes = unpadded.len() / 4 * 3 + (unpadded.len() % 4).saturating_sub(1);
    if bytes > MAX_MODULE_BYTES {
        return Err(Invalid::new(
            param,
            format!("the module must not exceed {MAX_MODULE_BYTES} bytes; it has {bytes}"),
        ));
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if bytes == 0 || unpadded.len() % 4 == 1 || base64.len() - unpadded.len() > 2 || !unpadded.bytes().all(is_base64) {
        return Err(Invalid::new(param, format!("{param} must be a WebAssembly module in base64")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_base64_of_at_most_a_mebibyte() {
        for good in ["AGFzbQ==", "AGFzbQ", &"AAAA".repeat(349_525)] {
            assert_eq!(check_module("m", good), Ok(()));
        }
        for bad in ["", "=", "A", "AGFzbQ===", "AGF zbQ=", "AGFz-_=="] {
            assert!(check_module("m", bad).is_err(), "{bad}");
        }
        let refused = check_module("m", &"AAAA".repeat(349_526)).expect_err("too large");
        assert!(refused.message.contains("1048576"), "{}", refused.message);
    }
}
