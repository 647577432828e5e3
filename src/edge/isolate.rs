//! The isolate's state: a cache of plain data, shared by every request that this isolate serves.

use super::js;
use crate::deployment::Deployment;
use crate::discovery::Catalogues;
use crate::gateway::cache::Cache;
use crate::gateway::ledger::Ledger;
use crate::gateway::plan::ChatOnly;
use crate::gateway::settlements::Settlements;
use crate::refusal::Refusal;
use crate::routing::breaker::Breaker;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use worker::Env;

thread_local! {
    static DEPLOYMENT: OnceCell<Result<Rc<Deployment>, Refusal>> = const { OnceCell::new() };
    static CACHE: Rc<RefCell<Cache>> = Rc::default();
    static CHAT_ONLY: Rc<RefCell<ChatOnly>> = Rc::default();
    static CATALOGUES: Rc<RefCell<Catalogues>> = Rc::default();
    static BREAKER: RefCell<Breaker> = RefCell::default();
    static LEDGER: RefCell<Ledger> = RefCell::default();
    static SETTLEMENTS: RefCell<Settlements> = RefCell::default();
}

/// The deployment's configuration. Read once: changing a variable or a secret starts new isolates.
pub fn deployment(env: &Env) -> Result<Rc<Deployment>, Refusal> {
    let read = |name: &str| js::binding(env, name).map(|value| js::text_of(&value));
    DEPLOYMENT.with(|cell| cell.get_or_init(|| Deployment::load(read).map(Rc::new)).clone())
}

/// What the isolate knows of callers and projects.
pub fn cache() -> Rc<RefCell<Cache>> {
    CACHE.with(Rc::clone)
}

/// The providers that turned out to have no Responses endpoint.
pub fn chat_only() -> Rc<RefCell<ChatOnly>> {
    CHAT_ONLY.with(Rc::clone)
}

/// What upstreams have listed lately.
pub fn catalogues() -> Rc<RefCell<Catalogues>> {
    CATALOGUES.with(Rc::clone)
}

/// Which candidates failed of late.
pub fn breaker<T>(work: impl FnOnce(&mut Breaker) -> T) -> T {
    BREAKER.with(|breaker| work(&mut breaker.borrow_mut()))
}

/// The isolate's unwritten usage rows.
pub fn ledger<T>(work: impl FnOnce(&mut Ledger) -> T) -> T {
    LEDGER.with(|ledger| work(&mut ledger.borrow_mut()))
}

/// The calls whose limiters are still to be told that they are over.
pub fn settlements<T>(work: impl FnOnce(&mut Settlements) -> T) -> T {
    SETTLEMENTS.with(|settlements| work(&mut settlements.borrow_mut()))
}
