"""Scheduled runs: of agents and scripts, that work, fail and stay silent, of removed jobs, and of a killed scheduler."""

import os
import signal
import subprocess
import sys
import time

from cron.executions import recover_interrupted_executions
from cron.jobs import claim_dispatch, create_job, get_job, remove_job, save_job_output, trigger_job
from cron.scheduler import run_job, run_one_job, tick
from provider import compose_answer
from scene import Scene, query, show

ROUNDS = 9
EMPTY = "Agent completed but produced empty response"
scene = Scene("cron")


def add(name, schedule="every 2h", markers="", **options):
    prompt = scene.next_text(markers)
    return create_job(prompt, schedule, name=name, deliver="local", enabled_toolsets=["todo"], **options), prompt


def add_script(name, text):
    folder = scene.home / "scripts"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sh").write_text(text, encoding="utf-8")
    return create_job(None, "every 1h", name=name, deliver="local", script=f"{name}.sh", no_agent=True)


def add_jobs():
    """Each with what is to be seen of its runs."""
    for name, schedule, markers in (
        ("Daily", "0 9 * * *", ""),
        ("With tools", "every 3h", "[tools:1]"),
        ("Twice", "every 2h", ""),
        ("Once", "1h", ""),
        ("Nothing new", "every 2h", "[silent]"),
    ):
        repeat = {"repeat": 2} if name == "Twice" else {}
        job, prompt = add(name, schedule, markers, **repeat)
        yield job, {"status": "OK", "output": compose_answer(prompt), "with_session": True}
    job, _ = add("Refused", markers="[fail]")
    yield job, {"status": "ERROR", "error": "The script says no.", "with_session": True}
    job, _ = add("Empty", markers="[empty]")
    yield job, {"status": "ERROR", "error": EMPTY, "with_session": True}
    yield add_script("disk", "echo plenty of room"), {"status": "OK", "output": "plenty of room"}
    yield add_script("quiet", "true"), {"status": "OK"}
    yield add_script("broken", "echo no room; exit 3"), {"status": "ERROR", "error": "no room"}


def rounds():
    jobs = list(add_jobs())
    for _ in range(ROUNDS):
        present = [(job, outcome) for job, outcome in jobs if get_job(job["id"])]
        for job, _ in present:
            trigger_job(job["id"])
        tick(verbose=False)
        for job, outcome in present:
            scene.ledger.run(job["id"], **outcome)
        # Hermes names an output file after the second: a second run in it would replace the first one's.
        time.sleep(1)


def removed():
    """Its output goes with it; its sessions and executions stay."""
    job, _ = add("Given up")
    for _ in range(3):
        trigger_job(job["id"])
        tick(verbose=False)
        scene.ledger.run(job["id"], "OK", with_session=True)
        # A second run in the same second would continue the first one's session, which is named after it.
        time.sleep(1)
    remove_job(job["id"])


def rejected():
    """A job with one run, whose scheduler claimed it and then crashed."""
    job, _ = add("Once only", "1h")
    claim_dispatch(job["id"])
    run_one_job(job)
    scene.ledger.run(job["id"], "ERROR", error="Dispatch claim rejected")


def before_the_ledger():
    """As versions without executions.db ran a job."""
    job, prompt = add("Long ago")
    for _ in range(2):
        save_job_output(job["id"], run_job(job)[1])
        scene.ledger.run(job["id"], "OK", output=compose_answer(prompt), with_session=True)
        time.sleep(1)


def count_sessions(job_id):
    return query("SELECT COUNT(*) FROM sessions WHERE id LIKE ?", f"cron_{job_id}_%")[0][0]


def killed():
    """One run that the next scheduler finds, and one that none has found yet."""
    job, _ = add("Killed", markers="[slow:100]")
    for is_found in (True, False):
        trigger_job(job["id"])
        script = "from cron.scheduler import tick; tick(verbose=False)"
        scheduler = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        count = len(scene.ledger.runs.get(job["id"], [])) + 1
        while count_sessions(job["id"]) < count:
            time.sleep(0.1)
        os.kill(scheduler.pid, signal.SIGKILL)
        scheduler.wait()
        error = "Scheduler restarted" if is_found else None
        scene.ledger.run(job["id"], "INTERRUPTED", error=error, with_session=True)
        if is_found and recover_interrupted_executions() != 1:
            show(f"run {count} was not found to be interrupted")


if __name__ == "__main__":
    started = time.monotonic()
    rounds()
    removed()
    rejected()
    before_the_ledger()
    killed()
    show(f"cron: {sum(map(len, scene.ledger.runs.values()))} runs, {time.monotonic() - started:.0f} s")
