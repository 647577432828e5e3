//! The Durable Object of one token that has limits: the only writer of its counts, and a thin shell around
//! [`crate::limits`].
//!
//! It is asked by `fetch`, because that is what a class made by wasm-bindgen can answer; `worker`'s macro would wrap the
//! same in types that cost more.

use super::d1::{bound, classified};
use super::system::Platform;
use crate::limits::{Memory, answer};
use crate::ports::{Clock, DbError, ObjectDb, Outcome, Statement};
use js_sys::{Array, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Response};

#[wasm_bindgen]
extern "C" {
    /// What the platform hands to a Durable Object.
    pub type ObjectState;

    #[wasm_bindgen(method, getter)]
    fn storage(this: &ObjectState) -> ObjectStorage;

    /// Its own database.
    pub type ObjectStorage;

    #[wasm_bindgen(method, getter)]
    fn sql(this: &ObjectStorage) -> Sql;

    /// Runs `work` at once, and takes back what it wrote if it throws.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &ObjectStorage,
        work: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    fn delete_all(this: &ObjectStorage) -> Result<Promise, JsValue>;

    type Sql;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Sql, statement: &str, params: Array) -> Result<Rows, JsValue>;

    type Rows;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Rows) -> Result<Array, JsValue>;

    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    fn rows_written(this: &Rows) -> f64;
}

/// The class that `wrangler.toml` names.
#[wasm_bindgen]
pub struct Limiter {
    storage: ObjectStorage,
    sql: Sql,
    memory: Memory,
}

#[wasm_bindgen]
impl Limiter {
    /// Called by the platform.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &ObjectState, _env: JsValue) -> Self {
        let storage = state.storage();
        Self { sql: storage.sql(), storage, memory: Memory::default() }
    }

    /// POST: a message, JSON for JSON. DELETE: forgets everything.
    pub async fn fetch(&self, request: Request) -> Result<Response, JsValue> {
        if request.method() == "DELETE" {
            let deleted = self.storage.delete_all()?;
            self.memory.forget();
            JsFuture::from(deleted).await?;
            return Response::new();
        }
        let message = JsFuture::from(request.text()?).await?.as_string().unwrap_or_default();
        // Nothing awaits from here on: what one message reads, no other has changed when it writes.
        match answer((self, &self.memory), &message, Platform.now()) {
            Ok(said) => Response::new_with_opt_str(Some(&said)),
            Err(error) => Err(js_sys::Error::new(&format!("limiter: {error:?}")).into()),
        }
    }

    fn run(&self, statement: &Statement) -> Result<Outcome, DbError> {
        let params = statement.params.iter().map(bound).collect::<Result<Array, _>>()?;
        let rows = self.sql.exec(statement.sql, params).map_err(|error| refused(&error))?;
        let documents = rows.to_array().map_err(|error| refused(&error))?;
        let first_column = |row: JsValue| Object::values(&Object::from(row)).get(0).as_string().unwrap_or_default();
        Ok(Outcome { rows: documents.iter().map(first_column).collect(), changes: rows.rows_written() as u64 })
    }
}

impl ObjectDb for Limiter {
    fn transaction(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DbError> {
        if let [alone] = statements {
            return Ok(vec![self.run(alone)?]);
        }
        let mut outcomes = Ok(Vec::new());
        let done = self.storage.transaction_sync(&mut || {
            outcomes = statements.iter().map(|statement| self.run(statement)).collect();
            match &outcomes {
                Ok(_) => Ok(JsValue::UNDEFINED),
                Err(error) => Err(JsValue::from_str(&error.to_string())),
            }
        });
        let outcomes = outcomes?;
        done.map(|_| outcomes).map_err(|error| refused(&error))
    }
}

fn refused(error: &JsValue) -> DbError {
    let text = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default();
    classified(&text)
}
