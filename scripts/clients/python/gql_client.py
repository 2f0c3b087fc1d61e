"""Lists, chats and cancels with gql."""

import asyncio
from pathlib import Path

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import build_schema

from answer import SOCKET_URL, URL, Answer, report

SCHEMA = build_schema(Path("schema.graphql").read_text())
# One document for each operation: the client checks each against the schema before it sends it.
LIST, CHAT, CANCEL, UPDATE = (
    gql(operation) for operation in Path("chat.graphql").read_text().split("\n\n")
)


async def chat(http, socket, text: str, is_stopped: bool) -> tuple[Answer, str]:
    """Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome."""
    answer, outcome = Answer(), ""
    request = GraphQLRequest(CHAT, variable_values={"input": {"text": text, "sessionId": None}})
    async for result in socket.subscribe(request):
        event = result["streamChat"]
        match event["__typename"]:
            case "StreamStarted":
                answer.stream_id = event["streamId"]
            case "TextDelta":
                answer.apply_delta(event["offset"], event["text"])
                if is_stopped and not outcome:
                    request = GraphQLRequest(CANCEL, variable_values={"streamId": answer.stream_id})
                    outcome = (await http.execute(request))["cancelStream"]["outcome"]
            case "StreamFinished":
                answer.saved = event["message"]["text"]
    return answer, outcome


async def main() -> None:
    async with (
        Client(transport=AIOHTTPTransport(url=URL), schema=SCHEMA) as http,
        Client(transport=WebsocketsTransport(url=SOCKET_URL), schema=SCHEMA) as socket,
    ):
        conversations = [edge["node"] for edge in (await http.execute(LIST))["conversations"]["edges"]]
        whole, _ = await chat(http, socket, "Hello", is_stopped=False)
        partial, outcome = await chat(http, socket, "Who are you? Tell me all about yourself.", is_stopped=True)

        # Null keeps the value.
        garden = next(node for node in conversations if node["title"] == "Garden")
        variables = {"id": garden["id"], "input": {"pinned": True, "title": None}}
        updated = await http.execute(GraphQLRequest(UPDATE, variable_values=variables))

    titles = [node["title"] for node in conversations]
    report(titles, whole, outcome, partial, updated["updateConversation"]["title"])


asyncio.run(main())
