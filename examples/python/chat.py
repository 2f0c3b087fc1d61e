"""A chat with gql: see README.md."""

import asyncio
import json
import os
import sys
import uuid
from pathlib import Path

from gql import Client, GraphQLRequest, gql
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("SEGUE_URL", "http://127.0.0.1:4000/graphql").replace("http", "ws", 1)
# How far the newest answer was received: streamId, seq, sessionId, and how much of each part was printed.
STATE = Path(os.environ.get("SEGUE_CHAT_STATE", ".chat-state"))

EVENT = "__typename seq streamId sessionId ... on TextDelta { partIndex offset text }"
CHAT = gql(f"subscription ($input: StreamChatInput!) {{ event: streamChat(input: $input) {{ {EVENT} }} }}")
FOLLOW = gql(f"subscription ($id: ID!, $after: Int) {{ event: followStream(streamId: $id, after: $after) {{ {EVENT} }} }}")
STOP = gql("mutation ($id: ID!) { cancelStream(streamId: $id) { outcome message { text } } }")
CHANGES = gql("subscription { change: conversationsChanged { kind conversation { title tip { id } } } }")
LIST = gql("{ conversations(first: 20) { edges { node { title tip { id } } } } }")


def read_state() -> dict:
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def write_state(state: dict) -> None:
    """Replaces the file whole: another command may read it."""
    new = STATE.with_name(f"{STATE.name}.new")
    new.write_text(json.dumps(state))
    new.replace(STATE)


async def print_answer(session, document, variables: dict, printed: dict) -> None:
    """Prints the text of an answer as it arrives. `printed` has how much of each part was, in UTF-16 code units."""
    async for result in session.subscribe(GraphQLRequest(document, variable_values=variables)):
        event = result["event"]
        if "text" in event:
            # After a cursor, an event may come with text that was received before.
            part, units = str(event["partIndex"]), event["text"].encode("utf-16-le")
            known = max(0, printed.get(part, 0) - event["offset"])
            print(units[2 * known :].decode("utf-16-le"), end="", flush=True)
            printed[part] = max(printed.get(part, 0), event["offset"] + len(units) // 2)
        write_state({key: event[key] for key in ("streamId", "seq", "sessionId")} | {"printed": printed})
    print()


async def send(session, text: str) -> None:
    """Goes on in the session of the last answer."""
    # gql counts its operations 1, 2, 3: the key makes a message that is sent again the same one.
    chat_input = {"text": text, "sessionId": read_state().get("sessionId"), "key": str(uuid.uuid4())}
    await print_answer(session, CHAT, {"input": chat_input}, {})


async def resume(session) -> None:
    state = read_state()
    await print_answer(session, FOLLOW, {"id": state["streamId"], "after": state["seq"]}, state["printed"])


async def stop(session) -> None:
    request = GraphQLRequest(STOP, variable_values={"id": read_state()["streamId"]})
    cancelled = (await session.execute(request))["cancelStream"]
    print(f"{cancelled['outcome']}: {(cancelled['message'] or {}).get('text', '')}")


async def list_conversations(session) -> None:
    """READY comes first: the list is read after the subscription has begun, so nothing is missed in between."""
    async for result in session.subscribe(CHANGES):
        conversation = result["change"]["conversation"]
        if result["change"]["kind"] == "READY":
            edges = (await session.execute(LIST))["conversations"]["edges"]
            rows = [edge["node"] for edge in edges]
        else:
            rows = [conversation] if conversation else []
        for row in rows:
            print(f"{row['tip']['id']}  {row['title'] or 'Untitled'}", flush=True)


COMMANDS = {"send": send, "resume": resume, "stop": stop, "list": list_conversations}


async def main(name: str = "", *arguments: str) -> None:
    if name not in COMMANDS:
        sys.exit("Usage: chat.py list | send TEXT | resume | stop")
    async with Client(transport=WebsocketsTransport(url=URL)) as session:
        await COMMANDS[name](session, *arguments)


try:
    asyncio.run(main(*sys.argv[1:]))
except KeyboardInterrupt:
    print()
