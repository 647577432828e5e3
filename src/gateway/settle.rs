//! The last phase: one usage row for every admitted call, however it went, and a row for each of its attempts where one
//! failed.

use super::admit::Admitted;
use super::answer::Counted;
use super::door::Work;
use super::limit::Limited;
use crate::domain::ids::RequestId;
use crate::domain::protocol::Protocol;
use crate::domain::timestamp::Timestamp;
use crate::domain::usage::TokenCounts;
use crate::refusal::Reason;
use crate::routing::{Candidate, RoutedProvider};
use crate::store::models::PricesRow;
use crate::store::requests::AttemptRow;
use crate::store::usage::UsageRow;
use std::rc::Rc;

/// What is known of a call's consumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumed {
    /// As the upstream reported it.
    Reported(TokenCounts),
    /// Reckoned from what was relayed, because the upstream had no chance to report.
    Estimated(TokenCounts),
    /// Nothing: the upstream refused, or was never reached, or did not say.
    Nothing,
}

/// Bytes of JSON text that make a token, roughly (PROTOCOLS.md section 10).
const BYTES_PER_TOKEN: u64 = 4;

/// The most that a row holds of any count.
const MOST_TOKENS: u64 = (1 << 53) - 1;

impl Consumed {
    /// What a stream that was cut short consumed. `input` is its input as reckoned; `reported` is what the upstream said before the end, if anything;
    /// its output count may be from the beginning, so the text that was relayed counts where it says more.
    pub fn of_cut_stream(reported: Option<TokenCounts>, input: u64, text_bytes: u64) -> Self {
        let output = text_bytes.div_ceil(BYTES_PER_TOKEN);
        match reported {
            Some(counts) if counts.output >= output => Self::Reported(counts),
            Some(counts) => Self::Estimated(TokenCounts { output, ..counts }),
            None => Self::Estimated(TokenCounts { input, output, ..TokenCounts::default() }),
        }
    }

    /// What a whole answer consumed; reckoned where the upstream counts nothing, as its streamed twin is. Counting tokens
    /// costs nothing.
    pub fn of_answer(work: Work, counted: Counted, input: u64) -> Self {
        match (work, counted) {
            (Work::CountTokens, _) => Self::Nothing,
            (_, Counted::Reported(counts)) => Self::Reported(counts),
            (_, Counted::Unreported { text_bytes }) => Self::of_cut_stream(None, input, text_bytes),
        }
    }

