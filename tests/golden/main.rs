//! The golden matrix: each conversation × each pair of protocols, in snapshots that a reader can review.
//!
//! `requests/<client>/<scenario>.json` goes to every upstream, `answers/<upstream>/<scenario>` comes back to every client,
//! whole and streamed. After a change that is meant, `INSTA_UPDATE=always cargo test --test golden` writes them anew; the
//! difference is the review.
#![cfg(test)]

#[cfg(test)]
mod accumulate;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod order;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod usage;
