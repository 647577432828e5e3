use super::*;
use crate::translate::neutral::Fault;

#[test]
fn every_vendors_error_body_is_read() {
    for (body, message, code, param) in [
        (
            json!({"error": {"message": "m", "type": "invalid_request_error", "param": "input", "code": "context_length_exceeded"}}),
            "m",
            Some("context_length_exceeded"),
            Some("input"),
        ),
        (
            json!({"error": {"message": "m", "type": "invalid_request_error", "param": null, "code": null}}),
            "m",
            Some("invalid_request_error"),
            None,
        ),
        (
            json!({"code": "Client specified an invalid argument", "error": "m"}),
            "m",
            Some("Client specified an invalid argument"),
            None,
        ),
        (json!({"error": {"code": 429, "message": "m"}}), "m", Some("429"), None),
        (json!({"error": "m"}), "m", None, None),
        (json!({"message": "m"}), "m", None, None),
        (json!({"detail": "m"}), "m", None, None),
    ] {
        let fault = read_fault(400, None, body.to_string().as_bytes());
        assert_eq!(fault.status, 400);
        assert_eq!(
            (fault.message.as_str(), fault.code.as_deref(), fault.param.as_deref()),
            (message, code, param),
            "{body}"
        );
    }
}

#[test]
fn what_is_no_json_gives_words_too() {
    for body in ["", "<html><body>502</body></html>", "{\"error\":", "{}"] {
        assert_eq!(read_fault(502, None, body.as_bytes()).message, "the upstream answered 502 without an explanation");
    }
    assert_eq!(read_fault(503, None, b"no healthy upstream\n").message, "no healthy upstream");
    assert_eq!(read_fault(503, Some("X"), b"").code.as_deref(), Some("X"));
}

#[test]
fn an_error_body_has_the_four_members_that_the_sdks_require() {
    let mut fault = Fault::new(429, "m").with_code("RESOURCE_EXHAUSTED");
    fault.param = Some("model".into());
    assert_eq!(
        write_fault(&fault, "req_1"),
        json!({"error": {"message": "m", "type": "rate_limit_error", "param": "model", "code": "RESOURCE_EXHAUSTED"}})
    );
}
