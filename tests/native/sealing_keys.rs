//! sealing_keys
