//! Native integration tests: the control plane and the routing snapshot over the real migrations, on SQLite.
//!
//! One module a resource; a test's name is the sentence it proves. Whatever it asserts is what a user sees: status,
//! body, headers, rows.
#![cfg(test)]
#![expect(clippy::string_slice, reason = "a test that slices amiss fails, and nothing else does")]

#[cfg(test)]
mod access;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod choosing;
#[cfg(test)]
mod d1_away;
#[cfg(test)]
mod data_plane;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod document_000;
#[cfg(test)]
mod document_001;
#[cfg(test)]
mod document_002;
#[cfg(test)]
mod document_003;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod extensions;
#[cfg(test)]
mod fake_extensions;
#[cfg(test)]
mod fake_upstream;
mod field_tables;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hot_path;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod json_schema;
#[cfg(test)]
mod limiter;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod mcp_client;
#[cfg(test)]
mod me_and_health;
#[cfg(test)]
mod models;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod own_keys;
#[cfg(test)]
mod own_keys_in_calls;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod provider_credentials;
#[cfg(test)]
mod provider_deletion;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod request_log;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod resolve;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sealing_keys;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod test_calls;
#[cfg(test)]
mod token_limits;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod under_concurrency;
mod usage;
#[cfg(test)]
mod usage_sinks;
#[cfg(test)]
mod users;
