"""The real gateway with its API server, and a chat platform that is driven over HTTP: POST / {chat, text} → {reply}."""

import asyncio
import os
import sys

import cron.scheduler
from aiohttp import web
from gateway.config import HomeChannel, Platform, PlatformConfig, load_gateway_config
from gateway.platform_registry import PlatformEntry, platform_registry
from gateway.platforms.base import BasePlatformAdapter, MessageEvent, SendResult
from gateway.run import start_gateway
from gateway.session import SessionSource


class ScriptedChat(BasePlatformAdapter):
    def __init__(self, config):
        super().__init__(config, Platform.TELEGRAM)
        self.server = None

    async def connect(self, *, is_reconnect=False):
        app = web.Application()
        app.router.add_post("/", self.receive)
        self.server = web.AppRunner(app)
        await self.server.setup()
        await web.TCPSite(self.server, "127.0.0.1", int(os.environ["CHAT_PORT"])).start()
        return True

    async def disconnect(self):
        if self.server:
            await self.server.cleanup()

    async def send(self, chat_id, content, reply_to=None, metadata=None):
        return SendResult(success=True, message_id="1")

    async def get_chat_info(self, chat_id):
        return {"name": chat_id, "type": "dm"}

    async def receive(self, request):
        body = await request.json()
        source = SessionSource(
            platform=Platform.TELEGRAM,
            chat_id=body["chat"],
            chat_name=body["chat"],
            chat_type=body.get("type", "dm"),
            user_id=body.get("user", body["chat"]),
            user_name=body.get("name", "Anna"),
        )
        if body.get("observed"):
            return await self.observe(source, body["text"])
        event = MessageEvent(text=body["text"], source=source, message_id=body.get("id"))
        return web.json_response({"reply": str(await self._message_handler(event))})

    async def observe(self, source, text):
        """Keeps a message that was not addressed to the agent, as the platforms' adapters do."""
        store = self.gateway_runner.session_store
        session = store.get_or_create_session(source)
        message = {"role": "user", "content": f"[{source.user_name}] {text}", "observed": True}
        store.append_to_transcript(session.session_id, message)
        return web.json_response({"reply": ""})


platform_registry.register(
    PlatformEntry(name="telegram", label="Scripted", adapter_factory=ScriptedChat, check_fn=lambda: True)
)
# The scheduled runs are those of cron_scenes.py.
cron.scheduler.tick = lambda *_, **__: 0
config = load_gateway_config()
config.platforms[Platform.TELEGRAM] = PlatformConfig(
    enabled=True, token="none", home_channel=HomeChannel(Platform.TELEGRAM, "home", "Home")
)
sys.exit(0 if asyncio.run(start_gateway(config)) else 1)
