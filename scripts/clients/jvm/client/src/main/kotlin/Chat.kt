import com.apollographql.apollo.ApolloClient
import com.apollographql.apollo.api.Optional
import com.apollographql.apollo.network.websocket.GraphQLWsProtocol
import com.apollographql.apollo.network.websocket.WebSocketNetworkTransport
import kotlinx.coroutines.runBlocking
import segue.StopStreamMutation
import segue.ChatSubscription
import segue.ListConversationsQuery
import segue.PinConversationMutation
import segue.type.StreamChatInput
import segue.type.UpdateConversationInput

/** An answer: the id of its stream, what was received of it, and what the server saved. */
class Answer {
  var streamId = ""
  var received = ""
  var saved = ""

  /** Replaces the text from `offset` on, in UTF-16 code units, as Kotlin counts. What is behind the new text stays. */
  fun applyDelta(offset: Int, text: String) {
    received = received.take(offset) + text + received.drop(offset + text.length)
  }
}

suspend fun cancel(client: ApolloClient, streamId: String): String =
  client.mutation(StopStreamMutation(streamId)).execute().dataOrThrow().cancelStream!!.outcome.rawValue

/** Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome. */
suspend fun chat(client: ApolloClient, text: String, isStopped: Boolean): Pair<Answer, String> {
  val answer = Answer()
  var outcome = ""
  client.subscription(ChatSubscription(StreamChatInput(text = text))).toFlow().collect { response ->
    val event = response.dataOrThrow().streamChat
    event.streamId?.let { answer.streamId = it }
    event.onTextDelta?.let {
      answer.applyDelta(it.offset, it.text)
      if (isStopped && outcome.isEmpty()) outcome = cancel(client, answer.streamId)
    }
    event.onStreamFinished?.let { answer.saved = it.message!!.text }
  }
  return answer to outcome
}

fun quote(text: String?): String = if (text == null) "null" else "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\""

fun main() = runBlocking {
  val url = System.getenv("SEGUE_URL")
  val socket = WebSocketNetworkTransport.Builder()
    .serverUrl(url.replaceFirst("http", "ws"))
    .wsProtocol(GraphQLWsProtocol())
    .build()
  val client = ApolloClient.Builder().serverUrl(url).subscriptionNetworkTransport(socket).build()

  val conversations = client.query(ListConversationsQuery()).execute().dataOrThrow().conversations
  val (whole) = chat(client, "Hello", isStopped = false)
  val (partial, outcome) = chat(client, "Who are you? Tell me all about yourself.", isStopped = true)

  // Null keeps the value, as does what is absent.
  val garden = conversations.edges.map { it.node }.first { it.title == "Garden" }
  val input = UpdateConversationInput(pinned = Optional.present(true), title = Optional.present(null))
  val updated = client.mutation(PinConversationMutation(garden.id, input)).execute().dataOrThrow()

  val titles = conversations.edges.mapNotNull { it.node.title }.joinToString(",", "[", "]") { quote(it) }
  println(
    """{"titles":$titles,"whole":[${quote(whole.received)},${quote(whole.saved)}],"outcome":${quote(outcome)},""" +
      """"partial":[${quote(partial.received)},${quote(partial.saved)}],"title":${quote(updated.updateConversation!!.title)}}""",
  )
  client.close()
}
