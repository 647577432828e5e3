//! Errors, both ways (PROTOCOLS.md section 7).

use crate::json::json;
use crate::protocol::error_type;
use crate::translate::neutral::Fault;
use crate::translate::wire;
use serde_json::Value;

/// The longest text of an error page that is repeated to a client, in bytes.
const LONGEST_PLAIN: usize = 500;

/// The body of an error as an OpenAI client reads it. All four fields are always there.
pub fn write_fault(fault: &Fault, _request_id: &str) -> Value {
    json!({"error": {
        "message": fault.message,
        "type": error_type::openai(fault.status),
        "param": fault.param,
        "code": fault.code,
    }})
}

/// Reads an upstream's error, whichever compatible vendor's it is. Never fails: a page without words gets some.
pub fn read_fault(status: u16, _error_type: Option<&str>, body: &[u8]) -> Fault {
    match wire::read::<Value>(body) {
        Ok(Value::Array(errors)) => read_body(errors.first().unwrap_or(&Value::Null), status),
        Ok(read) => read_body(&read, status),
        Err(_) => match std::str::from_utf8(body).map(str::trim) {
            Ok(text) if !text.is_empty() && text.len() <= LONGEST_PLAIN && !text.starts_with('<') => {
                Fault::new(status, text)
            }
            _ => speechless(status),
        },
    }
}

fn speechless(status: u16) -> Fault {
    Fault::new(status, format!("the upstream answered with status {status} and did not say why"))
}

/// OpenAI, Azure and Groq nest the error; xAI's `error` is the message and its `code` stands beside; Ollama's is the
/// message alone; others are flat, or have FastAPI's `detail`.
fn read_body(body: &Value, status: u16) -> Fault {
    match body.get("error") {
        Some(error @ Value::Object(_)) => read_error(error, status),
        Some(Value::String(message)) => Fault { code: code(body), ..Fault::new(status, message) },
        _ if body.get("message").is_some() => read_error(body, status),
        _ => match body.get("detail") {
            Some(Value::String(detail)) => Fault::new(status, detail),
            Some(detail @ (Value::Array(_) | Value::Object(_))) => Fault::new(status, detail.to_string()),
            _ => speechless(status),
        },
    }
}

fn read_error(error: &Value, status: u16) -> Fault {
    let text = |key: &str| error.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    Fault {
        status,
        message: text("message").unwrap_or_else(|| speechless(status).message),
        code: code(error),
        param: text("param"),
        retry_after: None,
    }
}

/// The code, or the type where that is all; a number is a status and no code, unless there is nothing else.
fn code(error: &Value) -> Option<String> {
    let text = |key: &str| error.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let number = || error.get("code").and_then(Value::as_u64).map(|number| number.to_string());
    text("code").or_else(|| text("type")).or_else(number)
}

/// The error that a stream, or an answer with status 200, has in its `error`, or is itself; `None` for an `error` that says
/// nothing, as many send with every answer.
pub fn reported(body: &Value) -> Option<Fault> {
    if let Value::Array(bodies) = body {
        return bodies.first().and_then(reported);
    }
    let itself = || Some(body).filter(|body| body.get("object").is_some_and(|object| object == "error"));
    let error = match body.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => itself()?,
        Some(Value::String(words)) if words.is_empty() => itself()?,
        Some(error) => error,
    };
    Some(read_body(body, status_of(error, body)))
}

/// The status that an error stands for.
fn status_of(error: &Value, body: &Value) -> u16 {
    let of = |object: &Value, key: &str| {
        let number = match object.get(key)? {
            Value::Number(number) => number.as_u64()?,
            Value::String(text) => text.parse().ok()?,
            _ => return None,
        };
        u16::try_from(number).ok().filter(|status| (400..600).contains(status))
    };
    let told = ["status", "status_code", "code"].into_iter().find_map(|key| of(error, key).or_else(|| of(body, key)));
    let words = [error.get("code"), error.get("type"), body.get("code")];
    told.or_else(|| words.into_iter().flatten().find_map(|word| status_of_word(word.as_str()?))).unwrap_or(500)
}

