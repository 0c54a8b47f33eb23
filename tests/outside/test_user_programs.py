"""Programs of the user that run beside everything else: their errors, their end, and what no error quotes."""

import asyncio
import os
import time

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.outside.user_programs import output, run


def shell(script):
    """The command that runs a script."""
    return ["/bin/sh", "-c", script]


def test_the_output_is_returned():
    """With the variables that are added to ours."""
    assert asyncio.run(output(shell("echo $ADDED; echo two"), {"ADDED": "one"})) == "one\ntwo"


def test_a_failure_says_what_the_program_said(tmp_path):
    """From its own error on, without logins."""
    path = tmp_path / "script"
    path.write_text("echo warning; echo 'Error: cannot reach https://me:s3cr3t@host'; exit 1", encoding="utf-8")

    with pytest.raises(NatsvaluesError) as caught:
        asyncio.run(output(["/bin/sh", str(path)]))

    assert caught.value.code == "NV-R038"
    assert "cannot reach https://" in caught.value.message
    assert "warning" not in caught.value.message
    assert "s3cr3t" not in str(caught.value)


def test_a_program_that_does_not_end_is_ended():
    """With all that it started."""
    begun = time.monotonic()

    with pytest.raises(NatsvaluesError, match=r"no end within 0\.5 s"):
        asyncio.run(run(shell("sleep 60 & wait"), seconds=0.5))

    assert time.monotonic() - begun < 10


def test_a_cancelled_program_may_end_by_itself(tmp_path):
    """As a helm that has begun to change a release: it is not killed in the middle."""
    path = tmp_path / "ended"

    async def interrupted():
        task = asyncio.create_task(run(shell(f"sleep 1; touch {path}")))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(interrupted())
    assert os.path.exists(path)
