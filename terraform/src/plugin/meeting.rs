//! How Terraform and the provider meet: it starts the program, reads one line from it, and calls what that line names.

use super::rpc::Calls;
use crate::provider::Provider;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use std::io::Write;
use std::sync::Arc;
use tokio::sync::Notify;
use tonic::transport::{Identity, Server, ServerTlsConfig};

/// What tells Terraform from a person: not a secret, but in every provider.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

const BY_HAND: &str = "This program is a provider for Terraform, which starts it by itself: see docs/index.md.";

/// An error that ends the program.
pub type Fatal = Box<dyn std::error::Error + Send + Sync>;

/// Serves Terraform until it has no more to ask.
///
/// # Errors
/// Where somebody else started the program, or the system has no socket for it.
pub async fn serve() -> Result<(), Fatal> {
    if std::env::var(COOKIE.0).is_ok_and(|cookie| cookie == COOKIE.1) {
        // An interrupt goes to every process of the terminal. It is Terraform that decides what becomes of the work.
        tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    } else {
        return Err(BY_HAND.into());
    }
    let over = Arc::new(Notify::new());
    let calls = Calls { provider: Arc::new(Provider::new()), over: Arc::clone(&over) };
    let mut server = Server::builder();
    let mut certificate = String::new();
    // Terraform gives its own certificate, unless it is told to do without TLS. It cannot be held against it: it is of
    // a curve that ring does not know. So it is the socket that keeps others out.
    if std::env::var_os("PLUGIN_CLIENT_CERT").is_some() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        certificate = BASE64.encode(made.cert.der());
        let identity = Identity::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
        server = server.tls_config(ServerTlsConfig::new().identity(identity))?;
    }
    let socket = socket::open()?;
    // Version 1 of the way of meeting, 6 of the protocol.
    writeln!(std::io::stdout(), "1|6|{}|grpc|{certificate}", socket.address)?;
    std::io::stdout().flush()?;
    server.serve_with_incoming_shutdown(calls, socket.incoming, over.notified()).await?;
    Ok(())
}

/// In a folder that nobody else may enter.
#[cfg(unix)]
mod socket {
    use super::Fatal;
    use tempfile::TempDir;
    use tokio::net::UnixListener;
    use tokio_stream::wrappers::UnixListenerStream;

    pub struct Socket {
        pub address: String,
        pub incoming: UnixListenerStream,
        /// Removes the folder with it.
        _folder: TempDir,
    }

    pub fn open() -> Result<Socket, Fatal> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("sluice-");
        let folder = match std::env::var_os("PLUGIN_UNIX_SOCKET_DIR") {
            Some(parent) => builder.tempdir_in(parent)?,
            None => builder.tempdir()?,
        };
        let path = folder.path().join("plugin");
        let listener = UnixListener::bind(&path)?;
        let address = format!("unix|{}", path.display());
        Ok(Socket { address, incoming: UnixListenerStream::new(listener), _folder: folder })
    }
}

/// On the machine itself.
#[cfg(not(unix))]
mod socket {
    use super::Fatal;
    use tokio::net::TcpListener;
    use tokio_stream::wrappers::TcpListenerStream;

    pub struct Socket {
        pub address: String,
        pub incoming: TcpListenerStream,
    }

    pub fn open() -> Result<Socket, Fatal> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = format!("tcp|{}", listener.local_addr()?);
        Ok(Socket { address, incoming: TcpListenerStream::new(TcpListener::from_std(listener)?) })
    }
}
