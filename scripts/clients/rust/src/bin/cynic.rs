//! Lists, chats and cancels with cynic.

use cynic::{MutationBuilder, QueryBuilder, SubscriptionBuilder};
use futures_util::StreamExt;
use graphql_ws_client::Client;
use segue_rust_clients::{Answer, Report, connect, post};

#[cynic::schema("segue")]
mod schema {}

#[derive(cynic::QueryFragment)]
#[cynic(graphql_type = "Query")]
struct ListConversations {
    #[arguments(first: 20)]
    conversations: ConversationConnection,
}

#[derive(cynic::QueryFragment)]
struct ConversationConnection {
    edges: Vec<ConversationEdge>,
}

#[derive(cynic::QueryFragment)]
struct ConversationEdge {
    node: Conversation,
}

#[derive(cynic::QueryFragment)]
struct Conversation {
    id: cynic::Id,
    title: Option<String>,
}

#[derive(cynic::InputObject)]
struct StreamChatInput {
    text: String,
    session_id: Option<cynic::Id>,
}

#[derive(cynic::QueryVariables)]
struct ChatVariables {
    input: StreamChatInput,
}

#[derive(cynic::QueryFragment)]
#[cynic(graphql_type = "Subscription", variables = "ChatVariables")]
struct Chat {
    #[arguments(input: $input)]
    stream_chat: ChatEvent,
}

#[derive(cynic::InlineFragments)]
enum ChatEvent {
    StreamStarted(StreamStarted),
    TextDelta(TextDelta),
    StreamFinished(StreamFinished),
    #[cynic(fallback)]
    Other,
}

#[derive(cynic::QueryFragment)]
struct StreamStarted {
    stream_id: Option<cynic::Id>,
}

#[derive(cynic::QueryFragment)]
struct TextDelta {
    offset: i32,
    text: String,
}

#[derive(cynic::QueryFragment)]
struct StreamFinished {
    message: Option<Message>,
}

#[derive(cynic::QueryFragment)]
struct Message {
    text: String,
}

#[derive(cynic::QueryVariables)]
struct CancelVariables {
    stream_id: cynic::Id,
}

#[derive(cynic::QueryFragment)]
#[cynic(graphql_type = "Mutation", variables = "CancelVariables")]
struct Cancel {
    #[arguments(streamId: $stream_id)]
    cancel_stream: Option<CancelStreamPayload>,
}

#[derive(cynic::QueryFragment)]
struct CancelStreamPayload {
    outcome: CancelOutcome,
}

#[derive(cynic::Enum)]
enum CancelOutcome {
    Cancelled,
    AlreadyCancelled,
    AlreadyFinished,
}

#[derive(cynic::InputObject)]
struct UpdateConversationInput {
    pinned: Option<bool>,
    archived: Option<bool>,
    title: Option<String>,
}

#[derive(cynic::QueryVariables)]
struct UpdateVariables {
    id: cynic::Id,
    input: UpdateConversationInput,
}

#[derive(cynic::QueryFragment)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVariables")]
struct Update {
    #[arguments(id: $id, input: $input)]
    update_conversation: Option<PinnedConversation>,
}

#[derive(cynic::QueryFragment)]
#[cynic(graphql_type = "Conversation")]
struct PinnedConversation {
    title: Option<String>,
}

async fn cancel(stream_id: &str) -> String {
    let data: Cancel = post(&Cancel::build(CancelVariables { stream_id: stream_id.into() })).await;
    let outcome = data.cancel_stream.unwrap().outcome;
    serde_json::to_value(outcome).unwrap().as_str().unwrap().into()
}

/// Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome.
async fn chat(client: &Client, text: &str, is_stopped: bool) -> (Answer, String) {
    let input = StreamChatInput { text: text.into(), session_id: None };
    let mut events = client.subscribe(Chat::build(ChatVariables { input })).await.unwrap();
    let mut answer = Answer::default();
    let mut outcome = String::new();
    while let Some(response) = events.next().await {
        match response.unwrap().data.unwrap().stream_chat {
            ChatEvent::StreamStarted(start) => {
                answer.stream_id = start.stream_id.unwrap().into_inner();
            }
            ChatEvent::TextDelta(delta) => {
                answer.apply_delta(delta.offset as usize, &delta.text);
                if is_stopped && outcome.is_empty() {
                    outcome = cancel(&answer.stream_id).await;
                }
            }
            ChatEvent::StreamFinished(end) => answer.saved = end.message.unwrap().text,
            ChatEvent::Other => {}
        }
    }
    (answer, outcome)
}

#[tokio::main]
async fn main() {
    let client = connect().await;
    let list: ListConversations = post(&ListConversations::build(())).await;
    let conversations: Vec<_> = list.conversations.edges.into_iter().map(|edge| edge.node).collect();
    let (whole, _) = chat(&client, "Hello", false).await;
    let (partial, outcome) = chat(&client, "Who are you? Tell me all about yourself.", true).await;

    // What is not set is sent as null, and keeps its value.
    let input = UpdateConversationInput { pinned: Some(true), archived: None, title: None };
    let garden = conversations.iter().find(|node| node.title.as_deref() == Some("Garden")).unwrap();
    let id = garden.id.clone();
    let updated: Update = post(&Update::build(UpdateVariables { id, input })).await;

    let titles = conversations.into_iter().filter_map(|node| node.title).collect();
    let title = updated.update_conversation.unwrap().title;
    Report { titles, whole: whole.texts(), outcome, partial: partial.texts(), title }.print();
}
