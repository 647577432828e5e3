use super::*;
use crate::translate::anthropic::golden::origin;
use serde_json::json;

#[test]
fn an_error_in_a_200_body_is_one_and_so_is_a_body_that_is_no_message() {
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    assert_eq!(read_answer(error, &origin()).expect_err("a fault").status, 529);
    for body in [json!([]), json!({}), json!({"content": "text"})] {
        let fault = read_answer(body, &origin()).expect_err("a fault");
        assert_eq!((fault.status, fault.code.as_deref()), (502, Some("upstream.malformed")));
    }
}

#[test]
fn a_call_keeps_its_numbers_and_gets_an_id_that_every_client_takes() {
    let body: Value = serde_json::from_str(
        r#"{"content":[{"type":"tool_use","id":"a.b","name":"f","input":{"n":1.0}},{"type":"tool_use","name":"g"}],
            "stop_reason":"tool_use"}"#,
    )
    .expect("JSON");
    let answer = read_answer(body, &origin()).expect("an answer");
    let [AnswerPart::Call(one), AnswerPart::Call(two)] = answer.parts.as_slice() else { panic!("{:?}", answer.parts) };
    assert_eq!(one.input, CallInput::Json(r#"{"n":1.0}"#.into()));
    assert_eq!(two.input, CallInput::Json("{}".into()));
    assert!(one.id.starts_with("call_") && two.id.starts_with("call_") && one.id != two.id);
}

#[test]
fn a_thoughts_whole_block_is_its_proof() {
    let block = json!({"type": "thinking", "thinking": "t", "signature": "s", "extra": 1});
    let answer = read_answer(json!({"content": [block.clone()]}), &origin()).expect("an answer");
    let AnswerPart::Reasoning(reasoned) = &answer.parts[0] else { panic!("{:?}", answer.parts) };
    let signature = reasoned.signature.as_ref().expect("signed");
    assert_eq!(signature.payload_for(Protocol::AnthropicMessages, "aip_golden"), Some(block));
}
