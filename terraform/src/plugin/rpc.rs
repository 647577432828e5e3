//! Which call of the protocol is which function.

use super::messages::Empty;
use crate::provider::Provider;
use prost::Message;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower_service::Service;

/// Terraform's own bound of a message.
const LARGEST_MESSAGE: usize = 256 * 1024 * 1024;

/// Every call that Terraform makes.
#[derive(Clone)]
pub struct Calls {
    /// Who answers.
    pub provider: Arc<Provider>,
    /// Told when Terraform has no more to ask.
    pub over: Arc<Notify>,
}

type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

impl Service<http::Request<Body>> for Calls {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answering {
        let Self { provider, over } = self.clone();
        let path = request.uri().path().to_owned();
        if path == "/plugin.GRPCController/Shutdown" {
            return answering(request, async move |_: Empty| {
                over.notify_one();
                Empty {}
            });
        }
        match path.strip_prefix("/tfplugin6.Provider/").unwrap_or_default() {
            "GetMetadata" => answering(request, async move |asked| provider.metadata(asked).await),
            "GetProviderSchema" => answering(request, async move |asked| provider.schema(asked).await),
            "ValidateProviderConfig" => answering(request, async move |asked| provider.validate(asked).await),
            "ConfigureProvider" => answering(request, async move |asked| provider.configure(asked).await),
            "ValidateResourceConfig" => answering(request, async move |asked| provider.validate_resource(asked).await),
            "ValidateDataResourceConfig" => {
                answering(request, async move |asked| provider.validate_data_source(asked).await)
            }
            "UpgradeResourceState" => answering(request, async move |asked| provider.upgrade(asked).await),
            "ReadResource" => answering(request, async move |asked| provider.read_resource(asked).await),
            "PlanResourceChange" => answering(request, async move |asked| provider.plan(asked).await),
            "ApplyResourceChange" => answering(request, async move |asked| provider.apply(asked).await),
            "ImportResourceState" => answering(request, async move |asked| provider.import(asked).await),
            "ReadDataSource" => answering(request, async move |asked| provider.read_data_source(asked).await),
            // Of functions there are none.
            "GetFunctions" => answering(request, async move |_: Empty| Empty {}),
            "StopProvider" => answering(request, async move |asked| provider.stop(asked).await),
            _ => Box::pin(async { Ok(Status::unimplemented("the provider has no such call").into_http()) }),
        }
    }
}

fn answering<Q, A, F, W>(request: http::Request<Body>, answer: F) -> Answering
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
    F: FnOnce(Q) -> W + Send + 'static,
    W: Future<Output = A> + Send + 'static,
{
    let mut grpc = Grpc::new(ProstCodec::<A, Q>::default()).max_decoding_message_size(LARGEST_MESSAGE);
    Box::pin(async move { Ok(grpc.unary(Once(Some(answer)), request).await) })
}

/// A function that answers one request.
struct Once<F>(Option<F>);

impl<Q, A, F, W> Service<Request<Q>> for Once<F>
where
    A: Send + 'static,
    F: FnOnce(Q) -> W + Send + 'static,
    W: Future<Output = A> + Send + 'static,
{
    type Response = Response<A>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        match self.0.take() {
            Some(answer) => {
                let answer = answer(request.into_inner());
                Box::pin(async move { Ok(Response::new(answer.await)) })
            }
            None => Box::pin(async { Err(Status::internal("one request was answered twice")) }),
        }
    }
}
