//! Between the host's calls and an [`Extension`]: text in, text out.

use serde::Deserialize;
use serde_json::Value;

use crate::envelope::{Call, Event, Response, Usage};
use crate::extension::Extension;
use crate::outcome::Answer;

/// A hook by its number in `sluice_hook`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    Configure,
    Request,
    Response,
    Event,
    Settle,
}

impl Hook {
    fn numbered(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::Configure,
            1 => Self::Request,
            2 => Self::Response,
            3 => Self::Event,
            4 => Self::Settle,
            _ => return None,
        })
    }
}

/// Every hook's envelope at once: one reader for all of them is a third of the module smaller than one for each.
#[derive(Deserialize)]
struct Envelope {
    call: Option<Call>,
    config: Option<Value>,
    body: Option<Value>,
    status: Option<u16>,
    event: Option<Event>,
    usage: Option<Usage>,
}

/// Runs a hook; the answer's text, or `None` for no change.
pub(crate) fn run<E: Extension>(state: &mut Option<E>, hook: Hook, text: &[u8]) -> Option<String> {
    read(text).and_then(|envelope| answer(state, hook, envelope)).unwrap_or_else(Answer::failed).into_text()
}

fn answer<E: Extension>(state: &mut Option<E>, hook: Hook, envelope: Envelope) -> Result<Answer, String> {
    if hook == Hook::Configure {
        let config = envelope.config.unwrap_or_default();
        let config = serde_json::from_value(config).map_err(|error| format!("config: {error}"))?;
        *state = Some(E::configure(config)?);
        return Ok(Answer::default());
    }
    let extension = state.as_mut().ok_or("a hook came before `configure`")?;
    let call = envelope.call.ok_or("the envelope has no `call`")?;
    let body = envelope.body.ok_or("the envelope has no `body`");
    Ok(match hook {
        Hook::Configure => Answer::default(),
        Hook::Request => extension.request(&call, body?).0,
        Hook::Response => {
            let status = envelope.status.ok_or("the envelope has no `status`")?;
            extension.response(&call, Response { status, body: body? }).0
        }
        Hook::Event => extension.event(&call, envelope.event.ok_or("the envelope has no `event`")?).0,
        Hook::Settle => {
            extension.settle(&call, envelope.usage.ok_or("the envelope has no `usage`")?);
            Answer::default()
        }
    })
}

fn read(text: &[u8]) -> Result<Envelope, String> {
    serde_json::from_slice(text).map_err(|error| format!("the envelope cannot be read: {error}"))
}

/// What [`export!`](crate::export) calls; nothing for an extension's own code.
#[doc(hidden)]
pub mod exported {
    use super::{Extension, Hook};

    /// Memory that the host writes an envelope to.
    pub fn alloc(len: usize) -> *mut u8 {
        Box::into_raw(vec![0_u8; len].into_boxed_slice()).cast()
    }

    /// Gives back what [`alloc`], [`describe`] or [`hook`] gave.
    ///
    /// # Safety
    /// `ptr` and `len` are of one of those, given back once.
    pub unsafe fn free(ptr: *mut u8, len: usize) {
        // SAFETY: by this function's own contract.
        drop(unsafe { owned(ptr, len) });
    }

    /// The description, packed.
    pub fn describe<E: Extension>() -> u64 {
        pack(E::describe().to_json().to_string())
    }

    /// Runs a hook; the packed answer.
    ///
    /// # Safety
    /// `ptr` and `len` are what [`alloc`] gave, filled, and belong to this function from now on.
    pub unsafe fn hook<E: Extension>(state: &mut Option<E>, number: i32, ptr: *mut u8, len: usize) -> u64 {
        // SAFETY: by this function's own contract.
        let text = unsafe { owned(ptr, len) };
        Hook::numbered(number).and_then(|hook| super::run(state, hook, &text)).map_or(0, pack)
    }

    unsafe fn owned(ptr: *mut u8, len: usize) -> Box<[u8]> {
        // SAFETY: the callers' contracts say that it is a boxed slice that was let go of.
        unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(ptr, len)) }
    }

    fn pack(text: String) -> u64 {
        let bytes = text.into_bytes().into_boxed_slice();
        let len = bytes.len() as u64;
        let ptr = Box::into_raw(bytes).cast::<u8>() as usize as u64;
        ptr << 32 | len
    }
}

/// Makes a crate of the type `cdylib` the module of one [`Extension`].
#[macro_export]
macro_rules! export {
    ($extension:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            use ::std::cell::RefCell;
            use $crate::exported;

            ::std::thread_local! {
                static STATE: RefCell<Option<$extension>> = const { RefCell::new(None) };
            }

            #[unsafe(no_mangle)]
            extern "C" fn sluice_abi() -> i32 {
                1
            }

            #[unsafe(no_mangle)]
            extern "C" fn sluice_alloc(len: usize) -> *mut u8 {
                exported::alloc(len)
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn sluice_free(ptr: *mut u8, len: usize) {
                // SAFETY: the host gives back what it was given, once.
                unsafe { exported::free(ptr, len) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn sluice_describe() -> u64 {
                exported::describe::<$extension>()
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn sluice_hook(hook: i32, ptr: *mut u8, len: usize) -> u64 {
                // SAFETY: the host hands over what `sluice_alloc` gave it, filled.
                STATE.with_borrow_mut(|state| unsafe { exported::hook::<$extension>(state, hook, ptr, len) })
            }
        };
    };
}