fn status_of_word(word: &str) -> Option<u16> {
    match word {
        "invalid_request_error" | "context_length_exceeded" | "content_filter" | "invalid_prompt" => Some(400),
        "authentication_error" | "invalid_api_key" => Some(401),
        "permission_error" => Some(403),
        "not_found_error" | "model_not_found" | "DeploymentNotFound" => Some(404),
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" | "tokens" | "requests" => Some(429),
        "overloaded_error" | "service_unavailable" | "overloaded" => Some(503),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (String, Option<String>, Option<String>) {
        let fault = read_fault(400, None, body.as_bytes());
        assert_eq!(fault.status, 400);
        (fault.message, fault.code, fault.param)
    }

    #[test]
    fn every_vendors_shape_is_read() {
        let some = |text: &str| Some(text.to_owned());
        for (body, message, code, param) in [
            (
                r#"{"error":{"message":"no","type":"invalid_request_error","param":"stop","code":"unsupported_parameter"}}"#,
                "no",
                some("unsupported_parameter"),
                some("stop"),
            ),
            (r#"{"error":{"message":"no","type":"t","param":null,"code":null}}"#, "no", some("t"), None),
            (r#"{"error":{"code":"DeploymentNotFound","message":"no"}}"#, "no", some("DeploymentNotFound"), None),
            (
                r#"{"code":"Client specified an invalid argument","error":"no"}"#,
                "no",
                some("Client specified an invalid argument"),
                None,
            ),
            (
                r#"{"error":{"message":"no","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"x"}}"#,
                "no",
                some("tool_use_failed"),
                None,
            ),
            (r#"{"error":"model not found"}"#, "model not found", None, None),
            (r#"{"error":{"message":"no","code":429}}"#, "no", some("429"), None),
            (
                r#"{"object":"error","message":"no","type":"BadRequestError","code":400}"#,
                "no",
                some("BadRequestError"),
                None,
            ),
            (r#"[{"error":{"message":"no"}}]"#, "no", None, None),
            (r#"{"detail":"Not Found"}"#, "Not Found", None, None),
            ("upstream connect error", "upstream connect error", None, None),
        ] {
            assert_eq!(read(body), (message.to_owned(), code, param), "{body}");
        }
    }

    #[test]
    fn a_page_or_nothing_gets_words() {
        for body in ["", "<html><h1>502</h1></html>", "{}", "null", "{\"error\":{}}", "\u{1}".repeat(600).as_str()] {
            let fault = read_fault(502, None, body.as_bytes());
            assert_eq!(fault.message, "the upstream answered with status 502 and did not say why", "{body}");
        }
    }

    #[test]
    fn an_error_in_a_stream_has_the_status_that_it_stands_for() {
        for (error, status) in [
            (json!({"error": {"message": "slow down", "type": "rate_limit_error"}}), 429),
            (json!({"error": {"message": "no", "code": 402}}), 402),
            (json!({"error": {"message": "no", "code": "529"}}), 529),
            (json!({"error": {"message": "no", "type": "server_error", "code": null}}), 500),
            (json!({"code": "invalid_api_key", "error": "no"}), 401),
            (json!({"error": "boom"}), 500),
        ] {
            assert_eq!(reported(&error).map(|fault| fault.status), Some(status), "{error}");
        }
        let flat = json!([{"object": "error", "message": "no", "type": "BadRequestError", "code": 400}]);
        assert_eq!(reported(&flat).map(|fault| (fault.status, fault.message)), Some((400, "no".into())));
        for nothing in [json!(null), json!(false), json!("")] {
            assert_eq!(reported(&json!({"error": nothing})), None);
        }
        assert_eq!(reported(&json!({"choices": []})), None);
    }

    #[test]
    fn a_client_reads_all_four_fields() {
        let fault = Fault::new(529, "busy").with_code("overloaded_error");
        assert_eq!(
            write_fault(&fault, "req_1"),
            json!({"error": {"message": "busy", "type": "server_error", "param": null, "code": "overloaded_error"}})
        );
    }
}
