//! Lists, chats and cancels with graphql_client.

use futures_util::StreamExt;
use graphql_client::GraphQLQuery;
use graphql_ws_client::{Client, graphql::StreamingOperation};
use segue_rust_clients::{Answer, Report, connect, post};

#[derive(GraphQLQuery)]
#[graphql(schema_path = "schema.graphql", query_path = "chat.graphql")]
struct ListConversations;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "schema.graphql", query_path = "chat.graphql")]
struct Chat;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "schema.graphql", query_path = "chat.graphql", response_derives = "Debug")]
struct StopStream;

#[derive(GraphQLQuery)]
#[graphql(schema_path = "schema.graphql", query_path = "chat.graphql")]
struct PinConversation;

async fn cancel(stream_id: &str) -> String {
    let variables = stop_stream::Variables { stream_id: stream_id.into() };
    let data: stop_stream::ResponseData = post(&StopStream::build_query(variables)).await;
    format!("{:?}", data.cancel_stream.unwrap().outcome)
}

/// Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome.
async fn chat(client: &Client, text: &str, is_stopped: bool) -> (Answer, String) {
    let input = chat::StreamChatInput {
        text: text.into(),
        files: None,
        if_busy: None,
        key: None,
        model: None,
        profile: None,
        session_id: None,
    };
    let operation = StreamingOperation::<Chat>::new(chat::Variables { input });
    let mut events = client.subscribe(operation).await.unwrap();
    let mut answer = Answer::default();
    let mut outcome = String::new();
    while let Some(response) = events.next().await {
        let event = response.unwrap().data.unwrap().stream_chat;
        match event.on {
            chat::ChatStreamChatOn::StreamStarted => {
                answer.stream_id = event.stream_id.unwrap();
            }
            chat::ChatStreamChatOn::TextDelta(delta) => {
                answer.apply_delta(delta.offset as usize, &delta.text);
                if is_stopped && outcome.is_empty() {
                    outcome = cancel(&answer.stream_id).await;
                }
            }
            chat::ChatStreamChatOn::StreamFinished(end) => answer.saved = end.message.unwrap().text,
            _ => {}
        }
    }
    (answer, outcome)
}

#[tokio::main]
async fn main() {
    let client = connect().await;
    let list: list_conversations::ResponseData =
        post(&ListConversations::build_query(list_conversations::Variables)).await;
    let conversations: Vec<_> = list.conversations.edges.into_iter().map(|edge| edge.node).collect();
    let (whole, _) = chat(&client, "Hello", false).await;
    let (partial, outcome) = chat(&client, "Who are you? Tell me all about yourself.", true).await;

    // What is not set is sent as null, and keeps its value.
    let garden = conversations.iter().find(|node| node.title.as_deref() == Some("Garden")).unwrap();
    let variables = pin_conversation::Variables {
        id: garden.id.clone(),
        input: pin_conversation::UpdateConversationInput { pinned: Some(true), archived: None, title: None },
    };
    let updated: pin_conversation::ResponseData = post(&PinConversation::build_query(variables)).await;

    let titles = conversations.into_iter().filter_map(|node| node.title).collect();
    let title = updated.update_conversation.unwrap().title;
    Report { titles, whole: whole.texts(), outcome, partial: partial.texts(), title }.print();
}
