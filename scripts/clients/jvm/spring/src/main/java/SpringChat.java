import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.graphql.client.GraphQlClient;
import org.springframework.graphql.client.HttpGraphQlClient;
import org.springframework.graphql.client.WebSocketGraphQlClient;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.socket.client.ReactorNettyWebSocketClient;

/** Lists, chats and cancels with spring-graphql: queries and mutations over HTTP, subscriptions over WebSocket. */
public class SpringChat {
  private final String document = Files.readString(Path.of("chat.graphql"));
  private final GraphQlClient http;
  private final WebSocketGraphQlClient socket;

  record Conversation(String id, String title) {}

  record Edge(Conversation node) {}

  record Edges(List<Edge> edges) {}

  record Message(String text) {}

  /** An event. Fields that its type does not have are null. */
  record ChatEvent(String __typename, String streamId, Integer offset, String text, Message message) {}

  record Cancellation(String outcome) {}

  SpringChat(String url) throws IOException {
    http = HttpGraphQlClient.create(WebClient.create(url));
    var socketUrl = URI.create(url.replaceFirst("http", "ws"));
    socket = WebSocketGraphQlClient.create(socketUrl, new ReactorNettyWebSocketClient());
  }

  private GraphQlClient.RequestSpec prepare(GraphQlClient client, String operation, Map<String, Object> variables) {
    return client.document(document).operationName(operation).variables(variables);
  }

  private <T> T send(String operation, Map<String, Object> variables, String field, Class<T> type) {
    return prepare(http, operation, variables).retrieve(field).toEntity(type).block();
  }

  /** Reads an answer to its end. If it is to be stopped, cancels it after its first words. */
  private Answer chat(String text, boolean isStopped) {
    var answer = new Answer();
    // The client counts its operations 1, 2, 3: its ids are no keys.
    var input = Map.of("text", text, "key", UUID.randomUUID().toString());
    var events = prepare(socket, "Chat", Map.of("input", input)).retrieveSubscription("streamChat").toEntity(ChatEvent.class);
    for (var event : events.toIterable()) {
      switch (event.__typename()) {
        case "TextDelta" -> {
          answer.applyDelta(event.offset(), event.text());
          if (isStopped && answer.outcome.isEmpty()) answer.outcome = cancel(event.streamId());
        }
        case "StreamFinished" -> answer.saved = event.message().text();
      }
    }
    return answer;
  }

  private String cancel(String streamId) {
    return send("StopStream", Map.of("streamId", streamId), "cancelStream", Cancellation.class).outcome();
  }

  void run() {
    var edges = send("ListConversations", Map.of(), "conversations", Edges.class).edges();
    var conversations = edges.stream().map(Edge::node).toList();
    var whole = chat("Hello", false);
    var partial = chat("Who are you? Tell me all about yourself.", true);

    // Null keeps the value.
    var garden = conversations.stream().filter(node -> "Garden".equals(node.title())).findFirst().orElseThrow();
    var input = new HashMap<String, Object>();
    input.put("pinned", true);
    input.put("title", null);
    var updated = send("PinConversation", Map.of("id", garden.id(), "input", input), "updateConversation", Conversation.class);

    socket.stop().block();
    Report.print(conversations.stream().map(Conversation::title).toList(), whole, partial, updated.title());
  }

  public static void main(String[] arguments) throws IOException {
    new SpringChat(System.getenv("SEGUE_URL")).run();
  }
}
