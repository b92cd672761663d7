"""FastAPI with sse-starlette: what is posted to /publish/CHANNEL reaches everybody at /events/CHANNEL."""

import asyncio
import sys
from collections import defaultdict

import uvicorn
from fastapi import FastAPI, Request
from sse_starlette.sse import EventSourceResponse

app = FastAPI()
subscribers: defaultdict[str, set[asyncio.Queue]] = defaultdict(set)


@app.get("/events/{channel}")
async def events(channel: str):
    queue = asyncio.Queue()
    subscribers[channel].add(queue)

    async def messages():
        try:
            while True:
                yield {"data": await queue.get()}
        finally:
            subscribers[channel].discard(queue)

    return EventSourceResponse(messages(), ping=15)


@app.post("/publish/{channel}", status_code=204)
async def publish(channel: str, request: Request):
    message = (await request.body()).decode()
    for queue in subscribers[channel]:
        queue.put_nowait(message)


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
