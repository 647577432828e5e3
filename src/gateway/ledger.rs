//! Usage rows that wait to be written together (SPEC section 8: group commit).

use crate::domain::timestamp::Timestamp;
use crate::store::usage::UsageRow;
use std::time::Duration;

/// How long the first row of a group waits for others; the write itself comes on top, within SPEC's 250 ms.
pub const GROUP_WAIT: Duration = Duration::from_millis(200);

/// Rows held back at most while D1 is away; beyond it the oldest are given up, and the log says how many.
const MOST_HELD: usize = 10_000;

/// Of these, the newest that keep what their attempts said, which may be some KB a call.
const MOST_HELD_WHOLE: usize = 1000;

/// How long a writer may take, its tries included. After that it counts as gone: the platform may end a request at any
/// time, and rows that wait for it would wait for ever.
const WRITER_LEASE_MS: i64 = 10_000;

/// What the caller that added a row has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// It opened the group: wait [`GROUP_WAIT`], then take the rows and write them.
    Write,
    /// Another call writes the group.
    None,
}

/// The isolate's rows that are not yet written.
#[derive(Debug, Default)]
pub struct Ledger {
    waiting: Vec<UsageRow>,
    /// Since when somebody has the duty to write them.
    writer: Option<Timestamp>,
}

impl Ledger {
    /// Adds a row.
    pub fn add(&mut self, row: UsageRow, now: Timestamp) -> Duty {
        self.waiting.push(row);
        self.claim(now)
    }

    fn claim(&mut self, now: Timestamp) -> Duty {
        if self.writer.is_some_and(|since| now.ms_since(since) < WRITER_LEASE_MS) {
            return Duty::None;
        }
        self.writer = Some(now);
        Duty::Write
    }

    /// Takes the group. The next row opens another one.
    pub fn take(&mut self) -> Vec<UsageRow> {
        self.writer = None;
        std::mem::take(&mut self.waiting)
    }

    /// Takes back rows that could not be written, for the next group; says how many had to be given up.
    pub fn hold(&mut self, mut rows: Vec<UsageRow>) -> usize {
        rows.append(&mut self.waiting);
        let lost = rows.len().saturating_sub(MOST_HELD);
        rows.drain(..lost);
        rows.iter_mut().rev().skip(MOST_HELD_WHOLE).for_each(|row| row.attempts_log = Vec::new());
        self.waiting = rows;
        lost
    }

    /// Takes the duty for rows that nobody is about to write.
    pub fn adopt(&mut self, now: Timestamp) -> Duty {
        if self.waiting.is_empty() { Duty::None } else { self.claim(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::requests::AttemptRow;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn row(id: usize) -> UsageRow {
        UsageRow {
            request_id: format!("req_{id}"),
            project_id: "prj_1".into(),
            created_at: 0,
            token_id: None,
            user_id: None,
            provider_id: None,
            provider_name: None,
            model_id: None,
            model: None,
            requested_model: None,
            protocol: "responses",
            upstream_protocol: None,
            streamed: false,
            status: 200,
            error_code: None,
            attempts: 1,
            input_tokens: 0,
            output_tokens: 0,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
            reasoning_tokens: 0,
            cost_nano_usd: 0,
            billed_nano_usd: 0,
            priced: false,
            estimated: false,
            latency_ms: 0,
            first_byte_ms: None,
            limited: false,
            attempts_log: Vec::new(),
        }
    }

    #[test]
    fn the_first_row_of_a_group_has_the_duty_and_the_others_ride_along() {
        let mut ledger = Ledger::default();
        assert_eq!([ledger.add(row(1), NOW), ledger.add(row(2), NOW)], [Duty::Write, Duty::None]);
        assert_eq!(ledger.take().len(), 2);
        assert_eq!(ledger.add(row(3), NOW), Duty::Write);
    }

    #[test]
    fn a_writer_that_never_came_back_is_replaced_and_its_group_is_not_lost() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.add(row(1), NOW), Duty::Write);
        assert_eq!(ledger.add(row(2), Timestamp::from_ms(NOW.ms() + WRITER_LEASE_MS - 1)), Duty::None);
        assert_eq!(ledger.add(row(3), Timestamp::from_ms(NOW.ms() + WRITER_LEASE_MS)), Duty::Write);
        assert_eq!(ledger.take().len(), 3);
    }

    #[test]
    fn rows_that_could_not_be_written_go_with_the_next_group_in_their_order() {
        let mut ledger = Ledger::default();
        ledger.add(row(1), NOW);
        let group = ledger.take();
        assert_eq!(ledger.add(row(2), NOW), Duty::Write);
        assert_eq!(ledger.hold(group), 0);
        let ids: Vec<_> = ledger.take().into_iter().map(|row| row.request_id).collect();
        assert_eq!(ids, ["req_1", "req_2"]);
    }

    #[test]
    fn an_abandoned_group_finds_a_writer() {
        let mut ledger = Ledger::default();
        ledger.add(row(1), NOW);
        let group = ledger.take();
        ledger.hold(group);
        assert_eq!([ledger.adopt(NOW), ledger.adopt(NOW)], [Duty::Write, Duty::None]);
    }

    #[test]
    fn of_many_rows_that_are_held_the_newest_keep_their_attempts() {
        let attempt = AttemptRow {
            attempt: 1,
            created_at: 0,
            provider_id: None,
            model_id: None,
            status: Some(500),
            error_code: None,
            error_message: None,
            latency_ms: 0,
        };
        let failed = |id| UsageRow { attempts_log: vec![attempt.clone()], ..row(id) };
        let mut ledger = Ledger::default();
        ledger.hold((0..MOST_HELD_WHOLE + 2).map(failed).collect());
        let whole: Vec<_> = ledger.take().iter().map(|row| row.attempts_log.len()).collect();
        assert_eq!((whole.len(), whole.iter().sum::<usize>()), (MOST_HELD_WHOLE + 2, MOST_HELD_WHOLE));
        assert_eq!(whole.first(), Some(&0));
    }

    #[test]
    fn what_is_held_is_bounded_and_what_is_lost_is_counted() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.hold((0..MOST_HELD + 3).map(row).collect()), 3);
        assert_eq!(ledger.take().first().map(|row| row.request_id.clone()), Some("req_3".into()));
    }
}
