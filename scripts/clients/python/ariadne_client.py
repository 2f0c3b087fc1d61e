"""Lists, chats and cancels with the client that ariadne-codegen generates."""

import asyncio

from answer import SOCKET_URL, URL, Answer, report
from segue_client import Client
from segue_client.chat import ChatStreamChatStreamFinished, ChatStreamChatTextDelta
from segue_client.exceptions import GraphQLClientError
from segue_client.input_types import StreamChatInput, UpdateSessionInput


async def chat(client: Client, text: str, is_stopped: bool) -> tuple[Answer, str]:
    """Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome."""
    answer, outcome = Answer(), ""
    async for result in client.chat(StreamChatInput(text=text)):
        event = result.stream_chat
        answer.stream_id, answer.session_id = event.stream_id or answer.stream_id, event.session_id
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
        conversations = (await client.list_conversations()).conversations
        whole, _ = await chat(client, "Hello", is_stopped=False)
        partial, outcome = await chat(client, "Who are you? Tell me all about yourself.", is_stopped=True)

        # What is not set is sent as null, and keeps its value.
        updated = await client.pin_session(whole.session_id, UpdateSessionInput(pinned=True, title=None))
        assert "str_unknown" in await read_refusal(client)

    titles = [edge.node.title for edge in conversations.edges if edge.node.title]
    report(titles, whole, outcome, partial, updated.update_session.title)


asyncio.run(main())
