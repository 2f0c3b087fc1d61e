"""Has a real hermes-agent write a home in FOLDER/home, and writes down in FOLDER/*.json what a reader of it has to show.

Run it with the Python of an environment in which hermes-agent 0.19.0 is installed: python write_home.py FOLDER [--at-once]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from provider import Provider

CONFIG = """\
model:
  provider: custom
  default: scripted
  base_url: {url}
  api_key: none
  context_length: 65536
compression:
  target_ratio: 0.1
group_sessions_per_user: false
approvals:
  destructive_slash_confirm: false
agent:
  max_turns: 5
  api_max_retries: 1
timezone: Asia/Kolkata
platform_toolsets:
  cli: [todo]
  api_server: [todo]
  telegram: [todo]
  cron: [todo]
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at-once", action="store_true", help="all scenes at the same time")
    parser.add_argument("--scenes", default="cli,gateway,cron")
    options = parser.parse_args()
    home = options.folder.absolute() / "home"
    home.mkdir(parents=True, exist_ok=True)
    provider = Provider()
    (home / "config.yaml").write_text(CONFIG.format(url=provider.url), encoding="utf-8")
    environment = {
        **os.environ,
        "HOME": str(options.folder.absolute()),
        "HERMES_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PROVIDER_URL": provider.url,
        "API_SERVER_KEY": "a-key-for-this-home-alone",
        "GATEWAY_ALLOW_ALL_USERS": "true",
        "HERMES_YOLO_MODE": "1",
    }
    here = Path(__file__).parent
    failed = 0
    running = []
    for name in options.scenes.split(","):
        command = [sys.executable, here / f"{name}_scenes.py", options.folder.absolute()]
        running.append(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL))
        if not options.at_once:
            failed += running.pop().wait() != 0
    failed += sum(scene.wait() != 0 for scene in running)
    (options.folder / "written").touch()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
