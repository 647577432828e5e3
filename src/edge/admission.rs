//! Lets a caller in by what the isolate, D1 or a copy knows of it, and has it read again beside its call when that is due.

use super::d1::ImpatientD1;
use super::isolate;
use super::request::Incoming;
use super::shelf::CacheShelf;
use super::system::Platform;
use crate::deployment::Deployment;
use crate::gateway::admit::{self, Admission, Admitted, Presented, Renewal};
use crate::gateway::cache::Cache;
use crate::gateway::replicas::Replicas;
use crate::ports::{Db, Shelf};
use crate::refusal::Refusal;
use std::cell::RefCell;
use std::rc::Rc;
use worker::{Context, Env};

/// Lets the request's sender in.
pub async fn admit(
    incoming: &Incoming,
    env: &Env,
    context: &Rc<Context>,
    deployment: &Rc<Deployment>,
) -> Result<Admitted, Refusal> {
    let presented = Presented {
        authorization: incoming.header("authorization"),
        x_api_key: incoming.header("x-api-key"),
        project: incoming.header("x-sluice-project"),
    };
    let admission = read(env, context, deployment, async |sources, cache| {
        admit::admit(sources, deployment, cache, presented, incoming.started).await
    });
    let Admission { admitted, renewal } = admission.await?;
    if let Some(renewal) = renewal {
        renew(env, context, deployment, renewal);
    }
    Ok(admitted)
}

/// Held by the call that was told of it, and waited for by none.
fn renew(env: &Env, context: &Rc<Context>, deployment: &Rc<Deployment>, renewal: Renewal) {
    let (env, held, deployment) = (env.clone(), Rc::clone(context), Rc::clone(deployment));
    context.wait_until(async move {
        read(&env, &held, &deployment, async |sources, cache| renewal.run(sources, &deployment, cache).await).await;
    });
}

async fn read<T>(
    env: &Env,
    context: &Context,
    deployment: &Deployment,
    work: impl AsyncFnOnce((&dyn Db, &dyn Shelf), &RefCell<Cache>) -> T,
) -> T {
    let (cache, primary, lag) = (isolate::cache(), ImpatientD1(env), deployment.replica_lag);
    let replicas = Replicas { sessions: &primary, cache: &cache, clock: &Platform, lag };
    let database: &dyn Db = if lag.is_zero() { &primary } else { &replicas };
    work((database, &CacheShelf(context)), &cache).await
}
