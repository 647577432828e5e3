//! under_concurrency