    /// What a call consumed that brought no answer: its input, where the client left while an upstream was at work on it.
    pub fn of_refused(work: Work, reason: Reason, attempts: u32, input: u64) -> Self {
        match (work, reason, attempts) {
            (Work::Generate | Work::Embed, Reason::ClientClosed, 1..) => Self::of_cut_stream(None, input, 0),
            _ => Self::Nothing,
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The status that the client got; 499 where it had left.
    pub status: u16,
    /// Why it failed, if it did.
    pub error: Option<Reason>,
    /// What it consumed.
    pub consumed: Consumed,
}

/// A call in the making: what is known at once, and what is learnt on the way.
#[derive(Debug, Clone)]
pub struct Record {
    /// The request.
    pub request: RequestId,
    /// When it began.
    pub started: Timestamp,
    /// What the client asked for.
    pub requested_model: Option<String>,
    /// Who serves it.
    pub candidate: Option<Candidate>,
    /// Whose path a raw pass-through took, which has no model.
    pub provider: Option<Rc<RoutedProvider>>,
    /// Whether the answer is a stream.
    pub streamed: bool,
    /// In which dialect the upstream was asked.
    pub upstream_protocol: Option<Protocol>,
    /// Upstream calls made.
    pub attempts: u32,
    /// When the upstream's headers came.
    pub first_byte: Option<Timestamp>,
    /// Its input tokens, as reckoned, for an upstream that does not say.
    pub input_tokens: u64,
    /// What the token's limiter said, if it was asked: whatever it said, it is told when the call is over.
    pub limited: Option<Limited>,
    /// When the upstream call began that is under way.
    calling: Option<Timestamp>,
    /// With which status its upstream has answered.
    answered: Option<u16>,
    /// The attempts that failed.
    failed: Vec<AttemptRow>,
}

/// The most characters that an attempt's row has of a message.
const LONGEST_MESSAGE: usize = 500;

impl Record {
    /// A call of which nothing is known yet but that it began.
    pub fn new(request: RequestId, started: Timestamp) -> Self {
        Self {
            request,
            started,
            requested_model: None,
            candidate: None,
            provider: None,
            streamed: false,
            upstream_protocol: None,
            attempts: 0,
            first_byte: None,
            input_tokens: 0,
            limited: None,
            calling: None,
            answered: None,
            failed: Vec::new(),
        }
    }

    /// An upstream call begins.
    pub fn calls(&mut self, now: Timestamp) {
        self.attempts += 1;
        self.calling = Some(now);
        self.first_byte = None;
        self.answered = None;
    }

    /// Its upstream's headers are here.
    pub fn answers(&mut self, status: u16, now: Timestamp) {
        self.first_byte = Some(now);
        self.answered = Some(status);
    }

    /// It brought no answer, or one that broke off. `message` holds no credential.
    pub fn failed(&mut self, reason: Reason, message: &str, now: Timestamp) {
        if let Some(began) = self.calling.take() {
            let row = self.attempt(began, Some(reason), Some(message), now);
            self.failed.push(row);
        }
    }

    fn attempt(&self, began: Timestamp, error: Option<Reason>, message: Option<&str>, now: Timestamp) -> AttemptRow {
        AttemptRow {
            attempt: i64::from(self.attempts),
            created_at: began.ms(),
            provider_id: self.served_by().map(|provider| provider.id().as_str().to_owned()),
            model_id: self.candidate.as_ref().map(|candidate| candidate.model.id().as_str().to_owned()),
            status: self.answered.map(i64::from),
            error_code: error.map(|reason| reason.code().to_owned()),
            error_message: message.map(|message| message.chars().take(LONGEST_MESSAGE).collect()),
            latency_ms: now.ms_since(began),
        }
    }

    /// What was tried; nothing where the first attempt was all it took.
    fn attempts_log(&self, ending: Ending, now: Timestamp) -> Vec<AttemptRow> {
        let mut log = self.failed.clone();
        if let Some(began) = self.calling
            && (!log.is_empty() || ending.error.is_some())
        {
            log.push(self.attempt(began, ending.error, None, now));
        }
        log
    }

    fn served_by(&self) -> Option<&Rc<RoutedProvider>> {
        self.candidate.as_ref().map(|candidate| &candidate.provider).or(self.provider.as_ref())
    }

    /// The row. `door` is the endpoint's name.
    pub fn settle(&self, admitted: &Admitted, door: &'static str, ending: Ending, now: Timestamp) -> UsageRow {
        let (tokens, estimated) = match ending.consumed {
            Consumed::Reported(tokens) => (tokens, false),
            Consumed::Estimated(tokens) => (tokens, true),
            Consumed::Nothing => (TokenCounts::default(), false),
        };
        // Beyond 2^63 SQLite would read the number as a float, and refuse the row and all that are written with it.
        let [input, output, cache_read, cache_write, reasoning] =
            [tokens.input, tokens.output, tokens.cache_read, tokens.cache_write, tokens.reasoning]
                .map(|count| count.min(MOST_TOKENS));
        let candidate = self.candidate.as_ref();
        let provider = self.served_by();
        let stored = candidate.map(|candidate| candidate.model.prices());
        let prices = stored.map(PricesRow::prices).unwrap_or_default();
        let cost = prices.cost(&tokens);
        let holder = admitted.holder();
        UsageRow {
            request_id: self.request.as_str().to_owned(),
            project_id: admitted.snapshot.project.as_str().to_owned(),
            created_at: self.started.ms(),
            token_id: holder.map(|holder| holder.id.as_str().to_owned()),
            user_id: holder.and_then(|holder| holder.user.as_ref()).map(|user| user.as_str().to_owned()),
            provider_id: provider.map(|provider| provider.id().as_str().to_owned()),
            provider_name: provider.map(|provider| provider.name().to_owned()),
            model_id: candidate.map(|c| c.model.id().as_str().to_owned()),
            model: candidate.map(|c| c.model.model().to_owned()),
            // A client may send anything; the row keeps as much of it as a name has.
            requested_model: self.requested_model.as_ref().map(|model| model.chars().take(300).collect()),
            protocol: door,
            upstream_protocol: self.upstream_protocol.map(Protocol::as_str),
            streamed: self.streamed,
            status: ending.status,
            error_code: ending.error.map(Reason::code),
            attempts: self.attempts,
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: cache_read,
            cache_write_tokens: cache_write,
            reasoning_tokens: reasoning,
            cost_nano_usd: cost,
            billed_nano_usd: stored.map_or(cost, |stored| stored.multiplier().scale(cost)),
            priced: prices.input.is_some() && prices.output.is_some(),
            estimated,
            latency_ms: now.ms_since(self.started),
            first_byte_ms: self.first_byte.map(|at| at.ms_since(self.started)),
            limited: self.limited.is_some(),
            attempts_log: self.attempts_log(ending, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn record() -> Record {
        Record::new(RequestId::parse("req_0123456789abcdef").expect("an id"), at(0))
    }

    const FINE: Ending = Ending { status: 200, error: None, consumed: Consumed::Nothing };

    #[test]
    fn a_call_that_goes_well_at_once_has_no_rows_of_attempts() {
        let mut record = record();
        record.calls(at(1));
        record.answers(200, at(2));
        assert_eq!(record.attempts_log(FINE, at(3)), []);
    }

    #[test]
    fn each_attempt_of_a_call_that_went_wrong_first_has_its_row() {
        let mut record = record();
        record.calls(at(1));
        record.answers(429, at(4));
        record.failed(Reason::UpstreamError, &"slow down ".repeat(100), at(5));
        record.calls(at(6));
        record.failed(Reason::UpstreamUnreachable, "no route", at(8));
        record.calls(at(9));
        record.answers(200, at(10));
        let log = record.attempts_log(FINE, at(19));
        let told: Vec<_> =
            log.iter().map(|row| (row.attempt, row.status, row.error_code.as_deref(), row.latency_ms)).collect();
        assert_eq!(
            told,
            [
                (1, Some(429), Some("upstream.error"), 4),
                (2, None, Some("upstream.unreachable"), 2),
                (3, Some(200), None, 10),
            ]
        );
        let message = log.first().and_then(|row| row.error_message.clone()).unwrap_or_default();
        assert_eq!((message.starts_with("slow down"), message.chars().count()), (true, LONGEST_MESSAGE));
    }

    #[test]
    fn a_call_that_fails_at_once_or_half_way_has_one_row() {
        let mut record = record();
        record.calls(at(1));
        record.answers(200, at(2));
        let gone = Ending { status: 499, error: Some(Reason::ClientClosed), consumed: Consumed::Nothing };
        let log = record.attempts_log(gone, at(7));
        assert_eq!(log.len(), 1);
        assert_eq!(
            log.first().map(|row| (row.status, row.error_code.as_deref())),
            Some((Some(200), Some("client.closed")))
        );
        record.failed(Reason::UpstreamTruncated, "broke off", at(8));
        let broke = Ending { status: 200, error: Some(Reason::UpstreamTruncated), consumed: Consumed::Nothing };
        let log = record.attempts_log(broke, at(9));
        assert_eq!(log.len(), 1);
        assert_eq!(log.first().and_then(|row| row.error_message.as_deref()), Some("broke off"));
    }

    #[test]
    fn an_answer_without_counts_is_reckoned_as_its_streamed_twin_is() {
        let silent = Counted::Unreported { text_bytes: 10 };
        let reckoned = Consumed::Estimated(TokenCounts { input: 1000, output: 3, ..TokenCounts::default() });
        assert_eq!(Consumed::of_answer(Work::Generate, silent, 1000), reckoned);
        let counts = TokenCounts { input: 9, output: 1, ..TokenCounts::default() };
        assert_eq!(Consumed::of_answer(Work::Embed, Counted::Reported(counts), 1000), Consumed::Reported(counts));
        assert_eq!(Consumed::of_answer(Work::CountTokens, silent, 1000), Consumed::Nothing);
    }

    #[test]
    fn a_client_that_left_pays_for_the_input_that_an_upstream_was_given() {
        let input = Consumed::Estimated(TokenCounts { input: 1000, ..TokenCounts::default() });
        assert_eq!(Consumed::of_refused(Work::Generate, Reason::ClientClosed, 1, 1000), input);
        assert_eq!(Consumed::of_refused(Work::Generate, Reason::ClientClosed, 0, 1000), Consumed::Nothing);
        assert_eq!(Consumed::of_refused(Work::Generate, Reason::UpstreamTimeout, 2, 1000), Consumed::Nothing);
        assert_eq!(Consumed::of_refused(Work::CountTokens, Reason::ClientClosed, 1, 1000), Consumed::Nothing);
    }

    #[test]
    fn a_cut_stream_is_charged_what_was_reported_or_else_what_was_relayed() {
        let early = TokenCounts { input: 100, output: 1, cache_read: 7, ..TokenCounts::default() };
        assert_eq!(
            Consumed::of_cut_stream(Some(early), 1000, 400),
            Consumed::Estimated(TokenCounts { output: 100, ..early })
        );
        let late = TokenCounts { output: 120, ..early };
        assert_eq!(Consumed::of_cut_stream(Some(late), 1000, 400), Consumed::Reported(late));
        assert_eq!(
            Consumed::of_cut_stream(None, 1000, 10),
            Consumed::Estimated(TokenCounts { input: 1000, output: 3, ..TokenCounts::default() })
        );
    }
}
