"""Lists, chats and cancels with the client that ariadne-codegen generates."""

import asyncio

from answer import SOCKET_URL, URL, Answer, report
from segue_client import Client
from segue_client.chat import ChatStreamChatStreamFinished, ChatStreamChatTextDelta
from segue_client.exceptions import GraphQLClientError
from segue_client.input_types import StreamChatInput, UpdateConversationInput


async def chat(client: Client, text: str, is_stopped: bool) -> tuple[Answer, str]:
    """Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome."""
    answer, outcome = Answer(), ""
    async for result in client.chat(StreamChatInput(text=text)):
        event = result.stream_chat
        answer.stream_id = event.stream_id or answer.stream_id
        if isinstance(event, ChatStreamChatTextDelta):
            answer.apply_delta(event.offset, event.text)
            if is_stopped and not outcome:
                outcome = (await client.stop_stream(answer.stream_id)).cancel_stream.outcome.value
        elif isinstance(event, ChatStreamChatStreamFinished) and event.message:
            answer.saved = event.message.text
    return answer, outcome


async def read_refusal(client: Client) -> str:
    """What the server says when it refuses a mutation."""
    try:
        await client.stop_stream("str_unknown")
    except GraphQLClientError as error:
        return str(error)
    return ""


async def main() -> None:
    async with Client(url=URL, ws_url=SOCKET_URL) as client:
        conversations = [edge.node for edge in (await client.list_conversations()).conversations.edges]
        whole, _ = await chat(client, "Hello", is_stopped=False)
        partial, outcome = await chat(client, "Who are you? Tell me all about yourself.", is_stopped=True)

        # What is not set is sent as null, and keeps its value.
        garden = next(node for node in conversations if node.title == "Garden")
        updated = await client.pin_conversation(garden.id, UpdateConversationInput(pinned=True, title=None))
        assert "str_unknown" in await read_refusal(client)

        # The errors of a subscription are dropped: a refused one ends at once.
        refused = client.chat(StreamChatInput(text="Hello", session_id="ses_unknown"))
        assert [result async for result in refused] == []

    titles = [node.title for node in conversations if node.title]
    report(titles, whole, outcome, partial, updated.update_conversation.title)


asyncio.run(main())
