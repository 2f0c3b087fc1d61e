import java.net.URI;
import java.util.UUID;
import org.springframework.graphql.client.DgsGraphQlClient;
import org.springframework.graphql.client.WebSocketGraphQlClient;
import org.springframework.web.reactive.socket.client.ReactorNettyWebSocketClient;
import segue.client.CancelStreamGraphQLQuery;
import segue.client.CancelStreamProjectionRoot;
import segue.client.ConversationsGraphQLQuery;
import segue.client.ConversationsProjectionRoot;
import segue.client.StreamChatGraphQLQuery;
import segue.client.StreamChatProjectionRoot;
import segue.client.UpdateConversationGraphQLQuery;
import segue.client.UpdateConversationProjectionRoot;
import segue.types.CancelStreamPayload;
import segue.types.ChatEvent;
import segue.types.Conversation;
import segue.types.ConversationConnection;
import segue.types.ConversationEdge;
import segue.types.StreamChatInput;
import segue.types.StreamFinished;
import segue.types.TextDelta;
import segue.types.UpdateConversationInput;

/** Lists, chats and cancels with the classes that DGS generates, all over one WebSocket. */
public class DgsChat {
  private final WebSocketGraphQlClient socket;
  private final DgsGraphQlClient client;

  DgsChat(String url) {
    var socketUrl = URI.create(url.replaceFirst("http", "ws"));
    socket = WebSocketGraphQlClient.create(socketUrl, new ReactorNettyWebSocketClient());
    client = DgsGraphQlClient.create(socket);
  }

  /** Reads an answer to its end. If it is to be stopped, cancels it after its first words. */
  private Answer chat(String text, boolean isStopped) {
    var answer = new Answer();
    var input = StreamChatInput.newBuilder().text(text).key(UUID.randomUUID().toString()).build();
    // The type of each event tells its class.
    var fields = new StreamChatProjectionRoot<>()
        .__typename().streamId()
        .onTextDelta().partIndex().offset().text().getParent()
        .onStreamFinished().message().text().getRoot();
    var events = client.request(StreamChatGraphQLQuery.newRequest().input(input).build())
        .projection(fields)
        .retrieveSubscription()
        .toEntity(ChatEvent.class);
    for (var event : events.toIterable()) {
      if (event instanceof TextDelta delta) {
        answer.applyDelta(delta.getOffset(), delta.getText());
        if (isStopped && answer.outcome.isEmpty()) answer.outcome = cancel(event.getStreamId());
      } else if (event instanceof StreamFinished end) {
        answer.saved = end.getMessage().getText();
      }
    }
    return answer;
  }

  private String cancel(String streamId) {
    return client.request(CancelStreamGraphQLQuery.newRequest().streamId(streamId).build())
        .projection(new CancelStreamProjectionRoot<>().outcome())
        .retrieve()
        .toEntity(CancelStreamPayload.class)
        .block()
        .getOutcome()
        .name();
  }

  void run() {
    var conversations = client.request(ConversationsGraphQLQuery.newRequest().first(20).build())
        .projection(new ConversationsProjectionRoot<>().edges().node().id().title().getRoot())
        .retrieve()
        .toEntity(ConversationConnection.class)
        .block()
        .getEdges()
        .stream()
        .map(ConversationEdge::getNode)
        .toList();
    var whole = chat("Hello", false);
    var partial = chat("Who are you? Tell me all about yourself.", true);

    // What is not set is sent as null, and keeps its value.
    var garden = conversations.stream().filter(node -> "Garden".equals(node.getTitle())).findFirst().orElseThrow();
    var input = UpdateConversationInput.newBuilder().pinned(true).title(null).build();
    var updated = client.request(UpdateConversationGraphQLQuery.newRequest().id(garden.getId()).input(input).build())
        .projection(new UpdateConversationProjectionRoot<>().title())
        .retrieve()
        .toEntity(Conversation.class)
        .block();

    socket.stop().block();
    Report.print(conversations.stream().map(Conversation::getTitle).toList(), whole, partial, updated.getTitle());
  }

  public static void main(String[] arguments) {
    new DgsChat(System.getenv("SEGUE_URL")).run();
  }
}
