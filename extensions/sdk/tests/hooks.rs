//! An extension that has every hook, through the envelopes that a host would hand it.

use serde::Deserialize;
use sluice_extension::testing::Configured;
use sluice_extension::{
    Call, Description, Event, EventOutcome, Extension, RequestOutcome, Response, ResponseOutcome, Usage, json,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    budget: u64,
}

/// Refuses once the tokens of all calls are used up.
struct Budget {
    left: u64,
}

impl Extension for Budget {
    type Config = Config;

    fn describe() -> Description {
        Description::new("budget", "1.0.0", &["request", "response", "event", "settle"])
    }

    fn configure(config: Config) -> Result<Self, String> {
        if config.budget == 0 {
            Err("config.budget: must be above 0".to_owned())
        } else {
            Ok(Self { left: config.budget })
        }
    }

    fn request(&mut self, call: &Call, body: sluice_extension::Value) -> RequestOutcome {
        match self.left {
            0 => RequestOutcome::refuse(429, format!("Nothing is left for {}.", call.token_id)).code("budget.used_up"),
            1..10 => RequestOutcome::rewrite(body).retarget("cheap").tag("left", self.left).tag("low", true),
            _ => RequestOutcome::unchanged(),
        }
    }

    fn response(&mut self, _: &Call, response: Response) -> ResponseOutcome {
        if response.status == 200 {
            ResponseOutcome::unchanged()
        } else {
            ResponseOutcome::refuse(503, "No.").code("b.n")
        }
    }

    fn event(&mut self, _: &Call, event: Event) -> EventOutcome {
        match event.name.as_deref() {
            Some("ping") => EventOutcome::drop(),
            Some("bad") => EventOutcome::fail("not this one"),
            _ => EventOutcome::rewrite(json!({"was": event.data})),
        }
    }

    fn settle(&mut self, _: &Call, usage: Usage) {
        self.left = self.left.saturating_sub(usage.input_tokens + usage.output_tokens);
    }
}

#[test]
fn each_hook_gets_its_envelope_and_its_answer_is_told() {
    let mut budget = Configured::<Budget>::with(json!({"budget": 12})).unwrap();
    let body = json!({"model": "m", "seed": 9_007_199_254_740_993_u64});
    assert_eq!(budget.request("responses", body.clone()), None);
    budget.settle(json!({"input_tokens": 2, "output_tokens": 1, "provider": null, "later_member": [1]}));
    assert_eq!(
        budget.request("a_protocol_of_tomorrow", body.clone()).unwrap(),
        json!({"abi": 1, "body": body, "model": "cheap", "tags": {"left": 9, "low": true}})
    );
    budget.settle(json!({"input_tokens": 100}));
    assert_eq!(
        budget.request("responses", body).unwrap(),
        json!({"abi": 1, "refuse": {"status": 429, "message": "Nothing is left for tok_test.", "code": "budget.used_up"}})
    );
    assert_eq!(budget.response("responses", json!({})), None);
    assert_eq!(budget.event("responses", Some("ping"), json!({})).unwrap(), json!({"abi": 1, "drop": true}));
    assert_eq!(budget.event("responses", Some("bad"), json!({})).unwrap(), json!({"abi": 1, "error": "not this one"}));
    assert_eq!(budget.event("responses", None, json!({"a": 1})).unwrap(), json!({"abi": 1, "data": {"was": {"a": 1}}}));
}

#[test]
fn a_configuration_is_refused_in_serdes_words_or_in_the_extensions_own() {
    let refused = |config| Configured::<Budget>::with(config).err().unwrap();
    assert_eq!(refused(json!({"budget": 0})), "config.budget: must be above 0");
    assert!(refused(json!({"budget": "x"})).starts_with("config: invalid type"));
    assert!(refused(json!({"budget": 1, "bugdet": 2})).starts_with("config: unknown field `bugdet`"));
}
