//! A whole answer for a client.

use super::draft::{Draft, Ending};
use crate::translate::neutral::{Answer, AnswerPart, Block, Call, CallInput, Reasoned, Reply};
use serde_json::Value;

/// Writes a `Response`.
pub fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let mut draft = Draft::new(reply.clone());
    draft.begin(&answer.begin);
    for part in &answer.parts {
        let (block, text) = match part {
            AnswerPart::Text { text, .. } => (Block::Text, text.as_str()),
            AnswerPart::Refusal(text) => (Block::Refusal, text.as_str()),
            AnswerPart::Reasoning(Reasoned { text, .. }) => (Block::Reasoning, text.as_str()),
            AnswerPart::Call(Call { id, name, input }) => match input {
                CallInput::Json(json) => (Block::Call { id: id.clone(), name: name.clone() }, object(json)),
                CallInput::Text(text) => (Block::FreeformCall { id: id.clone(), name: name.clone() }, text.as_str()),
            },
        };
        if !draft.continues(&block) {
            draft.settle(Ending::Completed);
        }
        draft.open(&block);
        draft.delta(text);
        match part {
            AnswerPart::Text { citations, .. } => citations.iter().for_each(|citation| draft.cite(citation)),
            AnswerPart::Reasoning(Reasoned { signature: Some(signature), .. }) => draft.sign(signature),
            _ => {}
        }
        draft.close_part();
    }
    draft.finished(&answer.finish, answer.usage)
}

/// Arguments are never empty.
fn object(json: &str) -> &str {
    if json.trim().is_empty() { "{}" } else { json }
}
