"""A daemon to be killed: starts a worker on the job named by the argument, prints the process ids, and waits."""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path

from backbeat.pipeline.request import Request
from backbeat.service.worker_messages import Hello, Message, Progress, Written
from backbeat.service.worker_process import WORKER_COMMAND, WorkerProcess
from backbeat.settings import Settings

if __name__ == "__main__":
    path = Path(f"/bounces/{sys.argv[1]}.wav")
    messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
    worker = WorkerProcess(messages.put, hello=Hello(), command=(*WORKER_COMMAND, "--runner", "worker_test_runner:make_runner"))
    worker.start()
    worker.submit("job1", Request(path=path, fingerprint="f", out_base=path.with_suffix(".drums"), settings=Settings()))
    while not isinstance(message := messages.get(), Progress | Written):
        pass
    print(worker.pid, message.path if isinstance(message, Written) else "", flush=True)
    threading.Event().wait()
