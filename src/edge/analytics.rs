//! Data points for the dataset under the binding `USAGE_ANALYTICS`.

use super::js;
use crate::gateway::analytics::point;
use crate::store::usage::UsageRow;
use js_sys::JSON;
use wasm_bindgen::prelude::*;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    type Dataset;

    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &JsValue) -> Result<(), JsValue>;
}

/// Writes a call's data point. Nobody waits for it, and nobody hears whether it was kept.
pub fn write(env: &Env, row: &UsageRow) {
    if let Err(error) = try_to_write(env, row) {
        js::log_error(&format!("usage: no data point of {}: {error:?}", row.request_id));
    }
}

fn try_to_write(env: &Env, row: &UsageRow) -> Result<(), JsValue> {
    let dataset: Dataset = js::binding(env, "USAGE_ANALYTICS").unwrap_or_default().unchecked_into();
    dataset.write_data_point(&JSON::parse(&point(row).to_string())?)
}
