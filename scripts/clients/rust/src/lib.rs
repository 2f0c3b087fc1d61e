//! What the programs with cynic and with graphql_client have in common.

use std::future::IntoFuture;

use graphql_ws_client::Client;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::HeaderValue};

/// What a program prints, see README.md.
#[derive(Serialize)]
pub struct Report {
    pub titles: Vec<String>,
    pub whole: (String, String),
    pub outcome: String,
    pub partial: (String, String),
    pub title: Option<String>,
}

impl Report {
    pub fn print(&self) {
        println!("{}", serde_json::to_string(self).unwrap());
    }
}

/// An answer: the id of its stream, what was received of it, and what the server saved.
#[derive(Default)]
pub struct Answer {
    pub stream_id: String,
    received: Vec<u16>,
    pub saved: String,
}

impl Answer {
    /// Replaces the text from `offset` on, which is in UTF-16 code units. What is behind the new text stays.
    pub fn apply_delta(&mut self, offset: usize, text: &str) {
        let delta: Vec<u16> = text.encode_utf16().collect();
        let end = (offset + delta.len()).min(self.received.len());
        self.received.splice(offset..end, delta);
    }

    pub fn texts(self) -> (String, String) {
        (String::from_utf16(&self.received).unwrap(), self.saved)
    }
}

/// The URL of the GraphQL endpoint.
pub fn url() -> String {
    std::env::var("SEGUE_URL").expect("SEGUE_URL is not set")
}

/// Opens a WebSocket for subscriptions.
pub async fn connect() -> Client {
    let mut request = url().replacen("http", "ws", 1).into_client_request().unwrap();
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
    let (connection, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let (client, actor) = Client::build(connection).await.unwrap();
    tokio::spawn(actor.into_future());
    client
}

#[derive(Deserialize)]
struct Response<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

/// Sends a query or a mutation.
pub async fn post<T: DeserializeOwned>(operation: &impl Serialize) -> T {
    let response = reqwest::Client::new().post(url()).json(operation).send().await.unwrap();
    let Response { data, errors } = response.json().await.unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    data.unwrap()
}
